/**
 * @file Gradients of normalizations. All of them standardize, xh = (x - mean) r with r = 1 / sqrt(var + epsilon), and
 * then scale and shift. They differ in which entries share a mean and which share a scale. After reshaping, ONNX
 * Runtime's LayerNormalization computes xh and r in one pass for the others too.
 */
import { int, intsAttribute } from "../../onnx/graph.ts";
import { sizeOf } from "../../onnx/tensor.ts";
import type { GradientRule, RuleContext } from "../rule.ts";

interface Standardized {
  readonly xh: string;
  /** 1 / sqrt(var + epsilon), with the normalized axes kept as 1. */
  readonly r: string;
  readonly axes: readonly number[];
}

const mean = (c: RuleContext, name: string, axes: readonly number[]) =>
  c.op("ReduceMean", [name, c.builder.ints(axes)], { keepdims: int(1) });

const channel = (c: RuleContext, name: string, rank: number) =>
  c.op("Reshape", [name, c.builder.ints([-1, ...new Array<number>(rank - 2).fill(1)])]);

/** Standardizes `x` of the given shape over its axes from `axis` on. */
function standardize(c: RuleContext, x: string, shape: readonly number[], axis: number, epsilon: number): Standardized {
  const ones = c.op("Expand", [c.scalar(1), c.builder.ints(shape.slice(axis))]);
  const attributes = { axis: int(axis), epsilon: { float: epsilon } };
  const [xh, , r] = c.builder.ops("LayerNormalization", [x, ones], attributes, { outputs: 3 });
  return { xh: xh!, r: r!, axes: shape.map((_, i) => i).slice(axis) };
}

/** dX = r (dXh - mean dXh - xh mean(dXh xh)). */
function throughStandardized(c: RuleContext, dXh: string, { xh, r, axes }: Standardized): string {
  const along = c.mul(xh, mean(c, c.mul(dXh, xh), axes));
  return c.mul(r, c.sub(c.sub(dXh, mean(c, dXh, axes)), along));
}

const defaultEpsilon = 1e-5; // of all ONNX normalizations

function axisOf(c: RuleContext): number {
  const axis = c.int("axis", -1);
  return axis < 0 ? axis + c.shape(c.x()).length : axis;
}

/** Y = scale xh + b over the axes from `axis` on; also gives mean and r, whose gradients are 1/n and -r^2 xh / n. */
const layerNormalization: GradientRule = (c) => {
  const shape = c.shape(c.x());
  const s = standardize(c, c.x(), shape, axisOf(c), c.float("epsilon", defaultEpsilon));
  const n = sizeOf(s.axes.map((axis) => shape[axis]!));
  const dX = () => {
    let sum = throughStandardized(c, c.mul(c.dy(), c.x(1)), s);
    if (c.flows(1)) sum = c.add(sum, c.scale(c.dy(1), 1 / n));
    if (c.flows(2)) sum = c.sub(sum, c.mul(s.xh, c.scale(c.mul(c.dy(2), s.r, s.r), 1 / n)));
    return sum;
  };
  return [
    c.needs(0) ? dX() : undefined,
    c.needs(1) ? c.sumTo(c.mul(c.dy(), s.xh), shape, 1) : undefined,
    c.needs(2) ? c.sumTo(c.dy(), shape, 2) : undefined,
  ];
};

/** Y = scale xh with xh = x r, r = 1 / sqrt(mean x^2 + epsilon): dX = r (dXh - xh mean(dXh xh)). */
const rmsNormalization: GradientRule = (c) => {
  const shape = c.shape(c.x());
  const axes = shape.map((_, i) => i).slice(axisOf(c));
  const square = c.add(mean(c, c.mul(c.x(), c.x()), axes), c.scalar(c.float("epsilon", defaultEpsilon)));
  const r = c.op("Reciprocal", [c.op("Sqrt", [square])]);
  const xh = c.mul(c.x(), r);
  const dX = () => {
    const dXh = c.mul(c.dy(), c.x(1));
    return c.mul(r, c.sub(dXh, c.mul(xh, mean(c, c.mul(dXh, xh), axes))));
  };
  return [c.needs(0) ? dX() : undefined, c.needs(1) ? c.sumTo(c.mul(c.dy(), xh), shape, 1) : undefined];
};

