/**
 * @file Gradient of Pad in all modes: zeros and other constants, copies of the edge, reflection, wrapping around;
 * negative pads cut.
 */
import { stringAttribute } from "../../onnx/graph.ts";
import { sizeOf } from "../../onnx/tensor.ts";
import type { GradientRule, RuleContext } from "../rule.ts";

/** Pads before and after every axis; input 3 may list the padded axes. */
function padsOf(c: RuleContext): { before: number[]; after: number[] } {
  const rank = c.shape(c.x()).length;
  const pads = c.constantInts(1)!;
  const axes = c.constantInts(3) ?? Array.from({ length: rank }, (_, axis) => axis);
  const [before, after] = [new Array<number>(rank).fill(0), new Array<number>(rank).fill(0)];
  axes.forEach((given, i) => {
    const axis = given < 0 ? given + rank : given;
    before[axis] = pads[i]!;
    after[axis] = pads[axes.length + i]!;
  });
  return { before, after };
}

/**
 * Y = X between constants, or between copies of its own entries: dX is the middle of dY, plus the gradients of the
 * copies.
 */
const pad: GradientRule = (c) => {
  const { before, after } = padsOf(c);
  const mode = stringAttribute(c.node, "mode", "constant");
  const negative = (pads: readonly number[]) => pads.map((extent) => -extent);
  if (mode !== "constant") return [copied(c, mode, before, after)];
  const dX = c.pad(c.dy(), negative(before), negative(after));
  const sumOf = (name: string, from: string) => c.sum(c.reshape(name, [sizeOf(c.shape(from))]), [0], 0);
  if (!c.needs(2)) return [c.needs(0) ? dX : undefined];
  // The constant gets the part of dY outside its middle.
  const kept = c.pad(c.dy(), negative(before.map(positive)), negative(after.map(positive)));
  const inside = c.sum(
    kept,
    c.shape(c.x()).map((_, axis) => axis),
    0,
  );
  return [dX, undefined, c.reshape(c.sub(sumOf(c.dy(), c.y()), inside), c.shape(c.x(2)))];
};

const positive = (extent: number) => Math.max(extent, 0);

/** One axis after the other, from the last: the axis padded last is undone first, and the axes do not mix. */
function copied(c: RuleContext, mode: string, before: readonly number[], after: readonly number[]): string {
  const shape = [...c.shape(c.y())];
  return c.shape(c.x()).reduce((dY, extent, axis) => {
    if (before[axis] === 0 && after[axis] === 0) return dY;
    const dX = fold(c, dY, shape, axis, { mode, extent, before: before[axis]!, after: after[axis]! });
    shape[axis] = extent;
    return dX;
  }, c.dy());
}

interface Fold {
  readonly mode: string;
  /** Extent of X along the axis. */
  readonly extent: number;
  readonly before: number;
  readonly after: number;
}

/** The middle of dY, plus the borders times the matrix that maps each copy to its entry. */
function fold(c: RuleContext, dY: string, shape: readonly number[], axis: number, one: Fold): string {
  const { mode, extent, before, after } = one;
  const [low, high] = [positive(before), positive(after)];
  const middle = c.pad(
    dY,
    shape.map((_, i) => (i === axis ? -before : 0)),
    shape.map((_, i) => (i === axis ? -after : 0)),
  );
  if (low + high === 0) return middle;
  const end = shape[axis]!;
  const borders = [
    ...(low > 0 ? [c.slice(dY, [0], [low], [axis])] : []),
    ...(high > 0 ? [c.slice(dY, [end - high], [end], [axis])] : []),
  ];
  const border = borders.length === 1 ? borders[0]! : c.op("Concat", borders, { axis: { int: axis } });
  const places = [
    ...Array.from({ length: low }, (_, i) => i),
    ...Array.from({ length: high }, (_, i) => end - high + i),
  ];
  const matrix = new Array<number>(extent * places.length).fill(0);
  places.forEach((place, column) => {
    matrix[source(place - before, extent, mode) * places.length + column]! += 1;
  });
  const [lead, trail] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
  const columns = c.reshape(border, [lead, places.length, trail]);
  const sum = c.op("MatMul", [c.vector(matrix, [extent, places.length]), columns]);
  return c.add(middle, c.reshape(sum, shape.with(axis, extent)));
}

/** The entry at place i of the padded axis. */
function source(i: number, extent: number, mode: string): number {
  if (mode === "wrap") return ((i % extent) + extent) % extent;
  if (mode === "edge" || extent === 1) return Math.min(Math.max(i, 0), extent - 1);
  const period = 2 * (extent - 1);
  const within = ((i % period) + period) % period;
  return within < extent ? within : period - within;
}

export const padRules: Record<string, GradientRule> = { Pad: pad };
