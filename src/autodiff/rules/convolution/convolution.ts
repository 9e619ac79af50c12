/** @file Gradients of Conv and ConvTranspose, with one or more spatial axes and with groups. */
import { intsAttribute, stringAttribute } from "../../../onnx/graph.ts";
import type { GradientRule, RuleContext } from "../../rule.ts";
import { span, type Window, windowAttributes, windowOf } from "./geometry.ts";
import { inputGradient } from "./inputGradient.ts";
import { weightGradient } from "./weightGradient.ts";

/** The bias is added to every pixel: its gradient is the sum over samples and pixels. */
function biasGradient(c: RuleContext): string {
  const [N, M, ...pixels] = c.shape(c.y()) as [number, number];
  const P = pixels.reduce((product: number, extent: number) => product * extent, 1);
  return c.sum(c.reshape(c.dy(), [N, M, P], c.shape(c.y())), [0, 2], 0);
}

/** Y[n, m, o] = sum_c,k W[m, c, k] X[n, c, o s + k d - p] + b[m]. */
const conv: GradientRule = (c) => {
  const [xShape, yShape] = [c.shape(c.x()), c.shape(c.y())];
  const wide = xShape.slice(2);
  const window = windowOf(c, c.shape(c.x(1)).slice(2), wide, yShape.slice(2));
  const group = c.int("group", 1);
  const images = { X: c.x(), xShape, dY: c.dy(), yShape, window, group };
  return [
    c.needs(0) ? inputGradient(c, c.dy(), c.x(1), window, group, wide) : undefined,
    c.needs(1) ? weightGradient(c, images) : undefined,
    c.needs(2) ? biasGradient(c) : undefined,
  ];
};

/**
 * The window of ConvTranspose. The crop at the end follows from the extents, which include output_shape and
 * output_padding.
 */
function transposedWindow(c: RuleContext, wide: readonly number[], narrow: readonly number[]): Window {
  const given = windowOf(c, c.shape(c.x(1)).slice(2), wide, narrow);
  const extra = intsAttribute(c.node, "output_padding") ?? wide.map(() => 0);
  const covered = given.kernel.map((k, i) => (narrow[i]! - 1) * given.strides[i]! + span(k, given.dilations[i]!));
  const totals = covered.map((extent, i) => extent + extra[i]! - wide[i]!);
  const autoPad = stringAttribute(c.node, "auto_pad", "NOTSET");
  const automatic = autoPad.startsWith("SAME") || intsAttribute(c.node, "output_shape") !== undefined;
  const half = autoPad === "SAME_UPPER" ? Math.floor : Math.ceil; // the odd one goes to the other side
  const begin = automatic ? totals.map((total) => half(Math.max(total, 0) / 2)) : given.begin;
  return { ...given, begin, end: covered.map((extent, i) => extent - begin[i]! - wide[i]!) };
}

/**
 * The transpose of a convolution that takes Y to X with the same W of shape (C, M/group, kernel...): dX is that
 * convolution of dY, and dW its kernel's gradient with the images exchanged.
 */
const convTranspose: GradientRule = (c) => {
  const [xShape, yShape] = [c.shape(c.x()), c.shape(c.y())];
  const window = transposedWindow(c, yShape.slice(2), xShape.slice(2));
  const group = c.int("group", 1);
  const images = { X: c.dy(), xShape: yShape, dY: c.x(), yShape: xShape, window, group };
  const dX = () => {
    const met = c.pad(c.dy(), [0, 0, ...window.begin.map(() => 0)], [0, 0, ...window.end.map((p) => Math.min(p, 0))]);
    const end = window.end.map((p) => Math.max(p, 0));
    return c.op("Conv", [met, c.x(1)], windowAttributes({ ...window, end }, group));
  };
  return [
    c.needs(0) ? dX() : undefined,
    c.needs(1) ? weightGradient(c, images) : undefined,
    c.needs(2) ? biasGradient(c) : undefined,
  ];
};

export const convolutionRules: Record<string, GradientRule> = { Conv: conv, ConvTranspose: convTranspose };
