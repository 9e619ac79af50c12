/**
 * @file Names of layers as their framework has them. PyTorch's exporters leave them in two places: the weight's name
 * (`layers.0.weight`) and the node's scope (`/blocks/blocks.1/c2/Conv` for the module `blocks.1.c2`).
 */
import type { Graph } from "../onnx/graph.ts";

/** Operators that only lay a weight out differently, or store it smaller. */
const LAYOUT: ReadonlySet<string> = new Set([
  ...["Transpose", "Reshape", "Cast", "DequantizeLinear", "Identity", "Squeeze", "Unsqueeze", "Flatten"],
]);

/**
 * @param graph the model as it was read, before constants were folded
 * @returns a function from a node's name and its weight's to the module's name: the weight's where it belongs to this node alone,
 *   else the node's scope, else whatever name there is
 */
export function moduleNames(graph: Graph): (nodeName: string, weight: string) => string {
  const uses = new Map<string, number>();
  for (const { inputs } of graph.nodes) for (const name of inputs) uses.set(name, (uses.get(name) ?? 0) + 1);
  const layout = new Map(
    graph.nodes.filter(({ op }) => LAYOUT.has(op)).map(({ inputs, outputs }) => [outputs[0]!, inputs[0]!]),
  );
  return (nodeName, weight) => {
    let stored = weight;
    while (layout.has(stored)) stored = layout.get(stored)!;
    const fromWeight = /^(.+)\.(weight|kernel)(:0)?$/.exec(stored)?.[1];
    if (fromWeight !== undefined && uses.get(stored) === 1) return fromWeight;
    return scopeName(nodeName) ?? fromWeight ?? (nodeName || stored);
  };
}

/** `/blocks/blocks.1/c2/Conv` -> `blocks.1.c2`: a part that repeats the one before it and goes on stands for both. */
export function scopeName(nodeName: string): string | undefined {
  const parts = /^\/(.+)\/[^/]+$/.exec(nodeName)?.[1]?.split("/");
  if (parts === undefined) return undefined;
  const kept = parts.filter((part, i) => !parts[i + 1]?.startsWith(`${part}.`));
  return kept.join(".");
}

/** Names that are taken get "#2", "#3": a module called twice, or tied weights without names of their own. */
export function uniqueNames<T extends { readonly name: string }>(items: readonly T[]): T[] {
  const seen = new Map<string, number>();
  return items.map((item) => {
    const count = (seen.get(item.name) ?? 0) + 1;
    seen.set(item.name, count);
    return count === 1 ? item : { ...item, name: `${item.name}#${count}` };
  });
}
