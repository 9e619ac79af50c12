/**
 * @file Linear maps in the bodies of Scans, made visible outside (docs/theory.md Eq. 1). h_a of all steps becomes an
 * output of the Scan. A node after the Scan multiplies it with the weights into rows (steps, samples), where the
 * finders of maps see it. Nothing reads that product. Its gradient is taken from zeros that every step adds to its own
 * product: the step's g_b, through all later steps.
 *
 * The search finds products with a constant on one side, and constants added to them, in the bodies of top-level Scans.
 * Others stay in the body and are listed as skipped.
 */
import { bindBodies } from "../../engine/bindBodies.ts";
import type { Engine } from "../../engine/engine.ts";
import { renamed } from "../../onnx/branches.ts";
import type { BoundValue, Graph, Model, Node } from "../../onnx/graph.ts";
import { outputOf, type ScanParts, scanOf, scanParts, withOutputs } from "../../onnx/scan.ts";
import { float32, sizeOf, type Tensor } from "../../onnx/tensor.ts";
import { addedConstant } from "./addedBias.ts";

export interface ScannedMaps {
  readonly graph: Graph;
  /** Type and shape of every value, including those in the bodies. */
  readonly values: Map<string, BoundValue>;
  /** For the outputs of maps from a body: the value whose gradient is theirs. */
  readonly standIns: ReadonlyMap<string, string>;
}

/** A product in a body, with its name and shape outside. */
interface Product {
  readonly node: Node;
  /** Position of h_a among its inputs. */
  readonly at: number;
  readonly outside: string;
  readonly shape: readonly number[];
}

/**
 * @param values of the model's graph (specialize)
 * @param parameters names of inputs that count as weights, besides the initializers
 * @throws Error when the engine refuses a body
 */
export async function scannedMaps(
  engine: Engine,
  model: Model,
  values: ReadonlyMap<string, BoundValue>,
  parameters: readonly string[],
): Promise<ScannedMaps> {
  if (!model.graph.nodes.some(isScan)) return { graph: model.graph, values: new Map(values), standIns: new Map() };
  const graph = withOwnNames(model.graph);
  const bound = await bindBodies(engine, { ...model, graph }, values);
  const weights = new Set([...graph.initializers.keys(), ...parameters]);
  const initializers = new Map(graph.initializers);
  const standIns = new Map<string, string>();
  const taken = new Set(graph.nodes.map(({ name }) => name)); // ONNX Runtime requires unique names
  const nodes = graph.nodes.flatMap((node) => {
    if (!isScan(node)) return [node];
    const parts = scanParts(node);
    const found = productsOf(node, parts, weights, bound);
    const traced = withStates(node, parts, bound);
    if (found.length === 0) return [{ ...node, ...scanOf(traced) }];
    const opened = withRows(node, traced, found, bound);
    for (const [name, tensor] of opened.zeros) initializers.set(name, tensor);
    const outside = found.flatMap((product) => {
      const own = product.node.name;
      const name = own !== "" && taken.has(own) ? product.outside : own;
      taken.add(name);
      return copies(product, opened.parts, weights, bound, standIns).map((one, i) =>
        i === 0 ? { ...one, name } : one,
      );
    });
    return [{ ...node, ...scanOf(opened.parts) }, ...outside];
  });
  return { graph: { ...graph, nodes, initializers }, values: bound, standIns };
}

/** The graph with new names in bodies that share names with an earlier body. */
function withOwnNames(graph: Graph): Graph {
  const seen = new Set<string>();
  const nodes = graph.nodes.map((node) => {
    if (!isScan(node)) return node;
    const parts = scanParts(node);
    const { nodes: inner, inputs, initializers, outputs } = parts.body;
    const own = [...inputs.map(({ name }) => name), ...initializers.keys(), ...inner.flatMap((one) => one.outputs)];
    const isShared = own.some((name) => name !== "" && seen.has(name));
    for (const name of own) seen.add(name);
    if (!isShared) return node;
    const names = new Map(own.map((name) => [name, name && `${node.outputs.find((one) => one !== "")}//${name}`]));
    const called = <T extends { readonly name: string }>(list: readonly T[]) =>
      list.map((one) => ({ ...one, name: names.get(one.name) ?? one.name }));
    const body: Graph = {
      ...parts.body,
      nodes: inner.map((one) => renamed(one, names)),
      inputs: called(inputs),
      outputs: called(outputs),
      initializers: new Map([...initializers].map(([name, tensor]) => [names.get(name)!, tensor])),
    };
    return { ...node, attributes: { ...node.attributes, body: { graph: body } } };
  });
  return { ...graph, nodes };
}

const isScan = ({ op, domain }: Node): boolean => op === "Scan" && domain === "";

function productsOf(
  scan: Node,
  { body, inputs }: ScanParts,
  weights: ReadonlySet<string>,
  values: ReadonlyMap<string, BoundValue>,
): Product[] {
  const steps = values.get(inputs[0]!.name)!.shape.at(inputs[0]!.axis)!;
  return body.nodes.flatMap((node): Product[] => {
    if (node.op !== "MatMul" || node.domain !== "" || node.unmeasured !== undefined) return [];
    const constant = node.inputs.map((name) => weights.has(name));
    const at = constant.indexOf(false);
    const [product, x] = [values.get(node.outputs[0]!), values.get(node.inputs[at] ?? "")];
    // A vector has no sample axis before which an axis of steps could go.
    if (constant.filter(Boolean).length !== 1 || product?.dtype !== "float32" || (x?.shape.length ?? 0) < 2) return [];
    const outside = `${scan.outputs.find((name) => name !== "")}/${node.outputs[0]!}`;
    return [{ node, at, outside, shape: [steps, ...product.shape] }];
  });
}

