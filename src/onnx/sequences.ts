/**
 * @file Replaces sequences of tensors. PyTorch's exporters write torch.split as SplitToSequence and SequenceAt,
 * torch.cat of a list as SequenceConstruct and ConcatFromSequence. Where positions and lengths are constants, Slice and
 * Concat do the same, and can be bound to shapes and differentiated. Sequences that loops and branches build stay.
 */
import { type Graph, int, intAttribute, type Node } from "./graph.ts";
import { GraphBuilder } from "./graphBuilder.ts";
import { toNumbers } from "./tensor.ts";

/** A sequence whose members are known: element i, as a value of the graph. */
type Member = (i: number) => string | undefined;

interface Known {
  readonly member: Member;
  /** Names of all members, where the sequence was made from a list. */
  readonly list?: readonly string[];
}

/** @param name of the builder, for the names of new values */
export function replaceSequences(graph: Graph, name: string): Graph {
  if (!graph.nodes.some(({ op }) => op === "SequenceAt" || op === "ConcatFromSequence")) return graph;
  const g = new GraphBuilder(name, { ...graph, nodes: [] });
  const sequences = new Map<string, Known>();
  const numbers = (value: string | undefined): readonly number[] | undefined => {
    const tensor = graph.initializers.get(value ?? "");
    return tensor === undefined ? undefined : toNumbers(tensor);
  };
  for (const node of graph.nodes) {
    const made = node.op === "SplitToSequence" || node.op === "SequenceConstruct";
    const known = made ? knownSequence(g, node, numbers, graph) : undefined;
    if (known !== undefined) sequences.set(node.outputs[0]!, known);
    const replaced = replacement(g, node, sequences, numbers);
    if (replaced === undefined) g.add(node);
    else g.ops("Identity", [replaced], {}, { outputs: node.outputs });
  }
  return withoutUnread(g.build(), new Set(sequences.keys()), graph.name);
}

function knownSequence(
  g: GraphBuilder,
  node: Node,
  numbers: (value: string | undefined) => readonly number[] | undefined,
  graph: Graph,
): Known | undefined {
  if (node.op === "SequenceConstruct") return { member: (i) => node.inputs.at(i), list: node.inputs };
  const [x, split] = node.inputs as [string, string?];
  const axis = intAttribute(node, "axis", 0);
  const given = split === undefined || split === "" ? undefined : split;
  if (given !== undefined && numbers(given) === undefined) return undefined;
  const sizes = numbers(given) ?? [1];
  const isList = given !== undefined && graph.initializers.get(given)!.shape.length === 1;
  const keeps = given !== undefined || intAttribute(node, "keepdims", 1) === 1;
  const start = (i: number) => (isList ? sizes.slice(0, i).reduce((sum, size) => sum + size, 0) : i * sizes[0]!);
  return {
    member(at) {
      const i = at < 0 && isList ? at + sizes.length : at;
      if (i < 0 || (isList && i >= sizes.length)) return undefined;
      const part = g.op("Slice", [x, ...[start(i), start(i + 1), axis].map((value) => g.ints([value]))]);
      return keeps ? part : g.op("Squeeze", [part, g.ints([axis])]);
    },
  };
}

/** The value that a node takes from a known sequence. */
function replacement(
  g: GraphBuilder,
  node: Node,
  sequences: ReadonlyMap<string, Known>,
  numbers: (value: string | undefined) => readonly number[] | undefined,
): string | undefined {
  const sequence = sequences.get(node.inputs[0] ?? "");
  if (sequence === undefined) return undefined;
  if (node.op === "SequenceAt") {
    const at = numbers(node.inputs[1])?.[0];
    return at === undefined ? undefined : sequence.member(at);
  }
  if (node.op !== "ConcatFromSequence" || sequence.list === undefined) return undefined;
  const axis = intAttribute(node, "axis", 0);
  const isNew = intAttribute(node, "new_axis", 0) === 1;
  const parts = sequence.list.map((value) => (isNew ? g.op("Unsqueeze", [value, g.ints([axis])]) : value));
  return g.op("Concat", parts, { axis: int(axis) });
}

/** The graph without unused sequences. */
function withoutUnread(graph: Graph, sequences: ReadonlySet<string>, name: string): Graph {
  const bodies = graph.nodes.flatMap(({ attributes }) => Object.values(attributes)).filter((value) => "graph" in value);
  const read = new Set([...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map((output) => output.name)]);
  const isUnread = ({ outputs }: Node) => sequences.has(outputs[0]!) && !read.has(outputs[0]!) && bodies.length === 0;
  return { ...graph, nodes: graph.nodes.filter((node) => !isUnread(node)), name };
}
