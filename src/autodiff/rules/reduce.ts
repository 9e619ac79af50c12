/** @file Gradients of reductions. The gradient of a reduced entry goes to all entries from which it was reduced. */
import { int } from "../../onnx/graph.ts";
import { sizeOf } from "../../onnx/tensor.ts";
import type { GradientRule, RuleContext } from "../rule.ts";

interface Reduction {
  readonly axes: readonly number[];
  /** Shape of the result with reduced axes kept as 1. */
  readonly kept: readonly number[];
  /** Entries per result. */
  readonly count: number;
}

/** Axes are the constant input 1; none means all, or no reduction with noop_with_empty_axes. */
function reduction(c: RuleContext): Reduction {
  const shape = c.shape(c.x());
  const given = c.constantInts(1) ?? [];
  const all = given.length === 0 && c.int("noop_with_empty_axes", 0) === 0;
  const axes = all ? shape.map((_, axis) => axis) : given.map((axis) => (axis < 0 ? axis + shape.length : axis));
  const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  return { axes, kept, count: sizeOf(shape) / sizeOf(kept) };
}

/** A value of the shape of Y with the reduced axes restored as 1, so that it broadcasts against X. */
const keep = (c: RuleContext, name: string, { kept }: Reduction) =>
  c.shape(c.y()).length === kept.length ? name : c.reshape(name, kept);

/** dX = factor dY, repeated. */
function spread(c: RuleContext, r: Reduction, factor: number): string {
  const dy = keep(c, c.scale(c.dy(), factor), r);
  return r.count === 1 ? dy : c.op("Expand", [dy, c.builder.ints(c.shape(c.x()))]);
}

/** y = sum x: dX = dY. */
const reduceSum: GradientRule = (c) => [spread(c, reduction(c), 1)];

/** y = (1/n) sum x: dX = dY / n. */
const reduceMean: GradientRule = (c) => {
  const r = reduction(c);
  return [spread(c, r, 1 / r.count)];
};

/** y = max or min of x: dY goes to the entries equal to y, shared evenly among ties (as PyTorch's amax). */
const reduceExtremum: GradientRule = (c) => {
  const r = reduction(c);
  if (r.axes.length === 0) return [c.dy()];
  const chosen = c.op("CastLike", [c.op("Equal", [c.x(), keep(c, c.y(), r)]), c.scalar(0)]);
  const share = c.op("Div", [keep(c, c.dy(), r), c.sum(chosen, r.axes, 1)]);
  return [c.mul(chosen, share)];
};

/** y = sum x^2: dX = 2 dY x. */
const reduceSumSquare: GradientRule = (c) => [c.mul(c.x(), keep(c, c.scale(c.dy(), 2), reduction(c)))];

/** y = sqrt(sum x^2): dX = dY x / y, undefined (NaN) where y = 0. */
const reduceL2: GradientRule = (c) => [c.mul(c.x(), keep(c, c.op("Div", [c.dy(), c.y()]), reduction(c)))];

/** y = log sum e^x: dX = dY e^(x - y). */
const reduceLogSumExp: GradientRule = (c) => {
  const r = reduction(c);
  return [c.mul(c.op("Exp", [c.op("Sub", [c.x(), keep(c, c.y(), r)])]), keep(c, c.dy(), r))];
};

/** y = sum |x|: dX = dY sign x. */
const reduceL1: GradientRule = (c) => [c.mul(c.op("Sign", [c.x()]), keep(c, c.dy(), reduction(c)))];

/** y = log sum x: dX = dY e^-y. */
const reduceLogSum: GradientRule = (c) => {
  const r = reduction(c);
  const slope = c.mul(c.dy(), c.op("Exp", [c.op("Neg", [c.y()])]));
  return [r.count === 1 ? keep(c, slope, r) : c.op("Expand", [keep(c, slope, r), c.builder.ints(c.shape(c.x()))])];
};

/**
 * y = product of x: dX = dY times the product of the others. That product is y / x; if exactly one entry is 0, it is
 * nonzero for that entry alone.
 */
const reduceProd: GradientRule = (c) => {
  const r = reduction(c);
  const [dy, y, zero, one] = [keep(c, c.dy(), r), keep(c, c.y(), r), c.scalar(0), c.scalar(1)];
  const isZero = c.op("Equal", [c.x(), zero]);
  const safe = c.op("Where", [isZero, one, c.x()]);
  if (r.axes.length === 0) return [dy];
  const rest = c.op("ReduceProd", [safe, c.builder.ints(r.axes)], { keepdims: int(1) });
  const zeros = c.sum(c.op("CastLike", [isZero, zero]), r.axes, 1);
  const alone = c.op("Where", [c.op("And", [isZero, c.op("Equal", [zeros, one])]), rest, zero]);
  const others = c.op("Where", [c.op("Equal", [zeros, zero]), c.op("Div", [y, safe]), alone]);
  return [c.mul(dy, others)];
};

export const reduceRules: Record<string, GradientRule> = {
  ReduceSum: reduceSum,
  ReduceMean: reduceMean,
  ReduceMax: reduceExtremum,
  ReduceMin: reduceExtremum,
  ReduceSumSquare: reduceSumSquare,
  ReduceL2: reduceL2,
  ReduceLogSumExp: reduceLogSumExp,
  ReduceL1: reduceL1,
  ReduceLogSum: reduceLogSum,
  ReduceProd: reduceProd,
};
