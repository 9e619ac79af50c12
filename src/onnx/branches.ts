/**
 * @file Bodies of control flow: the outer values they read, and the replacement of an If by the branch that its
 * condition takes.
 */
import type { Attribute, Graph, Node } from "./graph.ts";
import type { Tensor } from "./tensor.ts";

/** All values a node reads: its inputs, and the outer values of its bodies. */
export function readsOf(node: Node): string[] {
  return [...node.inputs.filter((name) => name !== ""), ...bodiesOf(node).flatMap(freeNames)];
}

/** The outer values that the bodies of a node read, each once, in the order in which they are read. */
export function capturedBy(node: Node): string[] {
  return [...new Set(bodiesOf(node).flatMap(freeNames))];
}

/** The bodies of a node of control flow. */
export function bodiesOf({ attributes }: Node): Graph[] {
  return Object.values(attributes).flatMap((attribute) => ("graph" in attribute ? [attribute.graph] : []));
}

/** Names that a body reads but does not define. */
export function freeNames(body: Graph): string[] {
  const own = new Set([...body.initializers.keys(), ...body.inputs.map(({ name }) => name)]);
  for (const node of body.nodes) for (const output of node.outputs) own.add(output);
  const read = [...body.nodes.flatMap(readsOf), ...body.outputs.map(({ name }) => name)];
  return read.filter((name) => !own.has(name));
}

/** Replaces every top-level If whose condition is known by the nodes of the branch taken. */
export function replaceIf(graph: Graph, known: ReadonlyMap<string, Tensor>): Graph {
  const initializers = new Map(graph.initializers);
  const taken = new Set(graph.nodes.map(({ name }) => name).filter((name) => name !== ""));
  const nodes = graph.nodes.flatMap((node) => {
    const condition = node.op === "If" && node.domain === "" ? known.get(node.inputs[0]!) : undefined;
    if (condition === undefined) return [node];
    const branch = node.attributes[Number(condition.data[0]) !== 0 ? "then_branch" : "else_branch"];
    if (branch === undefined || !("graph" in branch))
      throw new Error(
        `onnx: expected If (${node.name || node.outputs[0]}) to have two branches; the file is malformed`,
      );
    return inPlace(node, branch.graph, initializers, taken);
  });
  return { ...graph, nodes, initializers };
}

/** The nodes of a branch under unique names; its results under the names of the If. */
function inPlace(node: Node, branch: Graph, initializers: Map<string, Tensor>, taken: Set<string>): Node[] {
  const names = new Map<string, string>();
  const own = [
    ...branch.initializers.keys(),
    ...branch.nodes.flatMap(({ outputs }) => outputs.filter((name) => name !== "")),
  ];
  for (const name of own) names.set(name, `${node.outputs.find((output) => output !== "")}/${name}`);
  for (const [name, tensor] of branch.initializers) initializers.set(names.get(name)!, tensor);
  const copies = node.outputs.flatMap((output, i): Node[] => {
    if (output === "") return [];
    const inner = branch.outputs[i]!.name;
    return [
      { op: "Identity", domain: "", name: "", inputs: [names.get(inner) ?? inner], outputs: [output], attributes: {} },
    ];
  });
  const scoped = branch.nodes.map((one) => {
    const name = taken.has(one.name) ? `${node.name}/${one.name}` : one.name; // ONNX Runtime requires unique names
    if (name !== "") taken.add(name);
    return { ...renamed(one, names), name };
  });
  return [...scoped, ...copies];
}

/** A node with renamed inputs and outputs, also in bodies of control flow. */
export function renamed(node: Node, names: ReadonlyMap<string, string>): Node {
  const rename = (name: string) => names.get(name) ?? name;
  const attributes = Object.entries(node.attributes).map(([key, attribute]): [string, Attribute] => [
    key,
    "graph" in attribute ? { graph: renamedGraph(attribute.graph, names) } : attribute,
  ]);
  return {
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: Object.fromEntries(attributes),
  };
}

/** Names are unique across a model, so a body's own names need no change. */
function renamedGraph(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  const outputs = graph.outputs.map((output) => ({ ...output, name: names.get(output.name) ?? output.name }));
  return { ...graph, nodes: graph.nodes.map((node) => renamed(node, names)), outputs };
}
