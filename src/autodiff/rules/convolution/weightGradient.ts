/**
 * @file Gradient of a convolution with respect to its kernel, dW[m, c, k] = sum_n,o dY[n, m, o] X[n, c, o s + k d - p]:
 * matrix products of dY with the entries of X at each kernel position k. As one Conv with swapped axes it would take up
 * to three times as long (docs/log.md). Batches too large for a cache are processed a few samples at a time, in a Scan.
 */
import { GraphBuilder } from "../../../onnx/graphBuilder.ts";
import { sizeOf, type Tensor } from "../../../onnx/tensor.ts";
import type { RuleContext } from "../../rule.ts";
import { positions, span, type Window } from "./geometry.ts";

/** chosen: 2 MB of float32, so that patches stay near a second-level cache from their gathering to their product. */
const PATCHES_LIMIT = 2 ** 19;
/** chosen: with this many pixels a product of one sample is as fast as one over several (docs/log.md). */
const PIXELS_ALONE = 256;
/**
 * chosen: with fewer channels than a register tile of the matrix product, a row of the kernel goes into one product.
 */
const FEW_CHANNELS = 16;

/** Both images of a convolution, with their geometry. */
export interface Images {
  /** (N, C, wide...) */
  readonly X: string;
  readonly xShape: readonly number[];
  /** (N, M, narrow...) */
  readonly dY: string;
  readonly yShape: readonly number[];
  readonly window: Window;
  readonly group: number;
}

/** @returns (M, C/group, kernel...) */
export function weightGradient(c: RuleContext, images: Images): string {
  const { xShape, yShape, window, group } = images;
  const [C, M] = [xShape[1]!, yShape[1]!];
  const kernel = sizeOf(window.kernel);
  const strided = window.strides.some((stride) => stride > 1);
  if (kernel > 1 && isTiling(images)) return tiled(c, images);
  if (group === 1 && C < FEW_CHANNELS && kernel > 1) return byRows(c, images);
  if (group === 1 && (kernel > 1 || strided)) return channelsLast(c, images);
  if (strided && kernel > 1 && group === C && group === M) return depthwiseChannelsLast(c, images);
  return batched(c, images);
}

/** X with its padding, just long enough for the last window, or of the given spatial extents. */
function padded(c: RuleContext, { X, xShape, yShape, window }: Images, extents?: readonly number[]): string {
  const { kernel, strides, dilations, begin } = window;
  const after = kernel.map((k, axis) => {
    const needed = (yShape[axis + 2]! - 1) * strides[axis]! + span(k, dilations[axis]!);
    return (extents?.[axis] ?? needed) - begin[axis]! - xShape[axis + 2]!;
  });
  return c.pad(X, [0, 0, ...begin], [0, 0, ...after]);
}

/** The entries of padded X at position k of the kernel; `first` is the first spatial axis. */
function shifted(c: RuleContext, X: string, { yShape, window }: Images, k: readonly number[], first = 2): string {
  const { kernel, strides, dilations } = window;
  const starts = k.map((position, axis) => position * dilations[axis]!);
  const ends = starts.map((start, axis) => start + (yShape[axis + 2]! - 1) * strides[axis]! + 1);
  const axes = kernel.map((_, axis) => axis + first);
  return sizeOf(kernel) === 1 && strides.every((s) => s === 1) ? X : c.slice(X, starts, ends, axes, strides);
}

/** Parts (M, C/group) for each position of the kernel, or several concatenated, joined to (M, C/group, kernel...). */
function joined(c: RuleContext, parts: readonly string[], { xShape, yShape, window, group }: Images): string {
  const [M, perGroup] = [yShape[1]!, xShape[1]! / group];
  const side = parts.length === 1 ? parts[0]! : c.op("Concat", parts, { axis: { int: 1 } });
  const last = c.transpose(c.reshape(side, [M, sizeOf(window.kernel), perGroup]), [0, 2, 1]);
  return c.reshape(last, [M, perGroup, ...window.kernel]);
}

/** One product per sample and group, (M/group, P) times (P, C/group), summed over the samples. */
function batched(c: RuleContext, images: Images): string {
  const { xShape, dY, yShape, window, group } = images;
  const [N, C] = xShape as [number, number];
  const [M, P] = [yShape[1]!, sizeOf(yShape.slice(2))];
  const rows = c.reshape(dY, [N, group, M / group, P]);
  const X = padded(c, images);
  const parts = positions(window.kernel).map((k) => {
    const columns = c.transpose(c.reshape(shifted(c, X, images, k), [N, group, C / group, P]), [0, 1, 3, 2]);
    return c.reshape(c.sum(c.op("MatMul", [rows, columns]), [0], 0), [M, C / group]);
  });
  return joined(c, parts, images);
}

