/**
 * @file Convolutions as linear maps of patches. At each output position, h_a is the patch (C_in k_h k_w values, padding
 * included) and h_b the output channels, with the bias, also where another node adds it. W is the kernel as (C_out,
 * C_in k_h k_w). A grouped convolution is one map per group. A depthwise one, or one of many groups, is one map whose W
 * has the groups as blocks on its diagonal.
 */
import { matrix } from "../../linalg/matrix.ts";
import { int, intAttribute, intsAttribute, type Node, stringAttribute } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import { float32, type Tensor, toFloat64 } from "../../onnx/tensor.ts";
import { type AddedBias, type Channels, channelBias } from "./addedBias.ts";
import { type Found, type GraphContext, MAX_GROUPS, type Measurable } from "./linearMap.ts";
import type { Axis } from "./valueLayout.ts";

/** The geometry of a convolution over its spatial axes. */
export interface Geometry {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Begin of each axis, then end of each. */
  readonly pads: readonly number[];
  readonly output: readonly number[];
}

export function findConv(node: Node, s: GraphContext): Found {
  const [x, weight] = node.inputs as [string, string];
  const refused = operands(node, s);
  if (refused !== undefined) return refused;
  const groups = intAttribute(node, "group", 1);
  const [outputs, channels, ...kernel] = s.values.get(weight)!.shape as [number, number, ...number[]];
  if (!Number.isInteger(outputs / groups)) return "a convolution whose kernel does not fit its input";
  const { hb, bias, name } = outputOf(node, s);
  const spatial = (value: string) => s.values.get(value)!.shape.slice(2);
  const geometry = geometryOf(node, kernel, spatial(x), spatial(node.outputs[0]!));
  const whole = { node, hb, bias, geometry };
  if (isOneMap(groups, channels, outputs / groups))
    return [convolutionMap({ ...whole, name, blocks: groups, outputs, channels: channels * groups }, s)];
  return Array.from({ length: groups }, (_, group) => {
    const part: Part = {
      ...whole,
      ...{ name: groups === 1 ? name : `${name}.group${group}`, blocks: 1, outputs: outputs / groups, channels },
      ...(groups > 1 && { group }),
    };
    return convolutionMap(part, s);
  });
}

/** Why a node is no convolution of the data with a constant kernel. */
export function operands(node: Node, { isWeight, values }: GraphContext): string | undefined {
  const [x, weight] = node.inputs as [string, string];
  if (!isWeight(weight)) return "a convolution whose kernel depends on the data";
  if (isWeight(x)) return "both operands are constant";
  const rank = values.get(weight)!.shape.length;
  return rank < 3 || rank !== values.get(x)!.shape.length
    ? "a convolution whose kernel does not fit its input"
    : undefined;
}

/**
 * Whether the groups of a convolution are one map with a block diagonal W. A group of one channel (depthwise) has
 * nothing to align, and more than MAX_GROUPS maps are too many to look at.
 */
export function isOneMap(groups: number, inputs: number, outputs: number): boolean {
  return groups > 1 && (inputs === 1 || outputs === 1 || groups > MAX_GROUPS);
}

interface Output {
  /** The value with the bias added. */
  readonly hb: Channels;
  readonly bias: Pick<AddedBias, "constant" | "sign"> | undefined;
  readonly name: string;
}

/** Output, bias and name of a convolution, whichever node adds the bias. */
export function outputOf(node: Node, s: GraphContext): Output {
  const output: Channels = { value: node.outputs[0]!, axis: 1 };
  const own = node.inputs[2] || undefined;
  const added = own === undefined ? channelBias(output, s) : undefined;
  return {
    hb: added === undefined ? output : { value: added.sum, axis: added.axis },
    bias: own === undefined ? added : { constant: own, sign: 1 },
    name: s.moduleName(node, node.inputs[1]!, own ?? added?.constant),
  };
}

/** The part of a convolution that forms one map: all of it, or one of its groups. */
interface Part extends Output {
  readonly node: Node;
  readonly geometry: Geometry;
  /** Absent where the map is the whole convolution. */
  readonly group?: number;
  /** Equal blocks on the diagonal of W. */
  readonly blocks: number;
  /** Channels of the part. */
  readonly outputs: number;
  readonly channels: number;
}

