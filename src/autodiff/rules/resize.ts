/**
 * @file Gradient of Resize. Interpolation is linear in X and separate in each axis: along an axis Y = X A with a matrix
 * A (in, out), and dX = dY A^T. A is Resize applied to the identity, so that every mode and rounding of coordinates is
 * ONNX Runtime's own.
 */
import { type Attribute, intsAttribute, stringAttribute } from "../../onnx/graph.ts";
import { float32, sizeOf } from "../../onnx/tensor.ts";
import type { GradientRule, RuleContext } from "../rule.ts";

/** One resized axis: extents before and after, and the factor. */
interface Stretch {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  readonly factor: number;
  /** Part of the axis that is sampled (tf_crop_and_resize). */
  readonly roi?: readonly [number, number];
}

const resize: GradientRule = (c) => {
  const shape = [...c.shape(c.y())];
  let dX = c.dy();
  for (const stretch of stretches(c)) {
    dX = isRepeat(c, stretch) ? sumCopies(c, dX, shape, stretch) : alongAxis(c, dX, shape, stretch);
    shape[stretch.axis] = stretch.from;
  }
  return [dX];
};

function stretches(c: RuleContext): Stretch[] {
  const [shape, result] = [c.shape(c.x()), c.shape(c.y())];
  const axes = intsAttribute(c.node, "axes") ?? shape.map((_, axis) => axis);
  const scales = c.has(2) && sizeOf(c.shape(c.x(2))) > 0 ? c.constantNumbers(2) : undefined;
  const crop = stringAttribute(c.node, "coordinate_transformation_mode", "half_pixel") === "tf_crop_and_resize";
  const roi = crop ? c.constantNumbers(1) : undefined;
  const kept = scales === undefined ? aspectScale(c, axes) : undefined;
  const all = axes.map((given, i) => {
    const axis = given < 0 ? given + shape.length : given;
    const [from, to] = [shape[axis]!, result[axis]!];
    const factor = scales?.[i] ?? kept ?? to / from;
    return { axis, from, to, factor, ...(roi === undefined ? {} : { roi: [roi[i]!, roi[axes.length + i]!] as const }) };
  });
  return all.filter(
    ({ from, to, factor, roi }) => from !== to || factor !== 1 || (roi && (roi[0] !== 0 || roi[1] !== 1)),
  );
}

/** The common factor where sizes are upper or lower limits and the aspect ratio is kept. */
function aspectScale(c: RuleContext, axes: readonly number[]): number | undefined {
  const policy = stringAttribute(c.node, "keep_aspect_ratio_policy", "stretch");
  if (policy === "stretch") return undefined;
  const sizes = c.constantInts(3)!;
  const ratios = axes.map((axis, i) => sizes[i]! / c.shape(c.x()).at(axis)!);
  return policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
}

/** Whether every entry is simply repeated a whole number of times. */
function isRepeat(c: RuleContext, { from, to, factor, roi }: Stretch): boolean {
  if (stringAttribute(c.node, "mode", "nearest") !== "nearest" || roi !== undefined) return false;
  if (!Number.isInteger(factor) || to !== factor * from) return false;
  const coordinates = stringAttribute(c.node, "coordinate_transformation_mode", "half_pixel");
  const rounding = stringAttribute(c.node, "nearest_mode", "round_prefer_floor");
  return coordinates === "asymmetric" ? rounding === "floor" : coordinates === "half_pixel" && /^round/.test(rounding);
}

function sumCopies(c: RuleContext, dY: string, shape: readonly number[], { axis, from, to }: Stretch): string {
  const opened = c.reshape(dY, [...shape.slice(0, axis), from, to / from, ...shape.slice(axis + 1)]);
  return c.sum(opened, [axis + 1], 0);
}

/** dX = A dY over the axis, the others as batch and columns. */
function alongAxis(c: RuleContext, dY: string, shape: readonly number[], stretch: Stretch): string {
  const { axis, from, to } = stretch;
  const [lead, trail] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
  const A = matrixOf(c, stretch);
  const result = shape.with(axis, from);
  if (trail === 1) return c.reshape(c.op("MatMul", [c.reshape(dY, [lead, to]), c.transpose(A, [1, 0])]), result);
  return c.reshape(c.op("MatMul", [A, c.reshape(dY, [lead, to, trail])]), result);
}

/** A (from, to): Resize of the identity along its last axis. */
function matrixOf(c: RuleContext, { from, to, factor, roi }: Stretch): string {
  const { axes: _, keep_aspect_ratio_policy: __, ...own } = c.node.attributes;
  const attributes: Record<string, Attribute> = { ...own, extrapolation_value: { float: 0 } };
  const identity = Array.from({ length: from * from }, (_, i) => (i % (from + 1) === 0 ? 1 : 0));
  const exact = factor === to / from;
  if (!exact && Math.floor(from * factor) !== to)
    throw c.fail(`expected an extent of ${Math.floor(from * factor)} from ${from} by a factor of ${factor}, got ${to}`);
  const region = roi === undefined ? "" : c.builder.constant(float32([0, 0, 0, roi[0], 1, 1, 1, roi[1]]));
  const size = exact ? ["", c.builder.ints([1, 1, from, to])] : [c.builder.constant(float32([1, 1, 1, factor]))];
  const resized = c.op("Resize", [c.vector(identity, [1, 1, from, from]), region, ...size], attributes);
  return c.reshape(resized, [from, to]);
}

export const resizeRules: Record<string, GradientRule> = { Resize: resize };
