/**
 * @file Constant folding: once shapes are bound, everything computed from constants and shapes only
 * (the chains of Shape, Gather, Concat and Range that exporters leave, causal masks, transposed or dequantized weights)
 * is computed once by the engine and becomes an initializer. An If whose condition is such a value is replaced by its
 * branch. Afterwards Reshape, Slice, Expand and reductions read constants, which gradient rules need.
 */

import { bodiesOf, readsOf, replaceIf } from "../onnx/branches.ts";
import type { BoundValue, Graph, Model, Node } from "../onnx/graph.ts";
import { int64, sizeOf, type Tensor } from "../onnx/tensor.ts";
import { bindShapes } from "./bindShapes.ts";
import type { Engine } from "./engine.ts";

export interface FoldOptions {
  /**
   * Initializers that count as data, not as constants, so that nothing computed from them is folded; for models whose
   * weights change.
   */
  readonly variables?: ReadonlySet<string>;
}

export interface Folded {
  readonly model: Model;
  /** Type and shape of every value of the folded graph. */
  readonly values: ReadonlyMap<string, BoundValue>;
}

/** chosen: branches nest a few levels in real models. */
const MAX_ROUNDS = 16;
/**
 * chosen: a value with more entries than this that is computed from smaller ones (a mask repeated over a batch) is left
 * in the graph.
 */
const LARGE = 2 ** 22;

const RANDOM: ReadonlySet<string> = new Set([
  ...["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli", "Dropout"],
]);
/** Operators whose number of results depends on the data. */
const DATA_SHAPED: ReadonlySet<string> = new Set(["NonZero", "Compress", "Unique", "NonMaxSuppression", "Loop", "If"]);
/** Whether the number of a node's results depends on the data; for a Scan, its body decides. */
const isDataShaped = (node: Node): boolean =>
  DATA_SHAPED.has(node.op) || (node.op === "Scan" && bodiesOf(node).some(({ nodes }) => nodes.some(isDataShaped)));

/** Inputs that decide the shape of the result, by operator; reductions have their axes at 1. */
const SHAPE_INPUTS: Readonly<Record<string, readonly number[]>> = {
  ...{ Reshape: [1], Expand: [1], Tile: [1], ConstantOfShape: [0], Range: [0, 1, 2], Slice: [1, 2, 3, 4], Pad: [1, 3] },
  ...{ Resize: [2, 3], TopK: [1], OneHot: [1], Squeeze: [1], Unsqueeze: [1], Split: [1], AffineGrid: [1], Trilu: [] },
};

/**
 * The same model for feeds of these shapes, with constants folded. Holds only for these shapes: fold again for others.
 *
 * @param feeds one tensor per graph input; only types and shapes matter, unless the model's shapes depend on its data
 * @throws Error when the engine refuses the graph or the feeds
 */
export async function foldConstants(
  engine: Engine,
  model: Model,
  feeds: Readonly<Record<string, Tensor>>,
  { variables = new Set() }: FoldOptions = {},
): Promise<Folded> {
  let current = model;
  for (let round = 0; ; round++) {
    const values = await bindShapes(engine, current, feeds);
    const known = findConstants(current.graph, values, variables);
    const conditions = current.graph.nodes.filter((node) => isChoice(node, known)).map((node) => node.inputs[0]!);
    const wanted = [...frontier(current.graph, known), ...conditions];
    const computed = await evaluate(engine, current, known, new Set(wanted));
    const folded = withConstants(current.graph, known, computed, variables);
    current = { ...current, graph: folded };
    if (conditions.length === 0) return { model: current, values: onlyNamed(current.graph, values) };
    if (round === MAX_ROUNDS)
      throw new Error(`foldConstants: expected at most ${MAX_ROUNDS} nested branches, got more`);
    current = { ...current, graph: replaceIf(current.graph, computed) };
  }
}

/**
 * What is known without data: constants by name, and the nodes that make them (a Shape is known though its input is
 * not).
 */
interface Known {
  readonly names: ReadonlySet<string>;
  readonly nodes: ReadonlySet<Node>;
  /** The results of Shape and Size. */
  readonly shapes: ReadonlyMap<string, Tensor>;
}

