/**
 * @file Transposed convolutions as linear maps from channels to patches, the mirror image of convolutions. h_a is one
 * input position (C_in values), and W the kernel as (C_out k_h k_w, C_in). h_b is the contribution of that position to
 * the patch of outputs around it, and g_b the patch of the outputs' gradients. With kernel 1 this is the map of the
 * convolution. Groups are as in a convolution.
 *
 * Where patches overlap, h_b is summed before any node sees it. The bias is added to the sum and is no part of the map.
 * Where none overlap, the outputs are h_b with the bias, as for the same map written as a product and DepthToSpace.
 */
import { matrix } from "../../linalg/matrix.ts";
import { intAttribute, intsAttribute, type Node, stringAttribute } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import { type Tensor, toFloat64 } from "../../onnx/tensor.ts";
import type { Channels } from "./addedBias.ts";
import {
  biasValues,
  blockDiagonal,
  channelsToEnd,
  diagonal,
  type Geometry,
  isOneMap,
  operands,
  outputOf,
  patches,
  slice,
} from "./convolutions.ts";
import type { Found, GraphContext, Measurable } from "./linearMap.ts";

export function findConvTranspose(node: Node, s: GraphContext): Found {
  const refused = operands(node, s);
  if (refused !== undefined) return refused;
  const groups = intAttribute(node, "group", 1);
  const [inputs, outputs] = s.values.get(node.inputs[1]!)!.shape as [number, number];
  if (!Number.isInteger(inputs / groups)) return "a convolution whose kernel does not fit its input";
  const name = outputOf(node, s).name;
  if (isOneMap(groups, inputs / groups, outputs))
    return [transposedMap({ node, name, blocks: groups, inputs, outputs: outputs * groups }, s)];
  return Array.from({ length: groups }, (_, group) =>
    transposedMap(
      {
        ...{ node, name: groups === 1 ? name : `${name}.group${group}`, blocks: 1 },
        ...{ inputs: inputs / groups, outputs, ...(groups > 1 && { group }) },
      },
      s,
    ),
  );
}

/** All of a transposed convolution, or one of its groups. */
interface Part {
  readonly node: Node;
  readonly name: string;
  readonly group?: number;
  readonly blocks: number;
  /** Channels of the part. */
  readonly inputs: number;
  readonly outputs: number;
}

function transposedMap({ node, name, group, blocks, inputs, outputs }: Part, s: GraphContext): Measurable {
  const [x, weight] = node.inputs as [string, string];
  const shape = s.values.get(x)!.shape;
  const { geometry, isApart } = geometryOf(node, s);
  const positions = geometry.kernel.reduce((product, extent) => product * extent, 1);
  const dOut = outputs * positions;
  const own = outputOf(node, s);
  const hb: Channels = isApart ? own.hb : { value: node.outputs[0]!, axis: 1 };
  const bias = isApart ? own.bias : undefined;
  const part = (builder: GraphBuilder, value: string, axis: number, size: number) =>
    group === undefined ? value : slice(builder, value, [axis], [group * size], [(group + 1) * size]);
  const inputRows = (builder: GraphBuilder, value = x) => {
    const last = channelsToEnd(builder, part(builder, value, 1, inputs), 1, shape.length);
    return builder.op("Reshape", [last, builder.ints([-1, inputs])]);
  };
  const W = (value: Tensor) => transposedKernel(value, { group: group ?? 0, inputs, blocks });
  const weightRows = (builder: GraphBuilder) => {
    // (C_in, C_out / g, k...) -> (g, C_in / g, C_out k...) -> blocks of (C_out k..., C_in / g).
    const rows = builder.op("Reshape", [
      part(builder, weight, 0, inputs),
      builder.ints([blocks, inputs / blocks, dOut / blocks]),
    ]);
    const turned = builder.op("Transpose", [rows], { perm: { ints: [0, 2, 1] } });
    if (blocks === 1) return builder.op("Reshape", [turned, builder.ints([dOut, inputs])]);
    const apart = builder.op("Reshape", [turned, builder.ints([blocks, dOut / blocks, 1, inputs / blocks])]);
    const eye = diagonal(builder, blocks, [blocks, 1, blocks, 1]);
    return builder.op("Reshape", [builder.op("Mul", [apart, eye]), builder.ints([dOut, inputs])]);
  };
  return {
    name,
    kind: "conv",
    dOut,
    rows: shape[0]! * geometry.output.reduce((product, extent) => product * extent, 1),
    hb: hb.value,
    outputRows(builder, value) {
      const last = channelsToEnd(builder, part(builder, value, hb.axis, outputs), hb.axis, shape.length);
      const found = builder.op("Reshape", [patches(builder, last, geometry), builder.ints([-1, positions, outputs])]);
      const byChannel = builder.op("Transpose", [found], { perm: { ints: [0, 2, 1] } });
      return builder.op("Reshape", [byChannel, builder.ints([-1, dOut])]);
    },
    ...(!isApart && {
      activationRows: (builder: GraphBuilder) =>
        builder.op("MatMul", [
          inputRows(builder),
          builder.op("Transpose", [weightRows(builder)], { perm: { ints: [1, 0] } }),
        ]),
    }),
    input: {
      dIn: inputs,
      bias: bias
        ? (value) => {
            const each = biasValues(value(bias.constant), bias.sign, group ?? 0, outputs);
            return Float64Array.from({ length: dOut }, (_, i) => each[Math.floor(i / positions)]!);
          }
        : null,
      inputRows: (builder) => inputRows(builder),
      gradientRows(builder, added) {
        const gradient = added.get(node)?.[0];
        return gradient === undefined ? undefined : inputRows(builder, gradient);
      },
      weightRows,
      weight: (value) => matrix(dOut, inputs, W(value(weight))),
    },
  };
}

