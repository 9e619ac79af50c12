/** @file Cases for rules/reduce.ts. */
import { int } from "../../../src/onnx/graph.ts";
import { awayFromZero, distinct, type GradientCase, shapeOf } from "./case.ts";

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
      inputs: { x: /Max|Min/.test(op) ? distinct(random, shape) : awayFromZero(random, shape) },
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
      inputs: { x: /Max|Min/.test(op) ? distinct(random, shape) : awayFromZero(random, shape) },
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
].flatMap((op) => [reduction(op), overAll(op)]);
