/**
 * @file Outputs of whole blocks of a convolutional network by channel, as the paper measures them: each pixel is a
 * sample of C values, with the gradient there. Like an attention head, a block is no linear map, so only its RGA is
 * defined.
 */
import type { BoundValue, Graph } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import { sizeOf } from "../../onnx/tensor.ts";
import type { Measurable } from "./linearMap.ts";

/** A value (n, C, ...) of a graph that is the output of a block, and the block's name. */
export interface Block {
  readonly name: string;
  readonly value: string;
}

/**
 * Blocks among the maps, each after the last map that is computed before its value.
 *
 * @throws RangeError when a block's value is not in the graph or has no channels
 */
export function withBlocks(
  maps: readonly Measurable[],
  blocks: readonly Block[],
  graph: Graph,
  values: ReadonlyMap<string, BoundValue>,
): Measurable[] {
  const place = new Map(graph.nodes.flatMap(({ outputs }, at) => outputs.map((output) => [output, at] as const)));
  const at = ({ hb }: Measurable) => place.get(hb) ?? -1;
  return [...maps, ...blocks.map((block) => measurable(block, values.get(block.value)))].sort((x, y) => at(x) - at(y));
}

function measurable({ name, value }: Block, bound: BoundValue | undefined): Measurable {
  const shape = bound?.shape;
  if (shape === undefined || shape.length < 3)
    throw new RangeError(
      `probe: expected block ${name} to be a value (n, C, ...), got ${value} of ${shape === undefined ? "no shape" : shape.join(" x ")}`,
    );
  const channels = shape[1]!;
  const last = [0, ...shape.map((_, axis) => axis).slice(2), 1];
  return {
    name,
    kind: "block",
    dOut: channels,
    rows: sizeOf(shape) / channels,
    hb: value,
    outputRows: (builder: GraphBuilder, x: string) =>
      builder.op("Reshape", [
        builder.op("Transpose", [x], { perm: { ints: last } }),
        builder.ints([sizeOf(shape) / channels, channels]),
      ]),
  };
}
