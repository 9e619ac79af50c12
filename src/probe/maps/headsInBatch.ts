/**
 * @file Attention heads that share the first axis with the batch, (batch heads, T, d), as in
 * torch.nn.MultiheadAttention and much other code. The Reshape that joins the heads again shows their number and
 * whether they run faster than the batch: after some Transpose and Reshape, it makes the last axis heads times as long.
 */
import { isRounding } from "../../onnx/dequantizeModel.ts";
import { type Graph, intsAttribute, type Node } from "../../onnx/graph.ts";
import type { GraphContext } from "./linearMap.ts";

/** The axes of a value that run over heads. */
export interface HeadLayout {
  /** The value's shape, or one that it can be reshaped to. */
  readonly shape: readonly number[];
  /** Axes of that shape over heads. */
  readonly axes: readonly number[];
  /** The axis of a head's d values; all others are samples. */
  readonly width: number;
}

/** The origin of an axis: the whole first axis, its slower or its faster part, T, d, or an inserted axis of 1. */
type Label = "lead" | "outer" | "inner" | "time" | "width" | "one";

/** Operators that change the shape of a value and keep its order in memory. */
const RESHAPES: ReadonlySet<string> = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze"]);

/** chosen: the path from the heads to their projection takes two to four steps. */
const MAX_STEPS = 8;

/** @returns undefined where the path to the projection has an unknown form */
export function headsInBatch(value: string, { graph, values }: GraphContext): HeadLayout | undefined {
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
    const axes = labels.filter((label) => label !== "one");
    if (user === undefined || axes.at(-1) !== "width") return undefined;
    const next = user.outputs[0]!;
    const [from, to] = [values.get(name)!.shape, values.get(next)!.shape];
    if (user.op === "Transpose") {
      const perm = intsAttribute(user, "perm") ?? from.map((_, axis) => from.length - 1 - axis);
      labels = perm.map((axis) => labels[axis]!);
    } else if (RESHAPES.has(user.op)) {
      const same = relabelled(labels, from, to);
      if (same === undefined)
        return to.at(-1) === d ? layout(1, 1) : layout(to.at(-1)! / d, axes.at(-2) === "outer" ? 0 : 1);
      labels = same;
    } else if (user.op !== "Identity" && user.op !== "Cast" && !isRounding(user))
      return ONE_HEAD.has(user.op) ? layout(1, 1) : undefined;
    name = next;
  }
  return undefined;
}

/** Operators that read a single head's output unchanged. */
const ONE_HEAD: ReadonlySet<string> = new Set(["MatMul", "Gemm", "Add", "LayerNormalization", "ReduceMean"]);

/**
 * Labels after a Reshape that at most splits the first axis in two, or inserts or removes axes of 1; undefined for any
 * other.
 */
function relabelled(labels: readonly Label[], from: readonly number[], to: readonly number[]): Label[] | undefined {
  const [label, length] = [labels[0], from[0]];
  const rest = (taken: number, given: readonly Label[]): Label[] | undefined => {
    const others = relabelled(labels.slice(taken), from.slice(taken), to.slice(given.length));
    return others && [...given, ...others];
  };
  if (label === undefined) return to.every((size) => size === 1) ? to.map(() => "one") : undefined;
  const cut = label === "lead" && to.length > 1 && to[0]! * to[1]! === length ? rest(1, ["outer", "inner"]) : undefined;
  const kept = cut ?? (to[0] === length ? rest(1, [label]) : undefined);
  const without = kept ?? (label === "one" ? rest(1, []) : undefined);
  return without ?? (to[0] === 1 ? rest(0, ["one"]) : undefined);
}

function soleUser(graph: Graph, name: string): Node | undefined {
  const users = graph.nodes.filter((node) => node.inputs.includes(name));
  return users.length === 1 ? users[0] : undefined;
}