function convolutionMap(
  { node, hb, bias, name, geometry, group, blocks, outputs, channels }: Part,
  s: GraphContext,
): Measurable {
  const [x, weight] = node.inputs as [string, string];
  const xShape = s.values.get(x)!.shape;
  const { kernel } = geometry;
  const positions = kernel.reduce((product, extent) => product * extent, 1);
  const dIn = channels * positions;
  const channelsLast = [0, ...kernel.map((_, i) => i + 2), 1];
  const part = (builder: GraphBuilder, value: string, axis: number, size: number) =>
    group === undefined ? value : slice(builder, value, [axis], [group * size], [(group + 1) * size]);
  const ownInput = (builder: GraphBuilder) =>
    builder.op("Transpose", [part(builder, x, 1, channels)], { perm: { ints: channelsLast } });
  const isWhole = group === undefined && blocks === 1;
  return {
    name,
    kind: "conv",
    dOut: outputs,
    rows: xShape[0]! * geometry.output.reduce((product, extent) => product * extent, 1),
    hb: hb.value,
    ...(isWhole && { layout: channelLayout(s.values.get(hb.value)!.shape, hb.axis) }),
    outputRows(builder, value) {
      const last = channelsToEnd(
        builder,
        part(builder, value, hb.axis, outputs),
        hb.axis,
        s.values.get(hb.value)!.shape.length,
      );
      return builder.op("Reshape", [last, builder.ints([-1, outputs])]);
    },
    input: {
      dIn,
      ...(isWhole && { reads: { node, value: x, axes: [1], inner: positions } }),
      bias: bias ? (value) => biasValues(value(bias.constant), bias.sign, group ?? 0, outputs) : null,
      columnOrder: [positions, channels],
      inputRows: (builder) =>
        builder.op("Reshape", [patches(builder, ownInput(builder), geometry), builder.ints([-1, dIn])]),
      someRows: (builder, rows) => patchesAt(builder, ownInput(builder), xShape, rows, geometry, channels),
      weightRows(builder) {
        // (C_out, C, k...) -> (C_out, k..., C): the order of the patches' columns.
        const last = builder.op("Transpose", [part(builder, weight, 0, outputs)], { perm: { ints: channelsLast } });
        if (blocks === 1) return builder.op("Reshape", [last, builder.ints([outputs, dIn])]);
        const size = [blocks, outputs / blocks, positions, 1, channels / blocks];
        const spread = builder.op("Mul", [
          builder.op("Reshape", [last, builder.ints(size)]),
          diagonal(builder, blocks, [blocks, 1, 1, blocks, 1]),
        ]);
        return builder.op("Reshape", [spread, builder.ints([outputs, dIn])]);
      },
      weight: (value) =>
        matrix(
          outputs,
          dIn,
          blockDiagonal(kernelOf(value(weight), group ?? 0, outputs, dIn / blocks), outputs, blocks),
        ),
    },
  };
}

/** 1 where the block of a row is the block of a column: blocks x blocks numbers in a shape that broadcasts. */
export function diagonal(builder: GraphBuilder, blocks: number, shape: readonly number[]): string {
  const ones = new Float32Array(blocks * blocks);
  for (let i = 0; i < blocks; i++) ones[i * (blocks + 1)] = 1;
  return builder.constant(float32(ones, shape));
}

/**
 * The rows of equal blocks on the diagonal of a matrix, with zeros elsewhere.
 *
 * @param data (rows, width) row i belongs to block floor(i blocks / rows)
 */
export function blockDiagonal(data: Float64Array, rows: number, blocks: number): Float64Array {
  if (blocks === 1) return data;
  const width = data.length / rows;
  const spread = new Float64Array(data.length * blocks);
  for (let row = 0; row < rows; row++) {
    const block = Math.floor((row * blocks) / rows);
    spread.set(data.subarray(row * width, (row + 1) * width), (row * blocks + block) * width);
  }
  return spread;
}

/** A value with its channel axis moved to the end. */
export function channelsToEnd(builder: GraphBuilder, value: string, at: number, rank: number): string {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return builder.op("Transpose", [value], { perm: { ints: [...axes.filter((axis) => axis !== at), at] } });
}

/** A value in memory whose axis `at` runs over channels. */
function channelLayout(shape: readonly number[], at: number): Axis[] {
  return shape.map((extent, axis) => ({ extent, step: axis === at ? 1 : null }));
}

export function biasValues(bias: Tensor, sign: number, group: number, dOut: number): Float64Array {
  return toFloat64(bias)
    .slice(group * dOut, (group + 1) * dOut)
    .map((value) => sign * value);
}

function kernelOf(kernel: Tensor, group: number, dOut: number, width: number): Float64Array {
  return toFloat64(kernel).slice(group * dOut * width, (group + 1) * dOut * width);
}

