/**
 * @file Attention heads: the output of softmax(Q K^T) V, head by head, and the gradient there (docs/theory.md, setting
 * llm of the paper). A head has no weight of its own, so only its RGA is defined.
 */
import type { Graph, Node } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import { sizeOf } from "../../onnx/tensor.ts";
import { addedConstant } from "./addedBias.ts";
import { einsumLetters } from "./einsumLetters.ts";
import { type HeadLayout, headsInBatch } from "./headsInBatch.ts";
import type { Found, GraphContext } from "./linearMap.ts";
import { givenName, moduleScope } from "./moduleName.ts";

/** Operators that may stand between the softmax and the product with V. */
const TRANSPARENT: ReadonlySet<string> = new Set([
  ...["Dropout", "Identity", "Cast", "Where", "Mul", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Clip"],
]);
const MAX_DISTANCE = 6;
/** chosen: queries, keys and values have one map each, or one together. */
const MAX_MAPS = 3;

/** The heads of a MatMul or Einsum whose left operand is a softmax; undefined for any other node. */
export function findHeads(node: Node, s: GraphContext): Found {
  const [weights, V] = node.inputs as [string, string];
  if (node.inputs.length !== 2 || s.isWeight(V) || !comesFromSoftmax(s.graph, weights)) return undefined;
  const hb = node.outputs[0]!;
  const shape = s.values.get(hb)!.shape;
  const layout = node.op === "Einsum" ? headLetters(node, shape) : headAxis(hb, s);
  if (layout === undefined) return "an attention whose heads have no axis of their own";
  const heads = layout.axes.reduce((product, axis) => product * layout.shape[axis]!, 1);
  const d = layout.shape[layout.width]!;
  const stem = headName(node, s);
  return Array.from({ length: heads }, (_, head) => ({
    name: `${stem}[${head}]`,
    kind: "head" as const,
    dOut: d,
    rows: sizeOf(shape) / (heads * d),
    hb,
    outputRows: (builder: GraphBuilder, value: string) => headRows(builder, value, layout, head, shape),
  }));
}

/** `attn.0.MatMul_1`: the module and the node. */
function headName(node: Node, s: GraphContext): string {
  const scope = moduleScope(node) ?? moduleAround(node, s);
  // a path of scopes and the node, or a node and its lowered form
  const parts = givenName(node.name).split("/");
  const own = (parts[0] === "" ? parts.at(-1) : parts[0]) || node.outputs[0]!;
  return scope === undefined ? own : `${scope}.${own}`;
}

/** The module of an attention whose node does not name it: the common prefix of the names of the maps it reads. */
function moduleAround(node: Node, s: GraphContext): string | undefined {
  const made = new Map(s.graph.nodes.flatMap((other) => other.outputs.map((output) => [output, other] as const)));
  const seen = new Set<Node>([node]);
  const modules: string[][] = [];
  for (const { inputs, op } of seen) {
    for (const name of inputs) {
      const before = made.get(name);
      if (before === undefined || seen.has(before)) continue;
      const weight = before.inputs.find((input) => s.isWeight(input) && s.values.get(input)!.shape.length > 1);
      const isMap = weight !== undefined && ["Gemm", "MatMul", "Einsum", "Conv"].includes(before.op);
      if (!isMap) seen.add(before);
      else modules.push(s.moduleName(before, weight, addedConstant(before.outputs[0]!, s)?.constant).split("."));
    }
    if (op === "LayerNormalization" || modules.length > MAX_MAPS) break;
  }
  const [first, ...rest] = modules;
  if (first === undefined) return undefined;
  const shared = first
    .slice(0, -1)
    .filter((_, i) => rest.every((module) => module.slice(0, i + 1).join(".") === first.slice(0, i + 1).join(".")));
  return shared.length > 0 ? shared.join(".") : undefined;
}

/** One head's part of a value shaped like hb, as rows (n, d). */
function headRows(
  builder: GraphBuilder,
  value: string,
  { shape, axes, width }: HeadLayout,
  head: number,
  given: readonly number[],
): string {
  const whole = shape.length === given.length ? value : builder.op("Reshape", [value, builder.ints(shape)]);
  let rest = head;
  const at = [...axes].reverse().map((axis) => {
    const index = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
    return index;
  });
  const ends = at.map((index) => index + 1);
  const bounds = [at, ends, [...axes].reverse()].map((list) => builder.ints(list));
  const part = axes.length === 0 ? whole : builder.op("Slice", [whole, ...bounds]);
  const order = [...shape.keys()].filter((axis) => axis !== width);
  const isLast = width === shape.length - 1;
  const last = isLast ? part : builder.op("Transpose", [part], { perm: { ints: [...order, width] } });
  return builder.op("Reshape", [last, builder.ints([-1, shape[width]!])]);
}

/** For a MatMul: (..., heads, T, d), or (batch heads, T, d). */
function headAxis(hb: string, s: GraphContext): HeadLayout | undefined {
  const { shape } = s.values.get(hb)!;
  return shape.length < 4 ? headsInBatch(hb, s) : { shape, axes: [shape.length - 3], width: shape.length - 1 };
}

/**
 * For an Einsum such as bhts,bshd->bthd: d occurs in V alone, t stands before the summed index in the weights, b is the
 * first index that weights and V share, and all other indices of the result run over heads.
 */
function headLetters(node: Node, shape: readonly number[]): HeadLayout | undefined {
  const letters = einsumLetters(node);
  if (letters === undefined) return undefined;
  const [P, V, Y] = letters;
  const summed = [...P].filter((letter) => V.includes(letter) && !Y.includes(letter));
  const widths = [...V].filter((letter) => Y.includes(letter) && !P.includes(letter));
  const batch = [...P].find((letter) => V.includes(letter) && Y.includes(letter));
  const time = P[P.indexOf(summed[0] ?? "") - 1];
  if (summed.length !== 1 || widths.length !== 1) return undefined;
  const heads = [...P].filter((letter) => Y.includes(letter) && letter !== batch && letter !== time);
  return { shape, axes: heads.map((letter) => Y.indexOf(letter)), width: Y.indexOf(widths[0]!) };
}

/** Whether a value is a softmax, possibly masked or in another layout. */
function comesFromSoftmax(graph: Graph, value: string): boolean {
  return softmaxOf(graph, value) !== undefined;
}

/**
 * The softmax that a value is, possibly masked or in another layout. JAX writes exp(x - max) / sum; the node is then
 * the exponential.
 */
export function softmaxOf(graph: Graph, value: string, distance = 0): Node | undefined {
  const made = (name: string) => graph.nodes.find((node) => node.outputs.includes(name));
  const producer = made(value);
  if (producer === undefined || distance > MAX_DISTANCE) return undefined;
  if (producer.op === "Softmax") return producer;
  if (producer.op === "Div") return isNormalizedExp(graph, producer) ? made(producer.inputs[0]!) : undefined;
  if (!TRANSPARENT.has(producer.op)) return undefined;
  const sources = producer.op === "Where" || producer.op === "Mul" ? producer.inputs : producer.inputs.slice(0, 1);
  for (const name of sources) {
    const found = softmaxOf(graph, name, distance + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isNormalizedExp(graph: Graph, { inputs }: Node): boolean {
  const made = (name: string) => graph.nodes.find((node) => node.outputs.includes(name));
  const [exp, sum] = inputs as [string, string];
  const isExp = made(exp)?.op === "Exp";
  for (let name = sum, step = 0; isExp && step < MAX_DISTANCE; step++) {
    const producer = made(name);
    if (producer?.op === "ReduceSum") return producer.inputs[0] === exp;
    if (producer === undefined || producer.inputs.length === 0) return false;
    name = producer.inputs[0]!;
  }
  return false;
}
