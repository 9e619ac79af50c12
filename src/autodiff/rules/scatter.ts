/**
 * @file Gradients of operators that write entries at given indices, and of GatherND, TopK and OneHot. Sums go through
 * ScatterElements, which adds in a fixed order, never through ScatterND, which does not.
 */
import { int, stringAttribute } from "../../onnx/graph.ts";
import { sizeOf } from "../../onnx/tensor.ts";
import type { GradientRule, RuleContext } from "../rule.ts";

interface Scatter {
  /** The values at the indices. */
  readonly gather: (name: string) => string;
  /** `name` with zeros, or the given updates, written at the indices. */
  readonly write: (name: string, updates: string) => string;
}

/**
 * y = x with updates u written at indices: dX is dY with zeros there, dU is dY there. With a reduction: for add, dX is
 * all of dY; for max and min each gets dY where it equals y; for mul each gets dY times y divided by itself.
 */
function scattered(c: RuleContext, { gather, write }: Scatter): readonly (string | undefined)[] {
  const [x, u, y, dy] = [c.x(0), c.x(2), c.y(), c.dy()];
  const zero = c.scalar(0);
  const reduction = stringAttribute(c.node, "reduction", "none");
  const where = (a: string, b: string, gradient: string) => c.op("Where", [c.op("Equal", [a, b]), gradient, zero]);
  const rules: Record<string, [dX: () => string, dU: () => string]> = {
    none: [() => write(dy, c.zeros(c.shape(u))), () => gather(dy)],
    add: [() => dy, () => gather(dy)],
    mul: [() => c.op("Div", [c.mul(dy, y), x]), () => c.op("Div", [gather(c.mul(dy, y)), u])],
    max: [() => where(x, y, dy), () => where(u, gather(y), gather(dy))],
  };
  const rule = rules[reduction === "min" ? "max" : reduction];
  if (rule === undefined) throw c.fail(`expected a known reduction, got ${reduction}`);
  return [c.needs(0) ? rule[0]() : undefined, undefined, c.needs(2) ? rule[1]() : undefined];
}

const scatterElements: GradientRule = (c) => {
  const axis = { axis: int(c.int("axis", 0)) };
  return scattered(c, {
    gather: (name) => c.op("GatherElements", [name, c.x(1)], axis),
    write: (name, updates) => c.op("ScatterElements", [name, c.x(1), updates], axis),
  });
};

const scatterND: GradientRule = (c) =>
  scattered(c, {
    gather: (name) => c.op("GatherND", [name, c.x(1)]),
    write: (name, updates) => c.op("ScatterND", [name, c.x(1), updates]),
  });

/**
 * Y[j] = X[I[j]], I[j] a tuple of indices into the axes after the batch axes: dX[I[j]] += dY[j], over flattened rows of
 * X.
 */
const gatherND: GradientRule = (c) => {
  const [shape, tuples] = [c.shape(c.x()), c.shape(c.x(1))];
  const batch = c.int("batch_dims", 0);
  const depth = tuples.at(-1)!;
  const indexed = shape.slice(batch, batch + depth);
  const width = sizeOf(shape.slice(batch + depth));
  const rows = sizeOf(shape.slice(0, batch + depth));
  const count = sizeOf(tuples) / depth;
  const strides = indexed.map((_, i) => sizeOf(indexed.slice(i + 1)));
  const positive = c.op("Mod", [c.cast64(c.x(1)), c.builder.ints(indexed)]);
  let row = c.sum(c.op("Mul", [positive, c.builder.ints(strides)]), [tuples.length - 1], 0);
  row = c.reshape(row, [count]);
  if (batch > 0) {
    const perBatch = count / sizeOf(shape.slice(0, batch));
    const offsets = Array.from({ length: count }, (_, j) => Math.floor(j / perBatch) * sizeOf(indexed));
    row = c.op("Add", [row, c.builder.ints(offsets)]);
  }
  const indices = c.op("Expand", [c.reshape(row, [count, 1]), c.builder.ints([count, width])]);
  const inputs = [c.zeros([rows, width]), indices, c.reshape(c.dy(), [count, width])];
  const sum = c.op("ScatterElements", inputs, { axis: int(0), reduction: { string: "add" } });
  return [c.reshape(sum, shape), undefined];
};

/** Values and indices of the largest or smallest entries along an axis: dX is dY at the indices. */
const topK: GradientRule = (c) => {
  const axis = { axis: int(c.int("axis", -1)) };
  return [c.op("ScatterElements", [c.zeros(c.shape(c.x())), c.y(1) || indicesOf(c), c.dy()], axis), undefined];
};

/** The indices, where the node does not output them. */
function indicesOf(c: RuleContext): string {
  return c.builder.ops("TopK", c.node.inputs, c.node.attributes, { outputs: 2 })[1]!;
}

/** y is the second of two values at the index and the first elsewhere: each gets the sum of dY over its positions. */
const oneHot: GradientRule = (c) => {
  const met = c.op("OneHot", [c.x(0), c.x(1), c.vector([0, 1])], { axis: int(c.int("axis", -1)) });
  const axes = c.shape(c.y()).map((_, axis) => axis);
  const on = c.sum(c.mul(c.dy(), met), axes, 0);
  const off = c.sub(c.sum(c.dy(), axes, 0), on);
  const both = [off, on].map((name) => c.reshape(name, [1]));
  return [undefined, undefined, c.op("Concat", both, { axis: int(0) })];
};

export const scatterRules: Record<string, GradientRule> = {
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  GatherND: gatherND,
  TopK: topK,
  OneHot: oneHot,
};
