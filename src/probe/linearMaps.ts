/**
 * @file Finds the linear maps h_b = W h_a + bias of a graph (docs/theory.md Eq. 1): Gemm, and MatMul with one constant
 * two-dimensional operand on the right, the bias that follows it included. What looks like a linear map and is not measured
 * is returned with the reason.
 */
import { type BoundValue, floatAttribute, type Graph, intAttribute, type Node } from "../onnx/graph.ts";

export interface LinearMap {
  /** The module's name as its framework has it: `layers.0`. */
  readonly name: string;
  readonly kind: "linear";
  /** Value names: input (…, dIn), output (…, dOut) and weight. */
  readonly ha: string;
  readonly hb: string;
  readonly weight: string;
  /** Whether the weight is stored as (dIn, dOut), the transpose of W. */
  readonly transposed: boolean;
  /** W = scale times the stored weight (alpha of Gemm). */
  readonly scale: number;
  readonly dIn: number;
  readonly dOut: number;
}

export interface Skipped {
  readonly node: string;
  readonly reason: string;
}

/**
 * @param weights names of the values that count as weights (initializers, trained parameters)
 * @param values bound shapes of the graph
 * @returns the maps in order of execution
 */
export function findLinearMaps(
  graph: Graph,
  weights: ReadonlySet<string>,
  values: ReadonlyMap<string, BoundValue>,
): { maps: LinearMap[]; skipped: Skipped[] } {
  const maps: LinearMap[] = [];
  const skipped: Skipped[] = [];
  for (const node of graph.nodes) {
    if (node.domain !== "" || (node.op !== "Gemm" && node.op !== "MatMul")) continue;
    const found = node.op === "Gemm" ? gemmMap(node, weights, values) : matmulMap(node, graph, weights, values);
    if (found === undefined) continue;
    if (typeof found === "string") skipped.push({ node: node.name || node.outputs[0]!, reason: found });
    else maps.push(found);
  }
  return { maps: uniqueNames(maps), skipped };
}

type Found = LinearMap | string | undefined;

function gemmMap(node: Node, weights: ReadonlySet<string>, values: ReadonlyMap<string, BoundValue>): Found {
  const [ha, weight] = node.inputs as [string, string];
  if (!weights.has(weight)) return weights.has(ha) ? "constant operand on the left of Gemm" : undefined;
  if (weights.has(ha)) return "both operands are constant";
  if (intAttribute(node, "transA", 0) !== 0) return "Gemm with a transposed input";
  const transposed = intAttribute(node, "transB", 0) === 0;
  return linearMap(node, ha, node.outputs[0]!, weight, transposed, floatAttribute(node, "alpha", 1), values);
}

function matmulMap(
  node: Node,
  graph: Graph,
  weights: ReadonlySet<string>,
  values: ReadonlyMap<string, BoundValue>,
): Found {
  const [ha, weight] = node.inputs as [string, string];
  if (!weights.has(weight)) return weights.has(ha) ? "constant operand on the left of MatMul" : undefined;
  if (weights.has(ha)) return "both operands are constant";
  if (values.get(weight)?.shape.length !== 2) return "MatMul with a constant that is no matrix";
  return linearMap(node, ha, withBias(node, graph, weights, values), weight, true, 1, values);
}

/** The output after the bias, where the only use of the product is the addition of a constant vector. */
function withBias(
  node: Node,
  graph: Graph,
  weights: ReadonlySet<string>,
  values: ReadonlyMap<string, BoundValue>,
): string {
  const product = node.outputs[0]!;
  const users = graph.nodes.filter((other) => other.inputs.includes(product));
  const add = users[0];
  if (users.length !== 1 || add?.op !== "Add" || graph.outputs.some(({ name }) => name === product)) return product;
  const bias = add.inputs.find((name) => name !== product);
  if (bias === undefined || !weights.has(bias) || values.get(bias)?.shape.length !== 1) return product;
  return add.outputs[0]!;
}

function linearMap(
  node: Node,
  ha: string,
  hb: string,
  weight: string,
  transposed: boolean,
  scale: number,
  values: ReadonlyMap<string, BoundValue>,
): Found {
  const [rows, cols] = values.get(weight)!.shape as [number, number];
  if ((values.get(ha)?.shape.length ?? 0) < 2) return "the input has no axis of samples";
  const [dIn, dOut] = transposed ? [rows, cols] : [cols, rows];
  return { name: moduleName(node, weight), kind: "linear", ha, hb, weight, transposed, scale, dIn, dOut };
}

/** `layers.0.weight` or the scope of `/layers.0/Gemm` -> `layers.0`; else the node's or the weight's own name. */
function moduleName(node: Node, weight: string): string {
  const parameter = /^(.+)\.weight$/.exec(weight);
  if (parameter !== null) return parameter[1]!;
  const scope = /^\/(.+)\/[^/]+$/.exec(node.name);
  if (scope !== null) return scope[1]!.replaceAll("/", ".");
  return node.name || weight;
}

/** A weight used twice is two maps of the same name: later ones get "#2", "#3". */
function uniqueNames(maps: readonly LinearMap[]): LinearMap[] {
  const seen = new Map<string, number>();
  return maps.map((map) => {
    const count = (seen.get(map.name) ?? 0) + 1;
    seen.set(map.name, count);
    return count === 1 ? map : { ...map, name: `${map.name}#${count}` };
  });
}
