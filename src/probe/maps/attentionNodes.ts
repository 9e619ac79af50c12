/**
 * @file The two products of attention in a graph: queries with keys before a softmax, and its weights with values after
 * it.
 */
import type { Node } from "../../onnx/graph.ts";
import { softmaxOf } from "./attentionHeads.ts";
import type { GraphContext } from "./linearMap.ts";

export type Operand = "queries" | "keys" | "values";

export interface AttentionNodes {
  /** The role of a value in a product of attention; undefined for any other node. */
  operandOf(node: Node, value: string): Operand | undefined;
}

/** Operators between the product of queries and keys and the softmax: masks, factors, reshapes. */
const BEFORE_SOFTMAX: ReadonlySet<string> = new Set([
  ...["Add", "Sub", "Mul", "Div", "Where", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Identity"],
]);

export function findAttentions(s: GraphContext): AttentionNodes {
  const producers = new Map(s.graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const operands = new Map<Node, readonly [Operand | undefined, Operand | undefined]>();
  for (const node of s.graph.nodes) {
    if (node.op !== "MatMul" && node.op !== "Einsum") continue;
    const [weights, V] = node.inputs;
    if (node.inputs.length !== 2 || s.isWeight(V!)) continue;
    const softmax = softmaxOf(s.graph, weights!);
    if (softmax === undefined) continue;
    operands.set(node, [undefined, "values"]);
    const scores = productBefore(softmax, producers, s);
    if (scores) operands.set(scores, ["queries", "keys"]);
  }
  return { operandOf: (node, value) => operands.get(node)?.[node.inputs.indexOf(value)] };
}

/** The product whose values a softmax normalizes. */
export function productBefore(softmax: Node, producers: ReadonlyMap<string, Node>, s: GraphContext): Node | undefined {
  let node: Node | undefined = softmax;
  for (let step = 0; node !== undefined && step < 8; step++) {
    const candidates: Node[] = node.inputs.flatMap((name) => producers.get(name) ?? []);
    const product = candidates.find(
      ({ op, inputs }) => (op === "MatMul" || op === "Einsum") && inputs.every((name) => !s.isWeight(name)),
    );
    if (product !== undefined) return product;
    node = candidates.find(({ op }) => BEFORE_SOFTMAX.has(op));
  }
  return undefined;
}
