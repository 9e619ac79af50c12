/**
 * @file Gradients of operators that pick entries by index: dX collects dY at the indices and adds where an index
 * repeats. ScatterElements adds in a fixed order. ScatterND would be three times as fast for rows, but with more than
 * one thread its order of addition varies, and the same seed would no longer give the same bytes.
 */
import { int } from "../../onnx/graph.ts";
import { sizeOf } from "../../onnx/tensor.ts";
import type { GradientRule, RuleContext } from "../rule.ts";
import { padAxis } from "./shape.ts";

const axisOf = (c: RuleContext) => {
  const axis = c.int("axis", 0);
  return axis < 0 ? axis + c.shape(c.x()).length : axis;
};

function scatterAdd(c: RuleContext, indices: string, updates: string, axis: number): string {
  const attributes = { axis: int(axis), reduction: { string: "add" } };
  return c.op("ScatterElements", [c.zeros(c.shape(c.x())), indices, updates], attributes);
}

/** First index of consecutive constant indices i, i+1, ..., i+n-1; undefined for others. */
function constantRun(c: RuleContext, extent: number): number | undefined {
  if (!c.isConstant(1)) return undefined;
  const indices = c.constantInts(1)!.map((index) => (index < 0 ? index + extent : index));
  return indices.every((index, i) => index === indices[0]! + i) ? indices[0] : undefined;
}

/** Y = X with `axis` replaced by the axes of the indices I: dX[..., I[j], ...] += dY[..., j, ...]. */
const gather: GradientRule = (c) => {
  const axis = axisOf(c);
  const shape = c.shape(c.x());
  const indexShape = c.shape(c.x(1));
  const count = sizeOf(indexShape);
  const along = shape.map((extent, i) => (i === axis ? count : extent));
  const updates = c.reshape(c.dy(), along, c.shape(c.y()));
  const start = constantRun(c, shape[axis]!);
  if (start !== undefined)
    return [padAxis(c, updates, axis, shape.length, start, shape[axis]! - start - count), undefined];
  const column = shape.map((_, i) => (i === axis ? count : 1));
  const indices = c.op("Expand", [c.reshape(c.x(1), column, indexShape), c.builder.ints(along)]);
  return [scatterAdd(c, indices, updates, axis), undefined];
};

/** Y[..., j, ...] = X[..., I[..., j, ...], ...]: dX[..., I, ...] += dY. */
const gatherElements: GradientRule = (c) => [scatterAdd(c, c.x(1), c.dy(), axisOf(c)), undefined];

export const indexingRules: Record<string, GradientRule> = { Gather: gather, GatherElements: gatherElements };
