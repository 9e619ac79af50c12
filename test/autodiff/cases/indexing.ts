/** @file Cases for rules/indexing.ts. */
import { int } from "../../../src/onnx/graph.ts";
import { int64, sizeOf, type Tensor } from "../../../src/onnx/tensor.ts";
import type { Random } from "../../../src/random/random.ts";
import { type GradientCase, normals, pick, shapeOf } from "./case.ts";

/** Indices into an axis, of either sign, repeats likely. */
function indices(random: Random, shape: readonly number[], extent: number): Tensor {
  return int64(
    Array.from({ length: sizeOf(shape) }, () => random.below(2 * extent) - extent),
    shape,
  );
}

export const indexingCases: readonly GradientCase[] = [
  {
    op: "Gather",
    name: "along any axis with runtime indices of either sign, repeated, of any rank",
    draw: (random) => {
      const shape = shapeOf(random, 1, 3);
      const axis = random.below(shape.length);
      const signed = random.uniform() < 0.5 ? axis : axis - shape.length;
      return {
        inputs: { x: normals(random, shape), i: indices(random, shapeOf(random, 0, 2), shape[axis]!) },
        build: (g) => [g.op("Gather", ["x", "i"], { axis: int(signed) })],
      };
    },
  },
  {
    op: "Gather",
    name: "with constant indices: one, a run, and repeats",
    draw: (random) => {
      const axis = random.below(2);
      const chosen = pick(random, [
        int64([-1], []),
        int64([1, 2]),
        int64([0, 0, 2]),
        int64([2], [1, 1]),
        int64([2, 1, 0]),
      ]);
      return {
        inputs: { x: normals(random, [3, 3]) },
        build: (g) => [g.op("Gather", ["x", g.constant(chosen)], { axis: int(axis) })],
      };
    },
  },
  {
    op: "Gather",
    name: "with int32 indices",
    draw: (random) => ({
      inputs: { x: normals(random, [3, 2]), i: { dtype: "int32", shape: [4], data: Int32Array.of(0, 2, 2, -1) } },
      build: (g) => [g.op("Gather", ["x", "i"])],
    }),
  },
  {
    op: "GatherElements",
    name: "along any axis, repeated indices add up",
    draw: (random) => {
      const shape = shapeOf(random, 1, 3);
      const axis = random.below(shape.length);
      const picked = shape.with(axis, 1 + random.below(5));
      return {
        inputs: { x: normals(random, shape), i: indices(random, picked, shape[axis]!) },
        build: (g) => [g.op("GatherElements", ["x", "i"], { axis: int(axis) })],
      };
    },
  },
];
