/** @file Gradients of pooling over windows and over whole images. */
import { int, intsAttribute } from "../../onnx/graph.ts";
import { sizeOf } from "../../onnx/tensor.ts";
import type { GradientRule, RuleContext } from "../rule.ts";
import { type Window, windowOf } from "./convolution/geometry.ts";

/**
 * y = max over each window: dY goes to the entry that ONNX Runtime took (the first of equal ones), and adds up where
 * windows overlap.
 */
const maxPool: GradientRule = (c) => {
  const { storage_order: _, ...attributes } = c.node.attributes;
  const [, places] = c.builder.ops("MaxPool", [c.x()], attributes, { outputs: 2 });
  const shape = c.shape(c.x());
  const [size, count] = [sizeOf(shape), sizeOf(c.shape(c.y()))];
  const flat = [c.zeros([size]), c.reshape(places!, [count]), c.reshape(c.dy(), [count])];
  const sum = c.op("ScatterElements", flat, { axis: int(0), reduction: { string: "add" } });
  return [c.reshape(sum, shape)];
};

/** y = sum over each window / entries counted: every entry of a window gets dY / count. */
const averagePool: GradientRule = (c) => {
  const [shape, result] = [c.shape(c.x()), c.shape(c.y())];
  const [wide, narrow] = [shape.slice(2), result.slice(2)];
  const window = windowOf(c, intsAttribute(c.node, "kernel_shape")!, wide, narrow);
  const share = c.op("Div", [c.dy(), counts(c, window, wide, narrow)]);
  const { kernel, strides, dilations, begin } = window;
  const tiling = kernel.every((k, axis) => k === strides[axis] && (k === 1 || dilations[axis] === 1));
  if (tiling) {
    const spread = repeat(c, share, result, kernel);
    return [
      framed(
        c,
        spread,
        shape,
        begin,
        narrow.map((extent, axis) => extent * kernel[axis]!),
      ),
    ];
  }
  // Each entry of X sums the windows that contain it: average pooling with stride 1 of dY with zeros between its
  // entries.
  const opened = insertZeros(c, share, result, strides);
  const reach = kernel.map((k, axis) => dilations[axis]! * (k - 1));
  const extents = narrow.map((extent, axis) => extent * strides[axis]!);
  const before = reach.map((extent, axis) => begin[axis]! - extent);
  const padded = wide.map((extent, axis) => extent + reach[axis]!);
  const met = framed(c, opened, [...shape.slice(0, 2), ...padded], before, extents);
  const attributes = { kernel_shape: { ints: kernel }, dilations: { ints: dilations } };
  // Scaled between the two, because ONNX Runtime would fuse Pad and AveragePool and then refuse pads as wide as the
  // kernel.
  return [c.op("AveragePool", [c.op("Mul", [met, c.scalar(sizeOf(kernel))])], attributes)];
};

/**
 * Entries counted in each window, as the product of one constant per axis: those inside the image or, with
 * count_include_pad, also in the padding.
 */
function counts(c: RuleContext, window: Window, wide: readonly number[], narrow: readonly number[]): string {
  const padding = c.int("count_include_pad", 0) === 1;
  const perAxis = narrow.map((extent, axis) => {
    const [k, stride, dilation] = [window.kernel[axis]!, window.strides[axis]!, window.dilations[axis]!];
    const low = padding ? -window.begin[axis]! : 0;
    const high = wide[axis]! + (padding ? window.end[axis]! : 0);
    const inside = (o: number, i: number) => {
      const at = o * stride + i * dilation - window.begin[axis]!;
      return at >= low && at < high;
    };
    const places = Array.from({ length: k }, (_, i) => i);
    const count = Array.from({ length: extent }, (_, o) => places.filter((i) => inside(o, i)).length);
    return c.vector(count, [extent, ...narrow.slice(axis + 1).map(() => 1)]);
  });
  return perAxis.reduce((left, right) => c.mul(left, right));
}

/** Every pixel `times` as wide, filled with copies. */
function repeat(c: RuleContext, name: string, shape: readonly number[], times: readonly number[]): string {
  const [lead, pixels] = [shape.slice(0, 2), shape.slice(2)];
  const opened = c.reshape(name, [...lead, ...pixels.flatMap((extent) => [extent, 1])]);
  const filled = [...lead, ...pixels.flatMap((extent, axis) => [extent, times[axis]!])];
  const copies = c.op("Expand", [opened, c.builder.ints(filled)]);
  return c.reshape(copies, [...lead, ...pixels.map((extent, axis) => extent * times[axis]!)]);
}

/** Every pixel `times` as wide, filled with zeros. */
function insertZeros(c: RuleContext, name: string, shape: readonly number[], times: readonly number[]): string {
  if (times.every((stride) => stride === 1)) return name;
  const [lead, pixels] = [shape.slice(0, 2), shape.slice(2)];
  const opened = c.reshape(name, [...lead, ...pixels.flatMap((extent) => [extent, 1])]);
  const after = [0, 0, ...times.flatMap((stride) => [0, stride - 1])];
  const padded = c.pad(
    opened,
    after.map(() => 0),
    after,
  );
  return c.reshape(padded, [...lead, ...pixels.map((extent, axis) => extent * times[axis]!)]);
}

/** Crops `begin` pixels (pads where negative) and crops or pads the end to the extents of `shape`. */
function framed(
  c: RuleContext,
  name: string,
  shape: readonly number[],
  begin: readonly number[],
  extents: readonly number[],
): string {
  const before = begin.map((extent) => -extent);
  const after = begin.map((extent, axis) => shape[axis + 2]! + extent - extents[axis]!);
  return c.pad(name, [0, 0, ...before], [0, 0, ...after]);
}

const pixelAxes = (shape: readonly number[]) => shape.map((_, axis) => axis).slice(2);

/** y = mean of the pixels of a channel: dX = dY / pixels. */
const globalAveragePool: GradientRule = (c) => {
  const shape = c.shape(c.x());
  return [c.op("Expand", [c.scale(c.dy(), 1 / sizeOf(shape.slice(2))), c.builder.ints(shape)])];
};

/** y = max of the pixels of a channel: dY goes to the pixels equal to y, shared evenly among ties. */
const globalMaxPool: GradientRule = (c) => {
  const chosen = c.op("CastLike", [c.op("Equal", [c.x(), c.y()]), c.scalar(0)]);
  return [c.mul(chosen, c.op("Div", [c.dy(), c.sum(chosen, pixelAxes(c.shape(c.x())), 1)]))];
};

export const poolingRules: Record<string, GradientRule> = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globalAveragePool,
  GlobalMaxPool: globalMaxPool,
};