/**
 * The patches of x (N, spatial..., C) at each output position: (N, output..., positions * C). One strided slice per
 * kernel position, concatenated: copies of whole channels, without a transpose of the large result.
 */
export function patches(
  builder: GraphBuilder,
  x: string,
  { kernel, strides, dilations, pads, output }: Geometry,
): string {
  const axes = kernel.map((_, i) => i + 1);
  const rank = kernel.length;
  const padded = padding(builder, x, pads);
  const pieces = kernelPositions(kernel).map((position) => {
    const starts = position.map((k, i) => k * dilations[i]!);
    const ends = starts.map((start, i) => start + (output[i]! - 1) * strides[i]! + 1);
    return slice(builder, padded, axes, starts, ends, strides);
  });
  return pieces.length === 1 ? pieces[0]! : builder.op("Concat", pieces, { axis: int(rank + 1) });
}

/**
 * The patches of x (N, spatial..., C) at some output positions: (rows, positions * C), by one Gather of pixels.
 *
 * @param shape of x in the graph's own layout, (N, channels of all groups, spatial...)
 * @param rows output positions, counted over samples and spatial axes in row-major order
 */
function patchesAt(
  builder: GraphBuilder,
  x: string,
  shape: readonly number[],
  rows: readonly number[],
  { kernel, strides, dilations, pads, output }: Geometry,
  channels: number,
): string {
  const extents = kernel.map((_, i) => shape[i + 2]! + pads[i]! + pads[i + kernel.length]!);
  const positions = kernelPositions(kernel);
  const perSample = output.reduce((product, extent) => product * extent, 1);
  const pixels = rows.flatMap((row) => {
    const sample = Math.floor(row / perSample);
    const place: number[] = [];
    for (let i = output.length - 1, rest = row % perSample; i >= 0; rest = Math.floor(rest / output[i]!), i--)
      place[i] = rest % output[i]!;
    return positions.map((position) =>
      position.reduce((at, k, i) => at * extents[i]! + place[i]! * strides[i]! + k * dilations[i]!, sample),
    );
  });
  const flat = builder.op("Reshape", [padding(builder, x, pads), builder.ints([-1, channels])]);
  const found = builder.op("Gather", [flat, builder.ints(pixels)], { axis: int(0) });
  return builder.op("Reshape", [found, builder.ints([rows.length, positions.length * channels])]);
}

/** x (N, spatial..., C) with zeros around it. */
function padding(builder: GraphBuilder, x: string, pads: readonly number[]): string {
  const rank = pads.length / 2;
  if (pads.every((pad) => pad === 0)) return x;
  return builder.op("Pad", [x, builder.ints([0, ...pads.slice(0, rank), 0, 0, ...pads.slice(rank), 0])]);
}

/** All positions of a kernel in row-major order. */
function kernelPositions(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>(
    (positions, extent) => positions.flatMap((head) => Array.from({ length: extent }, (_, k) => [...head, k])),
    [[]],
  );
}

export function slice(
  builder: GraphBuilder,
  value: string,
  axes: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
  steps: readonly number[] = axes.map(() => 1),
): string {
  return builder.op("Slice", [value, ...[starts, ends, axes, steps].map((list) => builder.ints(list))]);
}

/** Reads the attributes; auto_pad as defined by the operator (ONNX, Conv). */
function geometryOf(
  node: Node,
  kernel: readonly number[],
  input: readonly number[],
  output: readonly number[],
): Geometry {
  const strides = intsAttribute(node, "strides") ?? kernel.map(() => 1);
  const dilations = intsAttribute(node, "dilations") ?? kernel.map(() => 1);
  const mode = stringAttribute(node, "auto_pad", "NOTSET");
  let pads = intsAttribute(node, "pads") ?? [...kernel, ...kernel].map(() => 0);
  if (mode === "VALID") pads = [...kernel, ...kernel].map(() => 0);
  if (mode === "SAME_UPPER" || mode === "SAME_LOWER") {
    const totals = kernel.map((k, i) =>
      Math.max(0, (output[i]! - 1) * strides[i]! + (k - 1) * dilations[i]! + 1 - input[i]!),
    );
    const small = totals.map((total) => Math.floor(total / 2));
    const large = totals.map((total, i) => total - small[i]!);
    pads = mode === "SAME_UPPER" ? [...small, ...large] : [...large, ...small];
  }
  return { kernel, strides, dilations, pads, output };
}