/** Entries that share a channel of (N, C, ...), summed to (C). */
function channelSum(c: RuleContext, name: string, shape: readonly number[]): string {
  const [N, C, ...pixels] = shape as [number, number, ...number[]];
  return c.sum(c.reshape(name, [N, C, sizeOf(pixels)], shape), [0, 2], 0);
}

/** Y[n, c] = scale[c] xh[n, c] + b[c], standardized over all pixels of each of `groups` groups of channels. */
function groupwise(c: RuleContext, groups: number): readonly (string | undefined)[] {
  const shape = c.shape(c.x());
  const parts = [shape[0]!, groups, sizeOf(shape) / (shape[0]! * groups)];
  const s = standardize(c, c.reshape(c.x(), parts), parts, 2, c.float("epsilon", defaultEpsilon));
  const dXh = () => c.reshape(c.mul(c.dy(), channel(c, c.x(1), shape.length)), parts);
  return [
    c.needs(0) ? c.reshape(throughStandardized(c, dXh(), s), shape) : undefined,
    c.needs(1) ? channelSum(c, c.mul(c.dy(), c.reshape(s.xh, shape)), shape) : undefined,
    c.needs(2) ? channelSum(c, c.dy(), shape) : undefined,
  ];
}

const instanceNormalization: GradientRule = (c) => groupwise(c, c.shape(c.x())[1]!);
const groupNormalization: GradientRule = (c) => groupwise(c, c.int("num_groups", 1));

/**
 * Y = scale (x - mean) r + b per channel. In inference form mean and var are inputs; in training form they are those of
 * the batch.
 */
const batchNormalization: GradientRule = (c) => {
  if (c.int("training_mode", 0) === 1) return batchTraining(c);
  const shape = c.shape(c.x());
  const variance = c.add(c.x(4), c.scalar(c.float("epsilon", defaultEpsilon)));
  const r = c.op("Reciprocal", [c.op("Sqrt", [variance])]);
  const slope = c.mul(c.x(1), r);
  const total = c.needs(2) || c.needs(3) ? channelSum(c, c.dy(), shape) : undefined;
  const centred = () => c.sub(c.x(), channel(c, c.x(3), shape.length));
  const along = c.needs(1) || c.needs(4) ? c.mul(channelSum(c, c.mul(c.dy(), centred()), shape), r) : undefined;
  return [
    c.needs(0) ? c.mul(c.dy(), c.reshape(slope, [shape[1]!, ...shape.slice(2).map(() => 1)])) : undefined,
    c.needs(1) ? along : undefined,
    c.needs(2) ? total : undefined,
    c.needs(3) ? c.op("Neg", [c.mul(total!, slope)]) : undefined,
    c.needs(4) ? c.scale(c.mul(along!, slope, r), -0.5) : undefined,
  ];
};

/**
 * dX = a dY + b X + c per channel, with S = sum dY (X - mean), a = scale r, b = -a r^2 S / n and c = -a sum(dY) / n - b
 * mean: two sums and three passes. Running averages are momentum times the old ones plus (1 - momentum) times the
 * batch's mean and variance.
 */
