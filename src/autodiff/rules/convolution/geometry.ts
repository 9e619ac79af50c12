/**
 * @file How a window slides over an image: kernel, strides, dilations and padding of convolutions and pooling, from a
 * bound node.
 */
import { intsAttribute, stringAttribute } from "../../../onnx/graph.ts";
import { NotDifferentiableError } from "../../notDifferentiable.ts";
import type { RuleContext } from "../../rule.ts";

/** One entry per spatial axis. Output o covers the inputs o stride + k dilation - begin, k = 0..kernel-1. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before and after. */
  readonly begin: readonly number[];
  readonly end: readonly number[];
}

/**
 * @param wide spatial extents of the larger image (input of Conv and pooling, output of ConvTranspose)
 * @param narrow spatial extents of the other image
 */
export function windowOf(
  c: RuleContext,
  kernel: readonly number[],
  wide: readonly number[],
  narrow: readonly number[],
): Window {
  if (kernel.length === 0 || kernel.length !== wide.length)
    throw new NotDifferentiableError(
      c.node,
      `expected a window of ${wide.length} axes, got ${kernel.length}; the model is malformed`,
    );
  const ones = kernel.map(() => 1);
  const strides = intsAttribute(c.node, "strides") ?? ones;
  const dilations = intsAttribute(c.node, "dilations") ?? ones;
  const given = intsAttribute(c.node, "pads") ?? kernel.flatMap(() => [0, 0]);
  const autoPad = stringAttribute(c.node, "auto_pad", "NOTSET");
  const rank = kernel.length;
  if (!autoPad.startsWith("SAME"))
    return { kernel, strides, dilations, begin: given.slice(0, rank), end: given.slice(rank) };
  const totals = kernel.map((k, axis) =>
    Math.max((narrow[axis]! - 1) * strides[axis]! + span(k, dilations[axis]!) - wide[axis]!, 0),
  );
  const small = totals.map((total) => Math.floor(total / 2));
  const large = totals.map((total) => Math.ceil(total / 2));
  const upper = autoPad === "SAME_UPPER"; // the odd one goes to the end
  return { kernel, strides, dilations, begin: upper ? small : large, end: upper ? large : small };
}

/** Entries from the first to the last that a dilated kernel covers. */
export function span(kernel: number, dilation: number): number {
  return dilation * (kernel - 1) + 1;
}

/** Attributes of Conv and ConvTranspose for a window. */
export function windowAttributes(window: Window, group: number) {
  const { kernel, strides, dilations, begin, end } = window;
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    dilations: { ints: dilations },
    pads: { ints: [...begin, ...end] },
    group: { int: group },
  };
}

/** All positions of a box in row-major order. */
export function positions(extents: readonly number[]): number[][] {
  return extents.reduce<number[][]>(
    (found, extent) => found.flatMap((head) => Array.from({ length: extent }, (_, i) => [...head, i])),
    [[]],
  );
}
