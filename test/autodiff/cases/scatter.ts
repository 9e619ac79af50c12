/** @file Cases for rules/scatter.ts. Indices do not repeat where the order of writing would matter. */
import { int } from "../../../src/onnx/graph.ts";
import { int64, sizeOf } from "../../../src/onnx/tensor.ts";
import type { Random } from "../../../src/random/random.ts";
import { awayFromZero, distinct, type GradientCase, normals, pick, shapeOf } from "./case.ts";

const signed = (random: Random, index: number, extent: number) => (random.uniform() < 0.3 ? index - extent : index);

/** Entries that differ from those of `distinct` and from each other. */
const apart = (random: Random, shape: readonly number[]) => {
  const { data, ...rest } = distinct(random, shape);
  return { ...rest, data: Float64Array.from(data as Float64Array, (value) => Math.round(value * 10) / 10 + 0.073) };
};
const rounded = (random: Random, shape: readonly number[]) => {
  const { data, ...rest } = distinct(random, shape);
  return { ...rest, data: Float64Array.from(data as Float64Array, (value) => Math.round(value * 10) / 10) };
};

const reductions = [undefined, "none", "add", "mul", "max", "min"] as const;

const scatterElements: GradientCase = {
  op: "ScatterElements",
  name: "along any axis, with every reduction",
  draw: (random) => {
    const shape = shapeOf(random, 1, 3);
    const axis = random.below(shape.length);
    const extent = shape[axis]!;
    const updates = shape.with(axis, 1 + random.below(extent));
    const reduction = pick(random, reductions);
    // A permutation per line along the axis: no index twice.
    const inner = sizeOf(shape.slice(axis + 1));
    const lines = Array.from({ length: sizeOf(shape) / extent }, () => random.permutation(extent));
    const places = Array.from({ length: sizeOf(updates) }, (_, at) => {
      const [outer, along, rest] = [Math.floor(at / (inner * updates[axis]!)), Math.floor(at / inner), at % inner];
      return signed(random, lines[outer * inner + rest]![along % updates[axis]!]!, extent);
    });
    const draw = reduction === "mul" ? awayFromZero : rounded;
    return {
      inputs: {
        x: draw(random, shape),
        i: int64(places, updates),
        u: reduction === "mul" ? draw(random, updates) : apart(random, updates),
      },
      build: (g) => {
        const given = reduction === undefined ? {} : { reduction: { string: reduction } };
        return [g.op("ScatterElements", ["x", "i", "u"], { axis: int(axis - shape.length), ...given })];
      },
    };
  },
};

const scatterND: GradientCase = {
  op: "ScatterND",
  name: "rows and entries, with every reduction",
  draw: (random) => {
    const shape = shapeOf(random, 1, 3);
    const depth = 1 + random.below(shape.length);
    const rows = sizeOf(shape.slice(0, depth));
    const count = 1 + random.below(rows);
    const tuples = [...random.permutation(rows).slice(0, count)].flatMap((row) =>
      shape.slice(0, depth).map((extent, axis) => {
        const index = Math.floor(row / sizeOf(shape.slice(axis + 1, depth))) % extent;
        return signed(random, index, extent);
      }),
    );
    const reduction = pick(random, reductions);
    const updates = [count, ...shape.slice(depth)];
    const draw = reduction === "mul" ? awayFromZero : rounded;
    return {
      inputs: {
        x: draw(random, shape),
        i: int64(tuples, [count, depth]),
        u: reduction === "mul" ? draw(random, updates) : apart(random, updates),
      },
      build: (g) => [
        g.op("ScatterND", ["x", "i", "u"], reduction === undefined ? {} : { reduction: { string: reduction } }),
      ],
    };
  },
};

const gatherND: GradientCase = {
  op: "GatherND",
  name: "rows and entries, with batch axes, repeated and negative indices",
  draw: (random) => {
    const shape = shapeOf(random, 1, 4);
    const batch = random.below(Math.min(shape.length, 3));
    const depth = 1 + random.below(shape.length - batch);
    const lead = [...shape.slice(0, batch), ...shapeOf(random, 0, 2)];
    const tuples = Array.from({ length: sizeOf(lead) }, () =>
      shape.slice(batch, batch + depth).map((extent) => signed(random, random.below(extent), extent)),
    );
    return {
      inputs: { x: normals(random, shape), i: int64(tuples.flat(), [...lead, depth]) },
      build: (g) => [g.op("GatherND", ["x", "i"], { batch_dims: int(batch) })],
    };
  },
};

const topK: GradientCase = {
  op: "TopK",
  name: "largest and smallest along any axis",
  draw: (random) => {
    const shape = shapeOf(random, 1, 3);
    const axis = random.below(shape.length);
    const k = 1 + random.below(shape[axis]!);
    const attributes = { axis: int(axis - shape.length), largest: int(random.below(2)), sorted: int(random.below(2)) };
    return {
      inputs: { x: distinct(random, shape) },
      build: (g) => g.ops("TopK", ["x", g.ints([k])], attributes, { outputs: 2 }).slice(0, 1),
    };
  },
};

const oneHot: GradientCase = {
  op: "OneHot",
  name: "with differentiated values",
  draw: (random) => {
    const shape = shapeOf(random, 1, 2);
    const axis = random.below(shape.length + 1);
    return {
      inputs: {
        i: int64(
          Array.from({ length: sizeOf(shape) }, () => random.below(8) - 4),
          shape,
        ),
        v: normals(random, [2]),
      },
      build: (g) => [g.op("OneHot", ["i", g.constant(int64([4], [])), "v"], { axis: int(axis) })],
      linear: true,
    };
  },
};

export const scatterCases: readonly GradientCase[] = [scatterElements, scatterND, gatherND, topK, oneHot];
