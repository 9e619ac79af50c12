/**
 * @file Reverse-mode differentiation of an ONNX graph (docs/theory.md Eq. 22): given y = f(x) and dL/dy, every operator's rule
 * adds the nodes that compute dL/dx = (dy/dx)^T dL/dy. The gradient is again an ONNX graph, so whatever runs the network
 * runs its gradient.
 *
 * Shapes must be bound beforehand (bindShapes): rules then undo broadcasting and reshaping with constants. The gradient of a
 * value used several times is the sum over its uses. What does not lead from `wrt` to `of` gets no nodes.
 */
import type { BoundValue, Graph, Node } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import type { DataType, Tensor } from "../onnx/tensor.ts";
import { NotDifferentiableError } from "./notDifferentiable.ts";
import { RuleContext } from "./rule.ts";
import { rules } from "./rules.ts";

export interface GradientRequest {
  /** The value to differentiate. Where it is no scalar, the gradient is that of the sum of its entries. */
  readonly of: string;
  /** The values to differentiate with respect to: inputs, initializers or results of nodes. */
  readonly wrt: readonly string[];
  /** Type and shape of every value of the graph. */
  readonly values: ReadonlyMap<string, BoundValue>;
}

const FLOAT_TYPES: ReadonlySet<DataType> = new Set(["float32", "float64"]);

/**
 * Appends to `builder` (which holds `graph` already) the nodes that compute the gradients.
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
  for (const name of [of, ...wrt])
    if (!values.has(name))
      throw new RangeError(`addGradients: expected the name of a value of the graph, got "${name}"`);
  const dtype = values.get(of)!.dtype;
  if (!FLOAT_TYPES.has(dtype))
    throw new TypeError(
      `addGradients: expected a float32 or float64 value to differentiate, got ${of} of type ${dtype}`,
    );

  const needed = dependents(graph, wrt, values);
  const parts = new Map<string, string[]>([[of, [onesLike(builder, values.get(of)!)]]]);
  for (const node of [...graph.nodes].reverse()) {
    const flowing = node.outputs.map((output) => total(builder, parts, output));
    if (flowing.every((gradient) => gradient === undefined)) continue;
    if (!node.inputs.some((input) => needed.has(input))) continue;
    const gradients = applyRule(builder, graph, node, flowing, needed, values);
    node.inputs.forEach((input, i) => {
      const gradient = gradients[i];
      if (gradient === undefined || !needed.has(input)) return;
      const list = parts.get(input);
      if (list === undefined) parts.set(input, [gradient]);
      else list.push(gradient);
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
    const shape = builder.ints(request.values.get(name)!.shape);
    builder.output(gradient ?? builder.op("ConstantOfShape", [shape]), `grad/${name}`);
  }
  return builder.build();
}

/** The float values that depend on any of `wrt`, `wrt` included: the only ones whose gradient is of use. */
function dependents(graph: Graph, wrt: readonly string[], values: ReadonlyMap<string, BoundValue>): Set<string> {
  const found = new Set(wrt);
  for (const node of graph.nodes) {
    if (!node.inputs.some((input) => found.has(input))) continue;
    for (const output of node.outputs) {
      const dtype = values.get(output)?.dtype;
      if (dtype !== undefined && FLOAT_TYPES.has(dtype)) found.add(output);
    }
  }
  return found;
}

function applyRule(
  builder: GraphBuilder,
  graph: Graph,
  node: Node,
  flowing: readonly (string | undefined)[],
  needed: ReadonlySet<string>,
  values: ReadonlyMap<string, BoundValue>,
): readonly (string | undefined)[] {
  const rule = node.domain === "" ? rules.get(node.op) : undefined;
  if (rule === undefined)
    throw new NotDifferentiableError(node, "expected an operator with a gradient rule; docs/coverage.md lists them");
  const constants: ReadonlyMap<string, Tensor> = graph.initializers;
  return rule(new RuleContext(builder, node, flowing, needed, values, constants));
}

/** The sum of the gradient's parts, added up once. */
function total(builder: GraphBuilder, parts: Map<string, string[]>, name: string): string | undefined {
  const list = parts.get(name);
  if (list === undefined) return undefined;
  const sum = list.reduce((left, right) => builder.op("Add", [left, right]));
  parts.set(name, [sum]);
  return sum;
}

function onesLike(builder: GraphBuilder, value: BoundValue): string {
  if (value.shape.length === 0) return builder.scalar(1, value.dtype);
  return builder.op("Expand", [builder.scalar(1, value.dtype), builder.ints(value.shape)]);
}
