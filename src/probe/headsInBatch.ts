/**
 * @file Attention heads that share the first axis with the batch, (batch heads, T, d), as torch.nn.MultiheadAttention and the code of
 * many others has them. How many there are, and whether they run faster than the batch, shows where the heads are put side by
 * side again: a Reshape, after some Transpose and Reshape, makes the last axis heads times as long.
 */
import { type Graph, intsAttribute, type Node } from "../onnx/graph.ts";
import type { Surroundings } from "./linearMap.ts";

/** Where the heads of a value are. */
export interface HeadLayout {
  /** The value's shape, or one that it can be reshaped to. */
  readonly shape: readonly number[];
  /** Axes of that shape which run over heads. */
  readonly axes: readonly number[];
  /** The axis of a head's d values; all others are samples. */
  readonly width: number;
}

/** What an axis of the value is made of: the first axis as it was, its slower or its faster part, T, or d. */
type Label = "lead" | "outer" | "inner" | "time" | "width";

/** chosen: the way from the heads to their projection takes two or three steps. */
const MAX_STEPS = 8;

/** @returns undefined where the way to the projection is not understood */
export function headsInBatch(value: string, { graph, values }: Surroundings): HeadLayout | undefined {
  const shape = values.get(value)!.shape;
  if (shape.length !== 3) return undefined;
  const [lead, T, d] = shape as [number, number, number];
  const layout = (heads: number, axis: number): HeadLayout | undefined => {
    if (lead % heads !== 0) return undefined;
    const cut = axis === 1 ? [lead / heads, heads] : [heads, lead / heads];
    return { shape: [...cut, T, d], axes: [axis], width: 3 };
  };
  let labels: readonly Label[] = ["lead", "time", "width"];
  let name = value;
  for (let step = 0; step < MAX_STEPS; step++) {
    const user = soleUser(graph, name);
    if (user === undefined || labels.at(-1) !== "width") return undefined;
    const next = user.outputs[0]!;
    const [from, to] = [values.get(name)!.shape, values.get(next)!.shape];
    if (user.op === "Transpose") {
      const perm = intsAttribute(user, "perm") ?? from.map((_, axis) => from.length - 1 - axis);
      labels = perm.map((axis) => labels[axis]!);
    } else if (user.op === "Reshape" || user.op === "Flatten") {
      if (to.at(-1) !== d) return layout(to.at(-1)! / d, labels.at(-2) === "outer" ? 0 : 1);
      const split = splitLead(labels, from, to);
      if (split === undefined) return layout(1, 1);
      labels = split;
    } else if (user.op !== "Identity" && user.op !== "Cast") return ONE_HEAD.has(user.op) ? layout(1, 1) : undefined;
    name = next;
  }
  return undefined;
}

/** What reads a single head's output as it is. */
const ONE_HEAD: ReadonlySet<string> = new Set(["MatMul", "Gemm", "Add", "LayerNormalization", "ReduceMean"]);

/** Labels after a Reshape that only cuts the first axis in two. */
function splitLead(
  labels: readonly Label[],
  from: readonly number[],
  to: readonly number[],
): readonly Label[] | undefined {
  const at = labels.indexOf("lead");
  if (at < 0 || to.length !== from.length + 1) return undefined;
  const expected = [...from.slice(0, at), to[at]!, to[at + 1]!, ...from.slice(at + 1)];
  if (expected.join() !== to.join() || to[at]! * to[at + 1]! !== from[at]) return undefined;
  return [...labels.slice(0, at), "outer", "inner", ...labels.slice(at + 1)];
}

function soleUser(graph: Graph, name: string): Node | undefined {
  const users = graph.nodes.filter((node) => node.inputs.includes(name));
  return users.length === 1 ? users[0] : undefined;
}
