/**
 * @file Which maps make the queries, keys and values of an attention, and which reads its output: the nearest maps
 * along the paths from its two products. A map that makes several of them, such as a joint projection, is named for
 * each.
 */
import type { Node } from "../../onnx/graph.ts";
import { softmaxOf } from "./attentionHeads.ts";
import { productBefore } from "./attentionNodes.ts";
import type { GraphContext, Measurable } from "./linearMap.ts";

/** Names of maps; undefined where none was found. */
export interface AttentionParts {
  readonly queries: string | undefined;
  readonly keys: string | undefined;
  readonly values: string | undefined;
  readonly output: string | undefined;
}

/**
 * @param heads the outputs hb of the heads
 * @param maps those of the graph
 */
export function attentionParts(heads: string, maps: readonly Measurable[], s: GraphContext): AttentionParts {
  const producers = new Map(s.graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const users = new Map<string, Node[]>();
  for (const node of s.graph.nodes) for (const name of node.inputs) users.set(name, [...(users.get(name) ?? []), node]);
  const made = new Map(maps.filter(({ input }) => input !== undefined).map(({ hb, name }) => [hb, name] as const));
  const sourceOf = (value: string | undefined) =>
    value === undefined ? undefined : nearest(value, made, (name) => producers.get(name)?.inputs ?? []);
  const weighted = producers.get(heads);
  const softmax = weighted && softmaxOf(s.graph, weighted.inputs[0]!);
  const scores = softmax && productBefore(softmax, producers, s);
  return {
    queries: sourceOf(scores?.inputs[0]),
    keys: sourceOf(scores?.inputs[1]),
    values: sourceOf(weighted?.inputs[1]),
    output: nearest(heads, made, (name) => users.get(name)?.flatMap(({ outputs }) => outputs) ?? []),
  };
}

/** chosen: rotary embeddings and normalizations of queries fit within it; a longer path leads to another layer. */
const MOST_STEPS = 24;

/** The first map found from a value through its neighbours, breadth first. */
function nearest(
  value: string,
  made: ReadonlyMap<string, string>,
  neighbours: (value: string) => readonly string[],
): string | undefined {
  const seen = new Set([value]);
  let front = [value];
  for (let step = 0; step < MOST_STEPS && front.length > 0; step++) {
    for (const name of front) if (made.has(name)) return made.get(name);
    front = front.flatMap(neighbours).filter((name) => name !== "" && !seen.has(name) && seen.add(name));
  }
  return undefined;
}

/** The common module of the parts of an attention: `blocks.0.attn` for `blocks.0.attn.qkv` and `blocks.0.attn.proj`. */
export function blockName(parts: AttentionParts): string | undefined {
  const names = [parts.queries, parts.keys, parts.values, parts.output].flatMap((name) =>
    name === undefined ? [] : [name.split(".")],
  );
  const [first, ...rest] = names;
  if (first === undefined) return undefined;
  const length = first.findIndex((part, i) => rest.some((other) => other[i] !== part));
  const shared = rest.length > 0 && length !== -1 ? first.slice(0, length) : first.slice(0, -1);
  return shared.length > 0 ? shared.join(".") : undefined;
}
