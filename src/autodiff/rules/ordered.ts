/**
 * @file Gradients of operators that depend on the order of entries: running sums, triangles, reversed sequences, pixels
 * moved between space and channels.
 */
import { int, stringAttribute } from "../../onnx/graph.ts";
import type { GradientRule } from "../rule.ts";

/** Y is the running sum of X along an axis: dX is the running sum of dY from the other end. */
const cumSum: GradientRule = (c) => {
  const attributes = { exclusive: int(c.int("exclusive", 0)), reverse: int(1 - c.int("reverse", 0)) };
  return [c.op("CumSum", [c.dy(), c.x(1)], attributes), undefined];
};

/** y_i = start + i delta: dStart = sum dY, dDelta = sum i dY. */
const range: GradientRule = (c) => {
  const [n] = c.shape(c.y()) as [number];
  const places = () => c.vector(Array.from({ length: n }, (_, i) => i));
  return [
    c.needs(0) ? c.reshape(c.sum(c.dy(), [0], 0), c.shape(c.x(0))) : undefined,
    undefined,
    c.needs(2) ? c.reshape(c.sum(c.mul(c.dy(), places()), [0], 0), c.shape(c.x(2))) : undefined,
  ];
};

/** Y keeps a triangle of X: dX keeps the same triangle of dY. */
const trilu: GradientRule = (c) => {
  const diagonal = c.has(1) ? [c.x(1)] : [];
  return [c.op("Trilu", [c.dy(), ...diagonal], { upper: int(c.int("upper", 1)) })];
};

/** The first entries of each sequence are reversed, the rest kept: its own inverse. */
const reverseSequence: GradientRule = (c) => [c.op("ReverseSequence", [c.dy(), c.x(1)], c.node.attributes), undefined];

/** Channels become blocks of pixels; the mode decides which part of a channel's number counts within the block. */
const depthToSpace: GradientRule = (c) => {
  const block = { blocksize: int(c.int("blocksize", 1)) };
  if (stringAttribute(c.node, "mode", "DCR") === "DCR") return [c.op("SpaceToDepth", [c.dy()], block)];
  const [N, C, H, W] = c.shape(c.x()) as [number, number, number, number];
  const b = c.int("blocksize", 1);
  const blocks = c.reshape(c.dy(), [N, C / (b * b), H, b, W, b]);
  return [c.reshape(c.transpose(blocks, [0, 1, 3, 5, 2, 4]), [N, C, H, W])];
};

/** Blocks of pixels become channels. */
const spaceToDepth: GradientRule = (c) => [c.op("DepthToSpace", [c.dy()], { blocksize: int(c.int("blocksize", 1)) })];

export const orderedRules: Record<string, GradientRule> = {
  CumSum: cumSum,
  Range: range,
  Trilu: trilu,
  ReverseSequence: reverseSequence,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
};
