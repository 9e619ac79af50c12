/** @file Cases for rules/normalization.ts. The references are the definitions, from sums and products. */
import { type Attribute, float, int, ints } from "../../../src/onnx/graph.ts";
import type { GraphBuilder } from "../../../src/onnx/graphBuilder.ts";
import type { FloatType } from "../finiteDifference.ts";
import { awayFromZero, between, type GradientCase, normals, pick, shapeOf } from "./case.ts";

/** Large against the variance of few entries, so that curvature stays moderate. */
const EPSILON = 0.3;
const epsilon: Record<string, Attribute> = { epsilon: { float: EPSILON } };
const EPSILON_32 = Math.fround(EPSILON);

const mean = (g: GraphBuilder, x: string, axes: readonly number[]) =>
  g.op("ReduceMean", [x, g.ints(axes)], { keepdims: int(1) });

/** (x - mean) r, mean and r over the axes. */
function standardized(g: GraphBuilder, dtype: FloatType, x: string, axes: readonly number[], centre = true) {
  const m = mean(g, x, axes);
  const centred = centre ? g.op("Sub", [x, m]) : x;
  const variance = g.op("Add", [mean(g, g.op("Mul", [centred, centred]), axes), g.scalar(EPSILON_32, dtype)]);
  const r = g.op("Reciprocal", [g.op("Sqrt", [variance])]);
  return { xh: g.op("Mul", [centred, r]), m, r };
}

const affine = (g: GraphBuilder, xh: string, scale: string, b?: string) => {
  const scaled = g.op("Mul", [xh, scale]);
  return b === undefined ? scaled : g.op("Add", [scaled, b]);
};

/** Per-channel values as (C, 1, ...) for images of the given rank. */
const channel = (g: GraphBuilder, name: string, rank: number) =>
  g.op("Reshape", [name, g.ints([-1, ...new Array<number>(rank - 2).fill(1)])]);

const layerNormalization: GradientCase = {
  op: "LayerNormalization",
  name: "over the last axes, with and without shift, mean and deviation as outputs",
  draw: (random) => {
    const shape = shapeOf(random, 1, 4);
    const axis = random.below(shape.length);
    const axes = shape.map((_, i) => i).slice(axis);
    const shifted = random.uniform() < 0.5;
    const outputs = 1 + random.below(3);
    const names = shifted ? ["x", "scale", "b"] : ["x", "scale"];
    const signed = random.uniform() < 0.5 ? axis : axis - shape.length;
    return {
      inputs: {
        x: normals(random, shape),
        scale: normals(random, shape.slice(axis)),
        ...(shifted ? { b: normals(random, shape.slice(axis)) } : {}),
      },
      build: (g) => g.ops("LayerNormalization", names, { axis: int(signed), ...epsilon }, { outputs }),
      reference: (g, dtype) => {
        const { xh, m, r } = standardized(g, dtype, "x", axes);
        return [affine(g, xh, "scale", shifted ? "b" : undefined), m, r].slice(0, outputs);
      },
    };
  },
};

const rmsNormalization: GradientCase = {
  op: "RMSNormalization",
  name: "over the last axes",
  draw: (random) => {
    const shape = shapeOf(random, 1, 4);
    const axis = random.below(shape.length);
    const axes = shape.map((_, i) => i).slice(axis);
    return {
      inputs: { x: normals(random, shape), scale: normals(random, shape.slice(axis)) },
      build: (g) => [g.op("RMSNormalization", ["x", "scale"], { axis: int(axis - shape.length), ...epsilon })],
      reference: (g, dtype) => [affine(g, standardized(g, dtype, "x", axes, false).xh, "scale")],
    };
  },
};

const groupwise = (op: string): GradientCase => ({
  op,
  name: "of images of any rank",
  draw: (random) => {
    const groups = 1 + random.below(3);
    const C = op === "InstanceNormalization" ? groups : groups * (1 + random.below(2));
    const shape = [1 + random.below(2), C, ...shapeOf(random, 1, 3)];
    const attributes = op === "InstanceNormalization" ? epsilon : { num_groups: int(groups), ...epsilon };
    return {
      inputs: { x: normals(random, shape), scale: normals(random, [C]), b: normals(random, [C]) },
      build: (g) => [g.op(op, ["x", "scale", "b"], attributes)],
      reference: (g, dtype) => {
        const parts = g.op("Reshape", ["x", g.ints([shape[0]!, groups, -1])]);
        const xh = g.op("Reshape", [standardized(g, dtype, parts, [2]).xh, g.ints(shape)]);
        return [affine(g, xh, channel(g, "scale", shape.length), channel(g, "b", shape.length))];
      },
    };
  },
});