/** The Scan with the states before each step as outputs, for its gradient. */
function withStates(scan: Node, parts: ScanParts, values: Map<string, BoundValue>): ScanParts {
  const steps = values.get(parts.inputs[0]!.name)!.shape.at(parts.inputs[0]!.axis)!;
  const missing = parts.states.filter(({ read }) => outputOf(parts, read) === undefined);
  const added = missing.map(({ read }) => ({
    inner: read,
    name: `${scan.outputs.find((name) => name !== "")}/${read}`,
  }));
  for (const { inner, name } of added) {
    const { dtype, shape } = values.get(inner)!;
    values.set(name, { dtype, shape: [steps, ...shape] });
    values.set(`${name}/slice`, { dtype, shape });
  }
  return withOutputs(named(scan, parts), added);
}

/** Names for all results, since further ones follow them. */
function named(scan: Node, parts: ScanParts): ScanParts {
  const name = (own: string, i: number) => own || `${scan.outputs.find((one) => one !== "")}/unread ${i}`;
  return {
    ...parts,
    states: parts.states.map((one, i) => ({ ...one, last: name(one.last, i) })),
    outputs: parts.outputs.map((one, i) => ({ ...one, name: name(one.name, parts.states.length + i) })),
  };
}

/** The Scan with h_a of every product as an output, and zeros to add to the product as an input. */
function withRows(
  scan: Node,
  parts: ScanParts,
  products: readonly Product[],
  values: Map<string, BoundValue>,
): { parts: ScanParts; zeros: ReadonlyMap<string, Tensor> } {
  const zeros = new Map<string, Tensor>();
  const byNode = new Map(products.map((product) => [product.node, product]));
  const nodes = parts.body.nodes.flatMap((node): Node[] => {
    const product = byNode.get(node);
    if (product === undefined) return [node];
    const [sum, own, added] = [node.outputs[0]!, `${product.outside}/own`, `${product.outside}/added`];
    values.set(own, values.get(sum)!);
    const add: Node = { op: "Add", domain: "", name: "", inputs: [own, added], outputs: [sum], attributes: {} };
    return [{ ...node, outputs: [own], unmeasured: "" }, add];
  });
  const inputs = products.map(({ outside, shape }) => {
    const name = `${outside}/zeros`;
    zeros.set(name, float32(new Float32Array(sizeOf(shape)), shape));
    values.set(name, { dtype: "float32", shape });
    values.set(`${outside}/added`, { dtype: "float32", shape: shape.slice(1) });
    return { name, inner: `${outside}/added`, axis: 0, direction: 0 as const };
  });
  const body: Graph = {
    ...parts.body,
    nodes,
    inputs: [
      ...parts.body.inputs,
      ...products.map(({ outside, shape }) => ({
        name: `${outside}/added`,
        dtype: "float32" as const,
        shape: shape.slice(1),
      })),
    ],
  };
  let opened: ScanParts = { ...parts, body, inputs: [...parts.inputs, ...inputs] };
  for (const { node, at } of products) {
    const inner = node.inputs[at]!;
    if (outputOf(opened, inner) !== undefined) continue;
    const name = `${scan.outputs.find((one) => one !== "")}/${inner}`;
    const { dtype, shape } = values.get(inner)!;
    values.set(name, { dtype, shape: [products[0]!.shape[0]!, ...shape] });
    values.set(`${name}/slice`, { dtype, shape });
    opened = withOutputs(opened, [{ inner, name }]);
  }
  return { parts: opened, zeros };
}

/** The product of all steps, and the addition of a constant. */
function copies(
  { node, at, outside, shape }: Product,
  parts: ScanParts,
  weights: ReadonlySet<string>,
  values: Map<string, BoundValue>,
  standIns: Map<string, string>,
): Node[] {
  const inputs = node.inputs.map((name, i) => (i === at ? outputOf(parts, name)! : name));
  const place = (name: string) => {
    values.set(name, { dtype: "float32", shape });
    standIns.set(name, `${outside}/zeros`);
  };
  place(outside);
  const isWeight = (name: string) => weights.has(name);
  const moduleName = () => ""; // not requested
  const added = addedConstant(node.outputs[0]!, { graph: parts.body, values, isWeight, moduleName });
  const product = { ...node, inputs, outputs: [outside] };
  const isAlike = added && String(values.get(added.sum)?.shape) === String(shape.slice(1));
  if (!added || !isAlike) return [product];
  const sum = `${outside}/sum`;
  place(sum);
  const add = parts.body.nodes.find(({ outputs }) => outputs.includes(added.sum))!;
  const operands = add.inputs.map((name) => (name === added.constant ? name : outside));
  return [product, { ...add, name: "", inputs: operands, outputs: [sum] }];
}