/**
 * With the channels last, patches are gathered pixel by pixel, and one product per row of the kernel sums over all
 * samples. Large images have one product per sample, so that a thread multiplies what it has gathered itself.
 */
function channelsLast(c: RuleContext, images: Images): string {
  const { X, xShape, dY, yShape, window } = images;
  const [N, C, M] = [xShape[0]!, xShape[1]!, yShape[1]!];
  const width = C * window.kernel.at(-1)!;
  const fits = (count: number) => N % count === 0 && (N / count) * sizeOf(yShape.slice(2)) * width <= PATCHES_LIMIT;
  let count = 1;
  while (count < N && !fits(count)) count++;
  if (count === 1) return joined(c, products(c, images), images);
  const cut = (shape: readonly number[]) => [N / count, ...shape.slice(1)];
  const g = new GraphBuilder("samples");
  const rows = sizeOf(window.kernel.slice(0, -1));
  const sumShape = sizeOf(yShape.slice(2)) < PIXELS_ALONE ? [M, width] : [N / count, M, width];
  const sums = Array.from({ length: rows }, (_, i) => g.input(`samples/sum/${i}`, c.dtype, sumShape));
  const some = { ...images, xShape: cut(xShape), yShape: cut(yShape) };
  const [someX, someY] = [g.input("samples/X", c.dtype, some.xShape), g.input("samples/dY", c.dtype, some.yShape)];
  for (const sum of products(c.within(g), { ...some, X: someX, dY: someY }, sums)) g.output(sum);
  const zeros = c.zeros(sumShape);
  const scanned = [c.reshape(X, [count, ...some.xShape]), c.reshape(dY, [count, ...some.yShape])];
  const attributes = { body: { graph: g.build() }, num_scan_inputs: { int: scanned.length } };
  const inputs = [...sums.map(() => zeros), ...scanned];
  const results = c.builder.ops("Scan", inputs, attributes, { outputs: rows });
  return joined(c, sumShape.length === 2 ? results : results.map((each) => c.sum(each, [0], 0)), images);
}

/**
 * For each row of the kernel the product (M, N P) times (N P, its positions C), added to its sum where sums are given.
 * Large images have N products (M, P) times (P, its positions C), added to as many sums.
 */
function products(c: RuleContext, images: Images, sums?: readonly string[]): string[] {
  const { X, xShape, dY, yShape, window } = images;
  const [N, C] = xShape as [number, number];
  const [M, P] = [yShape[1]!, sizeOf(yShape.slice(2))];
  const pixels = c.reshape(c.transpose(X, lastOrder(xShape.length)), [N, sizeOf(xShape.slice(2)), C]);
  const withZeros = c.op("Concat", [pixels, c.zeros([N, 1, C])], { axis: { int: 1 } });
  const width = C * window.kernel.at(-1)!;
  const alone = sums !== undefined && P >= PIXELS_ALONE;
  const samples = c.reshape(dY, [N, M, P]);
  const rows = alone ? samples : c.reshape(c.transpose(samples, [1, 0, 2]), [M, N * P]);
  return positions(window.kernel.slice(0, -1)).map((head, i) => {
    const met = c.op("Gather", [withZeros, c.builder.constant(metPixels(images, head))], { axis: { int: 1 } });
    if (alone) return c.add(sums[i]!, c.op("MatMul", [rows, c.reshape(met, [N, P, width])]));
    const patches = c.reshape(met, [N * P, width]);
    return c.op("Gemm", sums === undefined ? [rows, patches] : [rows, patches, sums[i]!]);
  });
}

/**
 * The pixel of X for each pixel of dY and each position of the kernel that begins with `head`; one past the last where
 * it lies outside.
 */
function metPixels({ xShape, yShape, window }: Images, head: readonly number[]): Tensor {
  const { kernel, strides, dilations, begin } = window;
  const wide = xShape.slice(2);
  const ks = positions(kernel.slice(-1)).map((last) => [...head, ...last]);
  const met = positions(yShape.slice(2)).flatMap((pixel) =>
    ks.map((k) => {
      const at = pixel.map((o, axis) => o * strides[axis]! + k[axis]! * dilations[axis]! - begin[axis]!);
      const inside = at.every((value, axis) => value >= 0 && value < wide[axis]!);
      return inside ? at.reduce((index, value, axis) => index * wide[axis]! + value, 0) : sizeOf(wide);
    }),
  );
  return { dtype: "int32", shape: [met.length], data: Int32Array.from(met) };
}

