/** @file Cases for rules/shape.ts. */
import { int } from "../../../src/onnx/graph.ts";
import { sizeOf } from "../../../src/onnx/tensor.ts";
import type { Random } from "../../../src/random/random.ts";
import { broadcastable, type GradientCase, normals, pick, shapeOf } from "./case.ts";

const signed = (random: Random, axis: number, rank: number) => (random.uniform() < 0.5 ? axis : axis - rank);

export const shapeCases: readonly GradientCase[] = [
  {
    op: "Reshape",
    name: "to a list, with 0 (copy) and -1 (rest)",
    draw: (random) => {
      const shape = shapeOf(random, 1, 3);
      const target = pick(random, [[-1], [0, -1], [1, sizeOf(shape), 1], [...shape].reverse()]);
      return { inputs: { x: normals(random, shape) }, build: (g) => [g.op("Reshape", ["x", g.ints(target)])] };
    },
  },
  {
    op: "Flatten",
    name: "at any axis",
    draw: (random) => {
      const shape = shapeOf(random, 1, 4);
      const axis = random.below(2 * shape.length + 1) - shape.length;
      const attributes = random.uniform() < 0.2 ? {} : { axis: int(axis) };
      return { inputs: { x: normals(random, shape) }, build: (g) => [g.op("Flatten", ["x"], attributes)] };
    },
  },
  {
    op: "Transpose",
    name: "with any permutation, and reversed by default",
    draw: (random) => {
      const shape = shapeOf(random, 0, 4);
      const perm = Array.from(random.permutation(shape.length));
      const attributes = random.uniform() < 0.3 ? {} : { perm: { ints: perm } };
      return { inputs: { x: normals(random, shape) }, build: (g) => [g.op("Transpose", ["x"], attributes)] };
    },
  },
  {
    op: "Squeeze",
    name: "of given axes and of all",
    draw: (random) => {
      const form = pick(random, [["x"], ["x", [1]], ["x", [-1, 1]]] as const);
      return {
        inputs: { x: normals(random, [2, 1, 3, 1]) },
        build: (g) => [
          g.op(
            "Squeeze",
            form.map((part) => (typeof part === "string" ? part : g.ints(part))),
          ),
        ],
      };
    },
  },
  {
    op: "Unsqueeze",
    name: "at axes of either sign",
    draw: (random) => {
      const axes = pick(random, [[0], [-1], [0, 2], [-1, 1]]);
      return {
        inputs: { x: normals(random, shapeOf(random, 1, 2)) },
        build: (g) => [g.op("Unsqueeze", ["x", g.ints(axes)])],
      };
    },
  },
  {
    op: "Expand",
    name: "in both directions, from a scalar too",
    draw: (random) => {
      const target = shapeOf(random, 0, 3);
      return {
        inputs: { x: normals(random, broadcastable(random, target)) },
        build: (g) => [g.op("Expand", ["x", g.ints(target)])],
      };
    },
  },
  {
    op: "Tile",
    name: "with repeats per axis",
    draw: (random) => {
      const shape = shapeOf(random, 1, 3);
      const repeats = shape.map(() => 1 + random.below(3));
      return { inputs: { x: normals(random, shape) }, build: (g) => [g.op("Tile", ["x", g.ints(repeats)])] };
    },
  },
  {
    op: "Concat",
    name: "of one to three parts, along any axis",
    draw: (random) => {
      const shape = shapeOf(random, 1, 3);
      const axis = random.below(shape.length);
      const names = ["a", "b", "c"].slice(0, 1 + random.below(3));
      const part = () => shape.with(axis, 1 + random.below(3));
      const attribute = int(signed(random, axis, shape.length));
      return {
        inputs: Object.fromEntries(names.map((name) => [name, normals(random, part())])),
        build: (g) => [g.op("Concat", names, { axis: attribute })],
      };
    },
  },
  {
    op: "Concat",
    name: "with constant parts and one part twice",
    draw: (random) => {
      const constant = normals(random, [2, 2]);
      const order = pick(random, [
        ["k", "a", "k"],
        ["a", "k", "a"],
        ["a", "a", "k"],
      ]);
      return {
        inputs: { a: normals(random, [2, 3]) },
        build: (g, dtype) => {
          const k = g.op("Cast", [g.constant(constant)], { to: int(dtype === "float32" ? 1 : 11) });
          return [
            g.op(
              "Concat",
              order.map((name) => (name === "k" ? k : name)),
              { axis: int(-1) },
            ),
          ];
        },
      };
    },
  },
  {
    op: "Split",
    name: "into given or equal parts, some unused",
    draw: (random) => {
      const axis = random.below(2);
      const shape = [3, 3].with(axis, 5);
      const form = random.below(3);
      const used = pick(random, [[0], [1], [2], [0, 2], [0, 1, 2]]);
      const attribute = int(signed(random, axis, 2));
      return {
        inputs: { x: normals(random, shape) },
        build: (g) => {
          const sizes = form === 0 ? [g.ints([1, 3, 1])] : [];
          // Five entries in three parts: the last one is smaller (Split-18).
          const count = form === 0 ? {} : { num_outputs: int(3) };
          const parts = g.ops("Split", ["x", ...sizes], { axis: attribute, ...count }, { outputs: 3 });
          return used.map((i) => parts[i]!);
        },
      };
    },
  },
];
