/** @file Operators that work on entries: their axes meet from the last on, and the axis of graphs stays first. */
import type { ReplicateContext, ReplicateRule } from "../rule.ts";

/** One input, or several whose further ones are shared. */
const unary: ReplicateRule = (c) => {
  c.node.inputs.forEach((_, i) => {
    if (i > 0 && c.isStacked(i)) throw c.fail(`expected input ${i} to be the same in each graph, got several`);
  });
  c.make(c.node.inputs);
};

/** The identity in inference form; in training each graph would need masks of its own. */
const dropout: ReplicateRule = (c) => {
  if (c.constantInts(2)?.[0]) throw c.fail("expected dropout in inference form, got it in training");
  unary(c);
};

/** Inputs that are broadcast against each other. */
const broadcast: ReplicateRule = (c) => {
  const rank = Math.max(...indices(c).map((i) => c.shape(i).length));
  c.make(indices(c).map((i) => c.aligned(i, rank)));
};

const indices = (c: ReplicateContext) => c.node.inputs.map((_, i) => i);

const all = (names: readonly string[], rule: ReplicateRule) => Object.fromEntries(names.map((name) => [name, rule]));

export const elementwiseRules: Readonly<Record<string, ReplicateRule>> = {
  ...all(["Identity", "Cast", "Neg", "Abs", "Sign", "Not", "Reciprocal", "Sqrt", "Exp", "Log", "Sin", "Cos"], unary),
  ...all(["Tanh", "Erf", "Relu", "LeakyRelu", "Elu", "Gelu", "Swish", "Sigmoid", "HardSigmoid", "Softplus"], unary),
  Dropout: dropout,
  ...all(["Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Sum", "Where"], broadcast),
  ...all(["And", "Or", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"], broadcast),
};
