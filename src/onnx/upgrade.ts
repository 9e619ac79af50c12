/**
 * @file Converts a model from an older version of the standard operator set (6 on) to WORKING_OPSET, the version of the
 * rest of the project. Nodes are rewritten one by one (operatorChanges.ts, timeFirst.ts), including bodies of control
 * flow; the graph keeps its names, inputs and outputs. At the top level sequences of tensors are replaced
 * (sequences.ts), Constant nodes become initializers, and Identity of an initializer is removed.
 */
import type { Graph, Model, Node } from "./graph.ts";
import { GraphBuilder, WORKING_OPSET } from "./graphBuilder.ts";
import { floatConstant, operatorChanges, type RewriteContext } from "./operatorChanges.ts";
import { replaceSequences } from "./sequences.ts";
import { type DataType, float32, int64, type Tensor } from "./tensor.ts";
import { timeFirst } from "./timeFirst.ts";

/** chosen: version 6 is the oldest in current files. */
const OLDEST_OPSET = 6;
/** Versions 25 to 28 of the standard added element types and operators, and changed no operator's form. */
const NEWEST_OPSET = 28;

/**
 * The same model in the forms of WORKING_OPSET.
 *
 * @throws Error in one line naming the operator, its version and the cure, when a change cannot be followed, or when
 *   the model's version is too old or too new
 */
export function upgradeModel(model: Model): Model {
  const { opset, graph } = model;
  if (opset < OLDEST_OPSET || opset > NEWEST_OPSET)
    throw new Error(
      `upgrade: expected a model of opset ${OLDEST_OPSET} to ${NEWEST_OPSET}, got ${opset}; export it with opset ${WORKING_OPSET} or convert it with onnx.version_converter`,
    );
  const walk: Walk = { opset, floatType: floatTypeOf(graph), prefix: freshPrefix(graph), bodies: 0 };
  const upgraded = upgradeGraph(graph, walk, new Map(), true);
  return { ...model, opset: WORKING_OPSET, graph: replaceSequences(upgraded, `${walk.prefix}sequences`) };
}

interface Walk {
  readonly opset: number;
  readonly floatType: DataType;
  /** Prefix of the names of new values, which no name of the model has. */
  readonly prefix: string;
  bodies: number;
}

/** @param renamed values with a new name, including those from outer graphs */
function upgradeGraph(graph: Graph, walk: Walk, renamed: Map<string, string>, top: boolean): Graph {
  const g = new GraphBuilder(`${walk.prefix}${walk.bodies++}`, { ...graph, nodes: [] });
  const initializers = new Map(graph.initializers);
  const kept = new Set(graph.outputs.map(({ name }) => name));
  for (const old of graph.nodes) {
    const node = upgradeBodies(rename(old, renamed), walk, renamed);
    const output = node.outputs[0]!;
    const constant = top && node.domain === "" && node.op === "Constant" ? constantValue(node) : undefined;
    if (constant !== undefined) initializers.set(g.initializer(output, constant), constant);
    else if (top && node.op === "Identity" && initializers.has(node.inputs[0]!) && !kept.has(output))
      renamed.set(output, node.inputs[0]!);
    else for (const one of timeFirst(upgradeNode(node, { g, floatType: walk.floatType }, walk.opset), g)) g.add(one);
  }
  const outputs = graph.outputs.map((output) => ({ ...output, name: renamed.get(output.name) ?? output.name }));
  return { ...g.build(), outputs, name: graph.name };
}

function upgradeNode(node: Node, around: RewriteContext, opset: number): Node {
  if (node.domain !== "") return node;
  if (node.op === "SwiGLU") return swiglu(node, around);
  if (node.op === "Erfc") return erfc(node, around);
  let current = node;
  let version = opset;
  for (;;) {
    const changes = Object.hasOwn(operatorChanges, current.op) ? operatorChanges[current.op] : undefined;
    const change = changes?.find(({ since }) => since > version && since <= WORKING_OPSET);
    if (change === undefined) return current;
    const next = change.rewrite === "unknown" ? undefined : change.rewrite(current, around);
    if (next === undefined)
      throw new Error(
        `upgrade: expected ${node.op} (${node.name || node.outputs[0]}) in the form of opset ${change.since} or later, got opset ${opset}; export the model with opset ${WORKING_OPSET}`,
      );
    current = next;
    version = change.since;
  }
}

/** SwiGLU-28, y = swish(a) b, in operators of the working version. */
function swiglu(node: Node, { g }: RewriteContext): Node {
  const gate = g.op("Swish", [node.inputs[0]!], node.attributes);
  return { ...node, op: "Mul", inputs: [gate, node.inputs[1]!], attributes: {} };
}

/** Erfc, y = 1 - erf(x): no version has it, but tf2onnx writes it for TensorFlow's GELU. */
function erfc(node: Node, around: RewriteContext): Node {
  const erf = around.g.op("Erf", node.inputs);
  return { ...node, op: "Sub", inputs: [floatConstant(around, 1), erf] };
}

function upgradeBodies(node: Node, walk: Walk, renamed: Map<string, string>): Node {
  const entries = Object.entries(node.attributes);
  if (!entries.some(([, attribute]) => "graph" in attribute)) return node;
  const attributes = entries.map(([name, attribute]) => [
    name,
    "graph" in attribute ? { graph: upgradeGraph(attribute.graph, walk, renamed, false) } : attribute,
  ]);
  return { ...node, attributes: Object.fromEntries(attributes) };
}

function rename(node: Node, renamed: ReadonlyMap<string, string>): Node {
  if (!node.inputs.some((name) => renamed.has(name))) return node;
  return { ...node, inputs: node.inputs.map((name) => renamed.get(name) ?? name) };
}

/** The tensor of a Constant node in any of its forms (Constant-13). */
function constantValue(node: Node): Tensor {
  const [[name, value] = []] = Object.entries(node.attributes);
  if (value !== undefined) {
    if (name === "value" && "tensor" in value) return value.tensor;
    if (name === "value_float" && "float" in value) return float32([value.float], []);
    if (name === "value_floats" && "floats" in value) return float32(value.floats);
    if (name === "value_int" && "int" in value) return int64([value.int], []);
    if (name === "value_ints" && "ints" in value) return int64(value.ints);
    if (name === "value_string" && "string" in value) return { dtype: "string", shape: [], data: [value.string] };
    if (name === "value_strings" && "strings" in value)
      return { dtype: "string", shape: [value.strings.length], data: [...value.strings] };
  }
  throw new Error(
    `upgrade: expected Constant ${node.outputs[0]} to hold a tensor or numbers, got ${name ?? "nothing"}`,
  );
}

/** float32 unless all floats among inputs and initializers have one other type. */
function floatTypeOf(graph: Graph): DataType {
  const types = [...graph.inputs, ...graph.initializers.values()].map(({ dtype }) => dtype);
  const floats = new Set(types.filter((dtype) => dtype?.includes("float")));
  return floats.size === 1 ? [...floats][0]! : "float32";
}

function freshPrefix(graph: Graph): string {
  const names = namesOf(graph);
  let prefix = "upgrade";
  while (names.some((name) => name.startsWith(prefix))) prefix += "_";
  return prefix;
}

function namesOf({ nodes, initializers, inputs }: Graph): string[] {
  const bodies = nodes
    .flatMap((node) => Object.values(node.attributes))
    .flatMap((a) => ("graph" in a ? [a.graph] : []));
  const own = [...initializers.keys(), ...inputs.map(({ name }) => name), ...nodes.flatMap(({ outputs }) => outputs)];
  return [...own, ...bodies.flatMap(namesOf)];
}