function findConstants(graph: Graph, values: ReadonlyMap<string, BoundValue>, variables: ReadonlySet<string>): Known {
  const names = new Set([...graph.initializers.keys()].filter((name) => !variables.has(name)));
  const [nodes, shapes, open] = [new Set<Node>(), new Map<string, Tensor>(), new Set<string>()];
  const large = (node: Node) => {
    const extent = (list: readonly string[]) =>
      Math.max(0, ...list.map((name) => sizeOf(values.get(name)?.shape ?? [])));
    return extent(node.outputs) > LARGE && extent(node.outputs) > 2 * extent(node.inputs);
  };
  for (const node of graph.nodes) {
    const measured = shapeValue(node, values, open);
    if (measured !== undefined) shapes.set(node.outputs[0]!, measured);
    else if (
      RANDOM.has(node.op) ||
      !readsOf(node).every((name) => names.has(name)) ||
      node.outputs.some((name) => name !== "" && !values.has(name)) || // a sequence
      large(node)
    ) {
      if (isOpen(node, names, open)) for (const output of node.outputs) open.add(output);
      continue;
    }
    nodes.add(node);
    for (const output of node.outputs) names.add(output);
  }
  return { names, nodes, shapes };
}

/** The result of Shape or Size, where the shape of its input is the same for all data. */
function shapeValue(
  node: Node,
  values: ReadonlyMap<string, BoundValue>,
  open: ReadonlySet<string>,
): Tensor | undefined {
  if (node.domain !== "" || (node.op !== "Shape" && node.op !== "Size") || open.has(node.inputs[0]!)) return undefined;
  const shape = values.get(node.inputs[0]!)?.shape;
  if (shape === undefined) return undefined;
  if (node.op === "Size") return int64([sizeOf(shape)], []);
  const limit = (name: string, otherwise: number) => {
    const attribute = node.attributes[name];
    return attribute !== undefined && "int" in attribute ? attribute.int : otherwise;
  };
  return int64(shape.slice(limit("start", 0), limit("end", shape.length)));
}

/** Whether the shapes of the node's results depend on data. */
function isOpen(node: Node, names: ReadonlySet<string>, open: ReadonlySet<string>): boolean {
  if (isDataShaped(node) || readsOf(node).some((name) => open.has(name))) return true;
  const deciding = node.op.startsWith("Reduce")
    ? [1]
    : Object.hasOwn(SHAPE_INPUTS, node.op)
      ? SHAPE_INPUTS[node.op]!
      : [];
  return deciding.some((i) => node.inputs[i] !== undefined && node.inputs[i] !== "" && !names.has(node.inputs[i]!));
}

const isChoice = (node: Node, { names, nodes }: Known) =>
  node.op === "If" && node.domain === "" && !nodes.has(node) && names.has(node.inputs[0]!);

/** Known results of nodes that something else reads, or that are outputs. */
function frontier(graph: Graph, { nodes, names }: Known): string[] {
  const read = graph.nodes.filter((node) => !nodes.has(node)).flatMap(readsOf);
  const made = new Set([...nodes].flatMap((node) => node.outputs));
  return [...read, ...graph.outputs.map(({ name }) => name)].filter((name) => made.has(name) && names.has(name));
}

/** Values of the wanted names, by running only the nodes that they need. */
async function evaluate(
  engine: Engine,
  model: Model,
  { nodes, shapes }: Known,
  wanted: ReadonlySet<string>,
): Promise<Map<string, Tensor>> {
  const found = new Map<string, Tensor>();
  const needed = new Set(wanted);
  const run: Node[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output)) || shapes.has(node.outputs[0]!)) continue;
    run.unshift(node);
    for (const name of readsOf(node)) needed.add(name);
  }
  const initializers = new Map([...model.graph.initializers, ...shapes].filter(([name]) => needed.has(name)));
  for (const name of wanted) if (initializers.has(name)) found.set(name, initializers.get(name)!);
  const outputs = [...wanted].filter((name) => !initializers.has(name)).map((name) => ({ name }));
  if (outputs.length === 0) return found;
  const graph: Graph = { name: "constants", nodes: run, initializers, inputs: [], outputs };
  const program = await engine.compile({ ...model, graph }, { optimize: false });
  try {
    for (const [name, tensor] of Object.entries(await program.run({}))) found.set(name, tensor);
  } finally {
    await program.dispose();
  }
  return found;
}

/** The graph without the nodes that are known, and without initializers that nothing reads any more. */
function withConstants(
  graph: Graph,
  known: Known,
  computed: ReadonlyMap<string, Tensor>,
  variables: ReadonlySet<string>,
): Graph {
  const nodes = graph.nodes.filter((node) => !known.nodes.has(node));
  const used = new Set([...nodes.flatMap(readsOf), ...graph.outputs.map(({ name }) => name), ...variables]);
  const initializers = new Map([...graph.initializers, ...computed].filter(([name]) => used.has(name)));
  return { ...graph, nodes, initializers };
}

function onlyNamed(graph: Graph, values: ReadonlyMap<string, BoundValue>): Map<string, BoundValue> {
  const names = [
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ outputs }) => outputs.filter((name) => name !== "")),
  ];
  return new Map(names.flatMap((name) => (values.has(name) ? [[name, values.get(name)!] as const] : [])));
}
