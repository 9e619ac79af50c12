/** @file Reductions over axes of a single graph's values: never over the axis of graphs. */
import type { ReplicateRule } from "../rule.ts";

/** Axes are the constant input 1; none means all, or no reduction with noop_with_empty_axes. */
const reduction: ReplicateRule = (c) => {
  const rank = c.shape(0).length;
  const given = c.constantInts(1) ?? [];
  if (given.length === 0 && c.int("noop_with_empty_axes", 0) === 1) return c.make(c.node.inputs);
  const axes = given.length > 0 ? given : c.shape(0).map((_, axis) => axis);
  if (axes.length === 0) return c.make([c.x(0), c.ints([])], { noop_with_empty_axes: { int: 1 } });
  c.make([c.x(0), c.ints(axes.map((axis) => c.shifted(axis, rank)))]);
};

/** The same operator along one axis, whose default is another one by operator. */
const along =
  (otherwise: number): ReplicateRule =>
  (c) =>
    c.make(c.node.inputs, { axis: { int: c.shifted(c.int("axis", otherwise), c.shape(0).length) } });

export const reduceRules: Readonly<Record<string, ReplicateRule>> = {
  ReduceSum: reduction,
  ReduceMean: reduction,
  ReduceMax: reduction,
  ReduceMin: reduction,
  ReduceSumSquare: reduction,
  ReduceL2: reduction,
  ReduceLogSumExp: reduction,
  Softmax: along(-1),
  LogSoftmax: along(-1),
};
