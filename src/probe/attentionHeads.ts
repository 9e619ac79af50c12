/**
 * @file Attention heads: the output of softmax(Q K^T) V, head by head, and the gradient there (docs/theory.md, setting llm of the
 * paper). A head has no weight of its own, so only its RGA has a meaning.
 */
import type { Graph, Node } from "../onnx/graph.ts";
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { sizeOf } from "../onnx/tensor.ts";
import { headsInBatch } from "./headsInBatch.ts";
import type { Found, Surroundings } from "./linearMap.ts";
import { moduleScope } from "./moduleName.ts";

/** Operators that may stand between the softmax and the product with V. */
const TRANSPARENT: ReadonlySet<string> = new Set([
  "Dropout",
  "Identity",
  "Cast",
  "Where",
  "Mul",
  "Reshape",
  "Transpose",
]);
const MAX_DISTANCE = 6;

/** The heads of one MatMul whose left operand is a softmax: its output is (..., heads, T, d), or (batch heads, T, d). */
export function findHeads(node: Node, s: Surroundings): Found {
  const [weights, V] = node.inputs as [string, string];
  if (s.isWeight(V) || !comesFromSoftmax(s.graph, weights)) return undefined;
  const hb = node.outputs[0]!;
  const shape = s.values.get(hb)!.shape;
  const layout = shape.length < 4 ? headsInBatch(hb, s) : { shape, axis: shape.length - 3 };
  if (layout === undefined) return "an attention whose heads have no axis of their own";
  const { axis } = layout;
  const [heads, d] = [layout.shape[axis]!, shape.at(-1)!];
  const scope = moduleScope(node);
  const parts = node.name.split("/"); // a path of scopes and the node, or a node and what it was written out to
  const own = (parts[0] === "" ? parts.at(-1) : parts[0]) || hb;
  const stem = scope === undefined ? own : `${scope}.${own}`;
  return Array.from({ length: heads }, (_, head) => ({
    name: `${stem}[${head}]`,
    kind: "head" as const,
    dOut: d,
    rows: sizeOf(shape) / (heads * d),
    hb,
    outputRows(builder: GraphBuilder, value: string) {
      const whole = shape.length < 4 ? builder.op("Reshape", [value, builder.ints(layout.shape)]) : value;
      const part = [whole, builder.ints([head]), builder.ints([head + 1]), builder.ints([axis])];
      return builder.op("Reshape", [builder.op("Slice", part), builder.ints([-1, d])]);
    },
  }));
}

function comesFromSoftmax(graph: Graph, value: string): boolean {
  let name = value;
  for (let i = 0; i < MAX_DISTANCE; i++) {
    const producer = graph.nodes.find((node) => node.outputs.includes(name));
    if (producer === undefined) return false;
    if (producer.op === "Softmax") return true;
    if (!TRANSPARENT.has(producer.op)) return false;
    name = producer.inputs[producer.op === "Where" ? 1 : 0]!;
  }
  return false;
}