/** A kernel (C_in, C_out / g, k...) as (C_out k..., C_in), of one group or with all as blocks on the diagonal. */
function transposedKernel(
  kernel: Tensor,
  { group, inputs, blocks }: { readonly group: number; readonly inputs: number; readonly blocks: number },
): Float64Array {
  const width = kernel.shape.slice(1).reduce((product, extent) => product * extent, 1);
  const data = toFloat64(kernel).subarray(group * inputs * width, (group + 1) * inputs * width);
  const each = inputs / blocks;
  const turned = new Float64Array(data.length);
  for (let i = 0; i < inputs; i++) {
    const [block, at] = [Math.floor(i / each), i % each];
    for (let j = 0; j < width; j++) turned[(block * width + j) * each + at] = data[i * width + j]!;
  }
  return blockDiagonal(turned, width * blocks, blocks);
}

/**
 * The patches of outputs around each input position, as the patches of a convolution that reads the outputs; and
 * whether every entry of every patch is a separate output. Attributes as defined by the operator (ONNX, ConvTranspose).
 */
function geometryOf(node: Node, { values }: GraphContext): { geometry: Geometry; isApart: boolean } {
  const kernel = values.get(node.inputs[1]!)!.shape.slice(2);
  const input = values.get(node.inputs[0]!)!.shape.slice(2);
  const output = values.get(node.outputs[0]!)!.shape.slice(2);
  const strides = intsAttribute(node, "strides") ?? kernel.map(() => 1);
  const dilations = intsAttribute(node, "dilations") ?? kernel.map(() => 1);
  const further = intsAttribute(node, "output_padding") ?? kernel.map(() => 0);
  const covered = kernel.map((k, i) => (input[i]! - 1) * strides[i]! + (k - 1) * dilations[i]! + 1);
  const mode = stringAttribute(node, "auto_pad", "NOTSET");
  const given = intsAttribute(node, "pads") ?? [...kernel, ...kernel].map(() => 0);
  const isComputed = node.attributes.output_shape !== undefined || mode.startsWith("SAME");
  const begins = kernel.map((_, i) => {
    if (mode === "VALID") return 0;
    if (!isComputed) return given[i]!;
    const total = Math.max(0, covered[i]! + further[i]! - output[i]!);
    return mode === "SAME_UPPER" ? Math.floor(total / 2) : total - Math.floor(total / 2);
  });
  const ends = kernel.map((_, i) => covered[i]! - begins[i]! - output[i]!);
  const isApart = kernel.every((k, i) => (k - 1) * dilations[i]! < strides[i]! && begins[i] === 0 && ends[i]! <= 0);
  return {
    geometry: { kernel, strides, dilations, pads: [...begins, ...ends.map((end) => Math.max(0, end))], output: input },
    isApart,
  };
}
