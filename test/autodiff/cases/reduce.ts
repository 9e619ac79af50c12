/** @file Cases for rules/reduce.ts. */
import { int } from "../../../src/onnx/graph.ts";
import type { Random } from "../../../src/random/random.ts";
import { awayFromZero, between, distinct, type GradientCase, shapeOf } from "./case.ts";

/** Data on which the reduction is smooth. A product is linear in each entry; up to two of them are 0 here. */
function dataFor(random: Random, op: string, shape: readonly number[]) {
  if (/Max|Min/.test(op)) return { inputs: { x: distinct(random, shape) } };
  if (op === "ReduceLogSum") return { inputs: { x: between(random, shape, 0.2, 2) } };
  const x = awayFromZero(random, shape);
  if (op !== "ReduceProd") return { inputs: { x } };
  const data = x.data as Float64Array;
  for (let zeros = random.below(3); zeros > 0; zeros--) data[random.below(data.length)] = 0;
  return { inputs: { x }, linear: true };
}

const reduction = (op: string): GradientCase => ({
  op,
  name: "over some axes of either sign, with and without keepdims",
  draw: (random) => {
    const shape = shapeOf(random, 1, 4);
    const chosen = shape.map((_, axis) => axis).filter(() => random.uniform() < 0.5);
    const axes = (chosen.length > 0 ? chosen : [0]).map((axis) =>
      random.uniform() < 0.5 ? axis - shape.length : axis,
    );
    const keepdims = random.below(2);
    return {
      ...dataFor(random, op, shape),
      build: (g) => [g.op(op, ["x", g.ints(axes)], { keepdims: int(keepdims) })],
    };
  },
});

const overAll = (op: string): GradientCase => ({
  op,
  name: "over all axes by default, or over none with noop_with_empty_axes",
  draw: (random) => {
    const shape = shapeOf(random, 0, 3);
    const form = random.below(/Sum$|Mean|Max|Min/.test(op) ? 4 : 3);
    return {
      ...dataFor(random, op, shape),
      build: (g) => {
        if (form === 0) return [g.op(op, ["x"])];
        if (form === 1) return [g.op(op, ["x"], { keepdims: int(0) })];
        if (form === 2) return [g.op(op, ["x", g.ints([])])];
        return [g.op(op, ["x"], { noop_with_empty_axes: int(1) })];
      },
    };
  },
});

export const reduceCases: readonly GradientCase[] = [
  "ReduceSum",
  "ReduceMean",
  "ReduceMax",
  "ReduceMin",
  "ReduceSumSquare",
  "ReduceL2",
  "ReduceLogSumExp",
  "ReduceL1",
  "ReduceLogSum",
  "ReduceProd",
].flatMap((op) => [reduction(op), overAll(op)]);
