/**
 * @file Reverse-mode differentiation of an ONNX graph (docs/theory.md Eq. 22): given y = f(x) and dL/dy, every
 * operator's rule adds the nodes that compute dL/dx = (dy/dx)^T dL/dy. The gradient is again an ONNX graph, so whatever
 * runs the network runs its gradient.
 *
 * Shapes must be bound beforehand (bindShapes), so that rules can undo broadcasting and reshaping with constants. The
 * gradient of a value used several times is the sum over its uses. Values on no path from `wrt` to `of` get no nodes.
 */
import { capturedBy, readsOf } from "../onnx/branches.ts";
import type { BoundValue, Graph, Node } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import type { DataType, Tensor } from "../onnx/tensor.ts";
import { constantOperators } from "./constantOperators.ts";
import { NotDifferentiableError } from "./notDifferentiable.ts";
import { type GradientRule, RuleContext } from "./rule.ts";
import { rules } from "./rules.ts";

export interface GradientRequest {
  /** The value to differentiate. If it is no scalar, the gradient is that of the sum of its entries. */
  readonly of: string;
  /** The values to differentiate with respect to: inputs, initializers or results of nodes. */
  readonly wrt: readonly string[];
  /** Type and shape of every value of the graph, and of those in the bodies of its Scans (bindBodies). */
  readonly values: ReadonlyMap<string, BoundValue>;
  /** Receives each node's contribution to the gradients of its inputs, before contributions are summed. */
  readonly onNode?: (node: Node, added: readonly (string | undefined)[]) => void;
  /** Rules of single nodes whose results the builder computes in another way than the node itself. */
  readonly own?: ReadonlyMap<Node, GradientRule>;
}

/** Types that carry gradients; rules can compute with float32 and float64 only. */
const FLOAT_TYPES: ReadonlySet<DataType> = new Set(["float32", "float64", "float16", "bfloat16"]);

/**
 * Appends to `builder`, which already computes the values of `graph`, the nodes that compute the gradients.
 *
 * @returns for each of `wrt` the name of its gradient, of the same shape; undefined where `of` does not depend on it
 * @throws NotDifferentiableError when an operator between `wrt` and `of` has no rule
 * @throws RangeError when a name is unknown or a shape is missing
 */
export function addGradients(
  builder: GraphBuilder,
  graph: Graph,
  request: GradientRequest,
): Map<string, string | undefined> {
  const { of, wrt, values } = request;
  checkNames([of, ...wrt], values);
  const needed = dependents(graph, wrt, values);
  if (!needed.has(of)) return new Map(wrt.map((name) => [name, undefined]));
  return addGradientsFrom(builder, graph, { ...request, seeds: [[of, filled(builder, 1, values.get(of)!)]] });
}

/**
 * As addGradients, for the sum over values of the product of their entries with given factors.
 *
 * @param request.seeds values and the names of their factors, of the same shape; a value may occur more than once
 */
export function addGradientsFrom(
  builder: GraphBuilder,
  graph: Graph,
  request: Omit<GradientRequest, "of"> & { readonly seeds: readonly (readonly [value: string, factor: string])[] },
): Map<string, string | undefined> {
  const { seeds, wrt, values, onNode } = request;
  const needed = dependents(graph, wrt, values);
  const parts = new Map<string, string[]>();
  const add = (name: string, gradient: string) => {
    const list = parts.get(name);
    if (list === undefined) parts.set(name, [gradient]);
    else list.push(gradient);
  };
  for (const [name, factor] of seeds) if (needed.has(name)) add(name, factor);
  for (const node of [...graph.nodes].reverse()) {
    const flowing = node.outputs.map((output) => total(builder, parts, output));
    if (flowing.every((gradient) => gradient === undefined) || isConstant(node)) continue;
    const read = [...node.inputs, ...capturedBy(node)];
    if (!read.some((input) => needed.has(input))) continue;
    const gradients = applyRule(builder, graph, node, flowing, needed, request);
    onNode?.(node, gradients);
    read.forEach((input, i) => {
      const gradient = gradients[i];
      if (gradient !== undefined && needed.has(input)) add(input, gradient);
    });
  }
  return new Map(wrt.map((name) => [name, total(builder, parts, name)]));
}

/**
 * The graph that computes only the gradients of `of`: same inputs, one output `grad/<name>` per name of `wrt`
 * (zeros where `of` does not depend on it), besides `of` itself.
 */
export function gradientGraph(graph: Graph, request: GradientRequest): Graph {
  const builder = new GraphBuilder("gradient", { ...graph, outputs: [] });
  const gradients = addGradients(builder, graph, request);
  builder.output(request.of);
  for (const [name, gradient] of gradients) {
    builder.output(gradient ?? filled(builder, 0, request.values.get(name)!), `grad/${name}`);
  }
  return builder.build();
}

function checkNames(names: readonly string[], values: ReadonlyMap<string, BoundValue>): void {
  for (const name of names) {
    const value = values.get(name);
    if (value === undefined)
      throw new RangeError(`addGradients: expected the name of a value of the graph, got "${name}"`);
    if (value.dtype !== "float32" && value.dtype !== "float64")
      throw new TypeError(`addGradients: expected a float32 or float64 value, got "${name}" of type ${value.dtype}`);
  }
}

/** The float values that depend on any of `wrt`, `wrt` included: only their gradients are needed. */
function dependents(graph: Graph, wrt: readonly string[], values: ReadonlyMap<string, BoundValue>): Set<string> {
  const found = new Set(wrt);
  for (const node of graph.nodes) {
    if (isConstant(node) || !readsOf(node).some((input) => found.has(input))) continue;
    for (const output of node.outputs) {
      const dtype = values.get(output)?.dtype;
      if (dtype !== undefined && FLOAT_TYPES.has(dtype)) found.add(output);
    }
  }
  return found;
}

function isConstant(node: Node): boolean {
  return node.domain === "" && constantOperators.has(node.op);
}

function applyRule(
  builder: GraphBuilder,
  graph: Graph,
  node: Node,
  flowing: readonly (string | undefined)[],
  needed: ReadonlySet<string>,
  { values, own }: Pick<GradientRequest, "values" | "own">,
): readonly (string | undefined)[] {
  const rule = own?.get(node) ?? (node.domain === "" ? rules.get(node.op) : undefined);
  if (rule === undefined)
    throw new NotDifferentiableError(node, "expected an operator with a gradient rule; docs/coverage.md lists them");
  const half = [...node.inputs, ...node.outputs].find((name) => values.get(name)?.dtype.endsWith("float16"));
  if (half !== undefined)
    throw new NotDifferentiableError(
      node,
      `expected float32 or float64, got 16-bit "${half}"; convert the model first`,
    );
  const constants: ReadonlyMap<string, Tensor> = graph.initializers;
  return rule(new RuleContext(builder, node, flowing, needed, values, constants, addGradientsFrom));
}

/** The sum of the gradient's parts, added up once. */
function total(builder: GraphBuilder, parts: Map<string, string[]>, name: string): string | undefined {
  const list = parts.get(name);
  if (list === undefined) return undefined;
  const sum = list.reduce((left, right) => builder.op("Add", [left, right]));
  parts.set(name, [sum]);
  return sum;
}

function filled(builder: GraphBuilder, number: number, { dtype, shape }: BoundValue): string {
  const scalar = builder.scalar(number, dtype);
  return shape.length === 0 ? scalar : builder.op("Expand", [scalar, builder.ints(shape)]);
}