function batchTraining(c: RuleContext): readonly (string | undefined)[] {
  const shape = c.shape(c.x());
  const n = sizeOf(shape) / shape[1]!;
  const momentum = c.float("momentum", 0.9);
  const share = (1 - momentum) / n;
  const [mu, variance] = batchStatistics(c, momentum);
  const r = c.op("Reciprocal", [c.op("Sqrt", [c.add(variance, c.scalar(c.float("epsilon", defaultEpsilon)))])]);
  const total = channelSum(c, c.dy(), shape);
  const along = c.sub(channelSum(c, c.mul(c.dy(), c.x()), shape), c.mul(mu, total));
  const dX = () => {
    const a = c.mul(c.x(1), r);
    let b = c.scale(c.mul(a, r, r, along), -1 / n);
    let shift = c.scale(c.mul(a, total), -1 / n);
    if (c.flows(1)) shift = c.add(shift, c.scale(c.dy(1), share));
    if (c.flows(2)) b = c.add(b, c.scale(c.dy(2), 2 * share));
    shift = c.sub(shift, c.mul(b, mu));
    return c.add(c.mul(c.dy(), channel(c, a, shape.length)), affine(c, b, shift));
  };
  return [
    c.needs(0) ? dX() : undefined,
    c.needs(1) ? c.mul(along, r) : undefined,
    c.needs(2) ? total : undefined,
    c.needs(3) ? c.scale(c.dy(1), momentum) : undefined,
    c.needs(4) ? c.scale(c.dy(2), momentum) : undefined,
  ];
}

/**
 * Mean and variance (C) of the batch: the node's further outputs where its running averages keep nothing of the old
 * ones, otherwise computed.
 */
function batchStatistics(c: RuleContext, momentum: number): [string, string] {
  const outputs = c.node.outputs.slice(1, 3).filter((name) => name !== "");
  if (momentum === 0 && outputs.length === 2) return outputs as [string, string];
  const shape = c.shape(c.x());
  const axes = shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const average = (name: string) => c.op("ReduceMean", [name, c.builder.ints(axes)], { keepdims: int(0) });
  const mu = average(c.x());
  const centred = c.sub(c.x(), channel(c, mu, shape.length));
  return [mu, average(c.mul(centred, centred))];
}

/** b X + shift per channel in one pass: the inference form of BatchNormalization with mean 0 and variance 1. */
function affine(c: RuleContext, b: string, shift: string): string {
  const C = c.shape(c.x())[1]!;
  const filled = (value: number) => c.vector(new Array<number>(C).fill(value));
  return c.op("BatchNormalization", [c.x(), b, shift, filled(0), filled(1)], { epsilon: { float: 0 } });
}

/** y = (x - mean) / sqrt(var) over `axes`, (0, 2, 3) by default; the 1e-9 that ONNX adds for safety is omitted. */
const meanVarianceNormalization: GradientRule = (c) => {
  const axes = intsAttribute(c.node, "axes") ?? [0, 2, 3];
  const centred = c.sub(c.x(), mean(c, c.x(), axes));
  const r = c.op("Reciprocal", [c.op("Sqrt", [mean(c, c.mul(centred, centred), axes)])]);
  return [throughStandardized(c, c.dy(), { xh: c.y(), r, axes })];
};

/**
 * y = x / |x|_p along one axis: dX = (dY - sum(dY y) d|x|/dx) / |x|, with d|x|/dx = sign x (p = 1) or y (p = 2); 0
 * where x = 0.
 */
const lpNormalization: GradientRule = (c) => {
  const p = c.int("p", 2);
  const axes = [axisOf(c)];
  const norm = c.op(p === 1 ? "ReduceL1" : "ReduceL2", [c.x(), c.builder.ints(axes)], { keepdims: int(1) });
  const direction = p === 1 ? c.op("Sign", [c.x()]) : c.y();
  const along = c.mul(direction, c.sum(c.mul(c.dy(), c.y()), axes, 1));
  const dX = c.op("Div", [c.sub(c.dy(), along), norm]);
  return [c.op("Where", [c.op("Equal", [norm, c.scalar(0)]), c.scalar(0), dX])];
};

export const normalizationRules: Record<string, GradientRule> = {
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  BatchNormalization: batchNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  LpNormalization: lpNormalization,
};
