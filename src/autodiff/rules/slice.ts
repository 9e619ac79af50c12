/**
 * @file Gradient of Slice: dX is dY at its original positions, with zeros elsewhere. It uses only Pad, Reshape and (for
 * negative steps) Slice, which ONNX Runtime has for all types and which cost one pass each.
 */
import type { GradientRule, RuleContext } from "../rule.ts";

/** One sliced axis with its step made positive: entries first, first + step, ..., `count` of them. */
interface Cut {
  readonly axis: number;
  readonly first: number;
  readonly step: number;
  readonly count: number;
  readonly reversed: boolean;
}

const slice: GradientRule = (c) => {
  const shape = c.shape(c.x());
  const cuts = cutsOf(c);
  if (cuts.some(({ count }) => count === 0)) return [c.zeros(shape)];
  let extents = [...c.shape(c.y())];
  let dX = turn(c, c.dy(), cuts);
  [dX, extents] = spread(c, dX, extents, cuts);
  const before = shape.map((_, axis) => cuts.find((cut) => cut.axis === axis)?.first ?? 0);
  const after = shape.map((extent, axis) => extent - before[axis]! - extents[axis]!);
  if ([...before, ...after].every((pad) => pad === 0)) return [dX];
  return [c.op("Pad", [dX, c.builder.ints([...before, ...after])])];
};

/**
 * Starts, ends, axes and steps are constants. Negative starts and ends count from the end; both are clamped (ONNX
 * Slice-13).
 */
function cutsOf(c: RuleContext): Cut[] {
  const [shape, result] = [c.shape(c.x()), c.shape(c.y())];
  const starts = c.constantInts(1)!;
  const axes = c.constantInts(3) ?? starts.map((_, i) => i);
  const steps = c.constantInts(4) ?? starts.map(() => 1);
  return starts.map((given, i) => {
    const axis = axes[i]! < 0 ? axes[i]! + shape.length : axes[i]!;
    const [extent, count, step] = [shape[axis]!, result[axis]!, steps[i]!];
    const start = given < 0 ? given + extent : given;
    const reversed = step < 0;
    const first = Math.min(Math.max(start, 0), reversed ? extent - 1 : extent);
    return { axis, first: reversed ? first + (count - 1) * step : first, step: Math.abs(step), count, reversed };
  });
}

/** Reverses the axes that were cut with a negative step. */
function turn(c: RuleContext, name: string, cuts: readonly Cut[]): string {
  const axes = cuts.filter(({ reversed, count }) => reversed && count > 1).map(({ axis }) => axis);
  if (axes.length === 0) return name;
  const list = (value: number) => c.builder.ints(axes.map(() => value));
  return c.op("Slice", [name, list(-1), list(Number.MIN_SAFE_INTEGER), c.builder.ints(axes), list(-1)]);
}

/** Inserts step - 1 zeros after every entry along each axis: a new axis after it, padded to `step`, and merged. */
function spread(c: RuleContext, name: string, extents: number[], cuts: readonly Cut[]): [string, number[]] {
  const stepOf = (axis: number) => cuts.find((cut) => cut.axis === axis && cut.count > 1)?.step ?? 1;
  const steps = extents.map((_, axis) => stepOf(axis));
  if (steps.every((step) => step === 1)) return [name, extents];
  const opened = extents.flatMap((extent, axis) => (steps[axis]! > 1 ? [extent, 1] : [extent]));
  const after = extents.flatMap((_, axis) => (steps[axis]! > 1 ? [0, steps[axis]! - 1] : [0]));
  const padded = c.op("Pad", [c.reshape(name, opened), c.builder.ints([...after.map(() => 0), ...after])]);
  const merged = extents.map((extent, axis) => extent * steps[axis]!);
  return [c.reshape(padded, merged), merged];
}

export const sliceRules: Record<string, GradientRule> = { Slice: slice };
