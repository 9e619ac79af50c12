/** @file Cases for rules of replication whose operators have no gradient: comparisons, conditions, branches. */
import { float } from "../../src/onnx/graph.ts";
import { GraphBuilder } from "../../src/onnx/graphBuilder.ts";
import type { Random } from "../../src/random/random.ts";
import { broadcastPair, type GradientCase, normals, shapeOf } from "../autodiff/cases/case.ts";

/** TensorProto.DataType. */
const FLOAT32 = { int: 1 };

const asFloat = (g: GraphBuilder, name: string) => g.op("Cast", [name], { to: FLOAT32 });

const comparison = (op: string): GradientCase => ({
  op,
  name: "of values that broadcast",
  draw: (random) => {
    const [a, b] = broadcastPair(random);
    return {
      inputs: { a: normals(random, a), b: normals(random, b) },
      build: (g) => [asFloat(g, g.op(op, ["a", "b"]))],
    };
  },
});

const condition = (op: string): GradientCase => ({
  op,
  name: "of conditions that broadcast",
  draw: (random) => {
    const [a, b] = broadcastPair(random);
    const isPositive = (g: GraphBuilder, name: string) => g.op("Greater", [name, g.scalar(0)]);
    return {
      inputs: { a: normals(random, a), b: normals(random, b) },
      build: (g) => [
        asFloat(g, g.op(op, op === "Not" ? [isPositive(g, "a")] : ["a", "b"].map((x) => isPositive(g, x)))),
      ],
    };
  },
});

const ofOne = (op: string, attributes = {}): GradientCase => ({
  op,
  name: "of one value",
  draw: (random) => ({
    inputs: { x: normals(random, shapeOf(random, 0, 3)) },
    build: (g) => [g.op(op, ["x"], attributes)],
  }),
});

/** A branch that reads a value around it, and one that reads none. */
const choice = (isThen: boolean): GradientCase => ({
  op: "If",
  name: isThen ? "whose branch reads values around it" : "whose branch is constant",
  draw: (random: Random) => {
    const shape = shapeOf(random, 1, 3);
    return {
      inputs: { x: normals(random, shape), y: normals(random, shape) },
      build: (g) => {
        const reads = new GraphBuilder("reads");
        reads.output(reads.op("Mul", ["x", reads.op("Exp", ["y"])]));
        const constant = new GraphBuilder("constant");
        constant.output(constant.op("Expand", [constant.scalar(3), constant.ints(shape)]));
        const due = g.op("Greater", [g.scalar(isThen ? 1 : -1), g.scalar(0)]);
        return [g.op("If", [due], { then_branch: { graph: reads.build() }, else_branch: { graph: constant.build() } })];
      },
    };
  },
});

export const otherCases: readonly GradientCase[] = [
  ...["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"].map(comparison),
  ...["And", "Or", "Not"].map(condition),
  ofOne("Sign"),
  ofOne("HardSigmoid", { alpha: float(3e38), beta: float(0) }),
  choice(true),
  choice(false),
];
