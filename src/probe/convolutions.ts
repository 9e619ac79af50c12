/**
 * @file Convolutions as linear maps of patches: under each output position h_a is the patch (C_in k_h k_w values, padding
 * included), W the kernel as (C_out, C_in k_h k_w), h_b the output channels there, with the bias, also where another
 * node adds it. A grouped convolution is one map per group.
 */
import { matrix } from "../linalg/matrix.ts";
import { int, intAttribute, intsAttribute, type Node, stringAttribute } from "../onnx/graph.ts";
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { type Tensor, toFloat64 } from "../onnx/tensor.ts";
import { type AddedBias, type Channels, channelBias } from "./addedBias.ts";
import { type Found, MAX_GROUPS, type Measurable, type Surroundings } from "./linearMap.ts";
import type { Axis } from "./valueLayout.ts";

/** The geometry of a convolution over its spatial axes. */
interface Geometry {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Begin of each axis, then end of each. */
  readonly pads: readonly number[];
  readonly output: readonly number[];
}

export function findConv(node: Node, s: Surroundings): Found {
  const [x, weight] = node.inputs as [string, string];
  if (!s.isWeight(weight)) return "a convolution whose kernel depends on the data";
  if (s.isWeight(x)) return "both operands are constant";
  const groups = intAttribute(node, "group", 1);
  const [outputs, ...others] = s.values.get(weight)!.shape;
  if (others.length < 2 || others.length + 1 !== s.values.get(x)!.shape.length || !Number.isInteger(outputs! / groups))
    return "a convolution whose kernel does not fit its input";
  if (groups > MAX_GROUPS)
    return `a convolution of ${groups} groups; at most ${MAX_GROUPS} are measured, one map a group`;
  const output: Channels = { value: node.outputs[0]!, axis: 1 };
  const own = node.inputs[2] || undefined;
  const added = own === undefined ? channelBias(output, s) : undefined;
  const hb = added === undefined ? output : { value: added.sum, axis: added.axis };
  const name = s.moduleName(node, weight, own ?? added?.constant);
  return Array.from({ length: groups }, (_, group) =>
    convolutionMap(
      node,
      hb,
      {
        ...{ group, groups, name: groups === 1 ? name : `${name}.group${group}` },
        bias: own !== undefined ? { constant: own, sign: 1 } : added,
      },
      s,
    ),
  );
}

function convolutionMap(
  node: Node,
  hb: Channels,
  {
    group,
    groups,
    name,
    bias,
  }: { group: number; groups: number; name: string; bias: Pick<AddedBias, "constant" | "sign"> | undefined },
  s: Surroundings,
): Measurable {
  const [x, weight] = node.inputs as [string, string];
  const xShape = s.values.get(x)!.shape;
  const [outputs, channels, ...kernel] = s.values.get(weight)!.shape as [number, number, ...number[]];
  const geometry = geometryOf(node, kernel, xShape.slice(2), s.values.get(node.outputs[0]!)!.shape.slice(2));
  const dOut = outputs / groups;
  const positions = kernel.reduce((product, extent) => product * extent, 1);
  const dIn = channels * positions;
  const channelsLast = [0, ...kernel.map((_, i) => i + 2), 1];
  const part = (builder: GraphBuilder, value: string, axis: number, size: number) =>
    groups === 1 ? value : slice(builder, value, [axis], [group * size], [(group + 1) * size]);
  const ownKernel = (builder: GraphBuilder) => part(builder, weight, 0, dOut);
  const ownInput = (builder: GraphBuilder) =>
    builder.op("Transpose", [part(builder, x, 1, channels)], { perm: { ints: channelsLast } });
  return {
    name,
    kind: "conv",
    dOut,
    rows: xShape[0]! * geometry.output.reduce((product, extent) => product * extent, 1),
    hb: hb.value,
    ...(groups === 1 && { layout: channelLayout(s.values.get(hb.value)!.shape, hb.axis) }),
    outputRows(builder, value) {
      const axes = s.values.get(hb.value)!.shape.map((_, axis) => axis);
      const perm = { ints: [...axes.filter((axis) => axis !== hb.axis), hb.axis] };
      const last = builder.op("Transpose", [part(builder, value, hb.axis, dOut)], { perm });
      return builder.op("Reshape", [last, builder.ints([-1, dOut])]);
    },
    input: {
      dIn,
      ...(groups === 1 && { reads: { node, value: x, axes: [1], inner: positions } }),
      bias: bias ? (value) => biasValues(value(bias.constant), bias.sign, group, dOut) : null,
      columnOrder: [positions, channels],
      inputRows: (builder) =>
        builder.op("Reshape", [patches(builder, ownInput(builder), geometry), builder.ints([-1, dIn])]),
      someRows: (builder, rows) => patchesAt(builder, ownInput(builder), xShape, rows, geometry, channels),
      weightRows(builder) {
        // (C_out, C, k...) -> (C_out, k..., C): the order of the patches' columns.
        const last = builder.op("Transpose", [ownKernel(builder)], { perm: { ints: channelsLast } });
        return builder.op("Reshape", [last, builder.ints([dOut, dIn])]);
      },
      weight: (value) => matrix(dOut, dIn, groupRows(value(weight), group, dOut, dIn)),
    },
  };
}

/** A value in memory whose axis `at` runs over channels. */
function channelLayout(shape: readonly number[], at: number): Axis[] {
  return shape.map((extent, axis) => ({ extent, step: axis === at ? 1 : null }));
}

function biasValues(bias: Tensor, sign: number, group: number, dOut: number): Float64Array {
  return toFloat64(bias)
    .slice(group * dOut, (group + 1) * dOut)
    .map((value) => sign * value);
}

function groupRows(kernel: Tensor, group: number, dOut: number, dIn: number): Float64Array {
  return toFloat64(kernel).slice(group * dOut * dIn, (group + 1) * dOut * dIn);
}

/**
 * The patches of x (N, spatial..., C) under each output position: (N, output..., positions * C). One strided slice per kernel
 * position, side by side: copies of whole channels, no transpose of the large result.
 */
function patches(builder: GraphBuilder, x: string, { kernel, strides, dilations, pads, output }: Geometry): string {
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
 * The patches of x (N, spatial..., C) under some output positions: (rows, positions * C), by one Gather of pixels.
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

function slice(
  builder: GraphBuilder,
  value: string,
  axes: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
  steps: readonly number[] = axes.map(() => 1),
): string {
  return builder.op("Slice", [value, ...[starts, ends, axes, steps].map((list) => builder.ints(list))]);
}

/** Reads the attributes; auto_pad as the operator's definition has it (ONNX, Conv). */
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
