/**
 * @file Gradient of a convolution with respect to its input. With stride 1 it is the convolution of dY with the kernel
 * flipped and its channels swapped, which ONNX Runtime runs as fast as the forward pass. With larger strides the
 * flipped form would multiply zeros, so ConvTranspose is faster (docs/log.md has the times).
 */
import { sizeOf } from "../../../onnx/tensor.ts";
import type { RuleContext } from "../../rule.ts";
import { span, type Window, windowAttributes } from "./geometry.ts";

/**
 * @param dY (N, M, narrow...) gradient of the result
 * @param W (M, C/group, kernel...)
 * @param wide spatial extents of the result, the input of the convolution
 * @returns (N, C, wide...)
 */
export function inputGradient(
  c: RuleContext,
  dY: string,
  W: string,
  window: Window,
  group: number,
  wide: readonly number[],
): string {
  if (window.strides.every((stride) => stride === 1)) return asConvolution(c, dY, W, window, group);
  const narrow = c.shape(c.node.op === "Conv" ? c.y() : c.x()).slice(2);
  const uncovered = wide.map((extent, axis) => {
    const { kernel, strides, dilations, begin, end } = window;
    const covered = (narrow[axis]! - 1) * strides[axis]! + span(kernel[axis]!, dilations[axis]!);
    return extent - (covered - begin[axis]! - end[axis]!);
  });
  const attributes = { ...windowAttributes(window, group), output_padding: { ints: uncovered } };
  return c.op("ConvTranspose", [dY, W], attributes);
}

/** Padding d (k - 1) - p on each side; where this is negative dY is cropped. */
function asConvolution(c: RuleContext, dY: string, W: string, window: Window, group: number): string {
  const { kernel, dilations, begin, end } = window;
  const padding = (given: readonly number[]) => given.map((p, axis) => span(kernel[axis]!, dilations[axis]!) - 1 - p);
  const [before, after] = [padding(begin), padding(end)];
  const cut = (pads: readonly number[]) => [0, 0, ...pads.map((p) => Math.min(p, 0))];
  const kept = (pads: readonly number[]) => pads.map((p) => Math.max(p, 0));
  const mirrored: Window = { ...window, begin: kept(before), end: kept(after) };
  const inside = c.pad(dY, cut(before), cut(after));
  return c.op("Conv", [inside, flipped(c, W, window, group)], windowAttributes(mirrored, group));
}

/**
 * (M, C/group, kernel...) to (C, M/group, kernel...), reversed along the kernel by a permutation matrix: a Slice with
 * negative steps takes six times as long. The engine folds it where W is constant.
 */
function flipped(c: RuleContext, W: string, { kernel }: Window, group: number): string {
  const [M, perGroup] = c.shape(W) as [number, number];
  const K = sizeOf(kernel);
  const entry = (_: unknown, i: number) => Number(Math.floor(i / K) + (i % K) === K - 1);
  const reversal = () => c.vector(Array.from({ length: K * K }, entry), [K, K]);
  const flat = c.reshape(W, [M * perGroup, K]);
  const split = c.reshape(K > 1 ? c.op("MatMul", [flat, reversal()]) : flat, [group, M / group, perGroup, K]);
  return c.reshape(c.transpose(split, [0, 2, 1, 3]), [group * perGroup, M / group, ...kernel]);
}