/** In training form where a momentum is given; with momentum 0 the further outputs are the batch's own statistics. */
const batchNormalization = (momentum?: number): GradientCase => ({
  op: "BatchNormalization",
  name: momentum === undefined ? "in inference form, statistics included" : `in training form, momentum ${momentum}`,
  draw: (random) => {
    const training = momentum !== undefined;
    const C = 1 + random.below(3);
    const shape = [2 + random.below(2), C, ...shapeOf(random, training ? 1 : 0, 3)];
    const perChannel = { scale: normals(random, [C]), b: normals(random, [C]), m: normals(random, [C]) };
    const names = ["x", "scale", "b", "m", "v"];
    const rank = shape.length;
    const axes = shape.map((_, i) => i).filter((i) => i !== 1);
    return {
      inputs: { x: normals(random, shape), ...perChannel, v: between(random, [C], 0.5, 2) },
      build: (g) =>
        training
          ? g.ops(
              "BatchNormalization",
              names,
              { training_mode: int(1), momentum: float(momentum), ...epsilon },
              { outputs: 3 },
            )
          : [g.op("BatchNormalization", names, epsilon)],
      reference: (g, dtype) => {
        const own = standardized(g, dtype, "x", axes).xh;
        const variance = g.op("Add", [channel(g, "v", rank), g.scalar(EPSILON_32, dtype)]);
        const given = g.op("Div", [g.op("Sub", ["x", channel(g, "m", rank)]), g.op("Sqrt", [variance])]);
        const Y = affine(g, training ? own : given, channel(g, "scale", rank), channel(g, "b", rank));
        if (momentum === undefined) return [Y];
        const centred = g.op("Sub", ["x", mean(g, "x", axes)]);
        const batch = [mean(g, "x", axes), mean(g, g.op("Mul", [centred, centred]), axes)];
        const running = ["m", "v"].map((old, i) => {
          const now = g.op("Reshape", [batch[i]!, g.ints([C])]);
          return g.op("Add", [
            g.op("Mul", [old, g.scalar(momentum, dtype)]),
            g.op("Mul", [now, g.scalar(1 - momentum, dtype)]),
          ]);
        });
        return [Y, ...running];
      },
    };
  },
});

const meanVarianceNormalization: GradientCase = {
  op: "MeanVarianceNormalization",
  name: "over the default and given axes",
  draw: (random) => {
    const axes = pick(random, [undefined, [0, 2, 3], [2, 3], [1]]);
    const attributes: Record<string, Attribute> = axes === undefined ? {} : { axes: ints(axes) };
    return {
      // Five entries at least, so that the variance is not near 0.
      inputs: { x: awayFromZero(random, [2, 5, 2, 2]) },
      build: (g) => [g.op("MeanVarianceNormalization", ["x"], attributes)],
      reference: (g) => {
        const centred = g.op("Sub", ["x", mean(g, "x", axes ?? [0, 2, 3])]);
        const variance = mean(g, g.op("Mul", [centred, centred]), axes ?? [0, 2, 3]);
        return [g.op("Div", [centred, g.op("Sqrt", [variance])])];
      },
    };
  },
};

const lpNormalization: GradientCase = {
  op: "LpNormalization",
  name: "with the 1- and the 2-norm along any axis",
  draw: (random) => {
    const shape = shapeOf(random, 1, 3);
    const axis = random.below(shape.length);
    const p = 1 + random.below(2);
    return {
      inputs: { x: awayFromZero(random, shape) },
      build: (g) => [g.op("LpNormalization", ["x"], { axis: int(axis - shape.length), p: int(p) })],
      reference: (g) => [g.op("Div", ["x", g.op(`ReduceL${p}`, ["x", g.ints([axis])])])],
    };
  },
};

export const normalizationCases: readonly GradientCase[] = [
  layerNormalization,
  rmsNormalization,
  groupwise("InstanceNormalization"),
  groupwise("GroupNormalization"),
  batchNormalization(),
  batchNormalization(0.75),
  batchNormalization(0),
  meanVarianceNormalization,
  lpNormalization,
];