/** Each channel separately: entrywise products, summed by a row of ones. */
function depthwiseChannelsLast(c: RuleContext, images: Images): string {
  const { xShape, dY, yShape, window } = images;
  const [N, C] = xShape as [number, number];
  const rows = N * sizeOf(yShape.slice(2));
  const X = c.transpose(padded(c, images), lastOrder(xShape.length));
  const gradient = c.transpose(dY, lastOrder(yShape.length));
  const ones = c.op("Expand", [c.scalar(1), c.builder.ints([1, rows])]);
  const parts = positions(window.kernel).map((k) => {
    const entrywise = c.reshape(c.mul(gradient, shifted(c, X, images, k, 1)), [rows, C]);
    return c.reshape(c.op("MatMul", [ones, entrywise]), [C, 1]);
  });
  return joined(c, parts, images);
}

const lastOrder = (rank: number) => [0, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 2), 1];

/**
 * Few channels: the positions along the last axis of the kernel are concatenated, one product per row of the kernel. X
 * is first split into its phases modulo the stride, within which shifts are contiguous.
 */
function byRows(c: RuleContext, images: Images): string {
  const { xShape, dY, yShape, window } = images;
  const [N, C] = xShape as [number, number];
  const [M, P] = [yShape[1]!, sizeOf(yShape.slice(2))];
  const rows = c.reshape(dY, [N, M, P]);
  const last = window.kernel.at(-1)!;
  const cut = phases(c, images);
  const parts = positions(window.kernel.slice(0, -1)).map((head) => {
    const shifts = Array.from({ length: last }, (_, k) => cut([...head, k]));
    const side = shifts.length === 1 ? shifts[0]! : c.op("Concat", shifts, { axis: { int: 1 } });
    const columns = c.transpose(c.reshape(side, [N, last * C, P]), [0, 2, 1]);
    return c.reshape(c.sum(c.op("MatMul", [rows, columns]), [0], 0), [1, M, last, C]);
  });
  const stack = parts.length === 1 ? parts[0]! : c.op("Concat", parts, { axis: { int: 0 } });
  return c.reshape(c.transpose(stack, [1, 3, 0, 2]), [M, C, ...window.kernel]);
}

/** A function that slices the entries at position k out of X. */
function phases(c: RuleContext, images: Images): (k: readonly number[]) => string {
  const { xShape, yShape, window } = images;
  const { kernel, strides, dilations } = window;
  if (strides.every((stride) => stride === 1)) {
    const X = padded(c, images);
    return (k) => shifted(c, X, images, k);
  }
  const [N, C] = xShape as [number, number];
  const coarse = kernel.map(
    (k, axis) => yShape[axis + 2]! + Math.floor((span(k, dilations[axis]!) - 1) / strides[axis]!),
  );
  const X = padded(
    c,
    images,
    coarse.map((extent, axis) => extent * strides[axis]!),
  );
  const opened = c.reshape(X, [N, C, ...coarse.flatMap((extent, axis) => [extent, strides[axis]!])]);
  const axes = kernel.map((_, axis) => axis);
  const sorted = c.transpose(opened, [...axes.map((a) => 2 * a + 3), 0, 1, ...axes.map((a) => 2 * a + 2)]);
  const flat = c.reshape(sorted, [sizeOf(strides) * N, C, ...coarse]);
  return (k) => {
    const at = k.map((position, axis) => position * dilations[axis]!);
    const phase = at.reduce((index, value, axis) => index * strides[axis]! + (value % strides[axis]!), 0);
    const starts = at.map((value, axis) => Math.floor(value / strides[axis]!));
    const ends = starts.map((start, axis) => start + yShape[axis + 2]!);
    return c.slice(flat, [phase * N, ...starts], [(phase + 1) * N, ...ends], [0, ...axes.map((a) => a + 2)]);
  };
}

/** Whether windows are adjacent without gaps, as in a patch embedding. */
function isTiling({ window, group }: Images): boolean {
  const { kernel, strides, dilations } = window;
  return group === 1 && kernel.every((k, axis) => k === strides[axis] && (k === 1 || dilations[axis] === 1));
}

/** Adjacent windows: a rearrangement makes X a matrix of patches, (N P, C kernel), and one product remains. */
function tiled(c: RuleContext, images: Images): string {
  const { xShape, dY, yShape, window } = images;
  const [N, C] = xShape as [number, number];
  const [M, narrow] = [yShape[1]!, yShape.slice(2)];
  const P = sizeOf(narrow);
  const opened = c.reshape(padded(c, images), [
    N,
    C,
    ...narrow.flatMap((extent, axis) => [extent, window.kernel[axis]!]),
  ]);
  const axes = narrow.map((_, axis) => axis);
  const sorted = c.transpose(opened, [0, ...axes.map((a) => 2 * a + 2), 1, ...axes.map((a) => 2 * a + 3)]);
  const patches = c.reshape(sorted, [N * P, C * sizeOf(window.kernel)]);
  const rows = c.reshape(c.transpose(c.reshape(dY, [N, M, P]), [1, 0, 2]), [M, N * P]);
  return c.reshape(c.op("MatMul", [rows, patches]), [M, C, ...window.kernel]);
}
