/**
 * @file Builds an ONNX graph node by node. Values are names; an operator call returns the name of its output, so graph
 * code reads like the formula it stands for:
 *
 *     const g = new GraphBuilder("example");
 *     const x = g.input("x", "float32", ["N", 3]);
 *     g.output(g.op("Relu", [x]), "y");
 *     const graph = g.build();
 *
 * Does not infer shapes: bindShapes (engine room) asks ONNX Runtime.
 */
import type { Attribute, Graph, Node, ValueInfo } from "./graph.ts";
import { type DataType, float32, float64, int64, type Tensor } from "./tensor.ts";

/** Version of the standard operator set of all graphs in this project; older files are upgraded to it. */
export const WORKING_OPSET = 24;

export interface OperatorOptions {
  /** Names of the outputs, or how many to name automatically. Default 1. */
  readonly outputs?: number | readonly string[];
  readonly domain?: string;
  readonly name?: string;
  /** As in Node. */
  readonly part?: string;
  readonly unmeasured?: string;
}

export class GraphBuilder {
  readonly name: string;
  private readonly nodes: Node[] = [];
  private readonly initializers = new Map<string, Tensor>();
  private readonly inputs: ValueInfo[] = [];
  private readonly outputs: ValueInfo[] = [];
  private readonly taken = new Set<string>();
  private readonly scalars = new Map<string, string>();
  private counter = 0;

  /** @param from a graph to extend: its nodes, initializers, inputs and outputs are kept. */
  constructor(name: string, from?: Graph) {
    this.name = name;
    if (from === undefined) return;
    for (const value of from.inputs) this.taken.add(value.name);
    for (const key of from.initializers.keys()) this.taken.add(key);
    for (const node of from.nodes) for (const output of node.outputs) this.taken.add(output);
    this.inputs.push(...from.inputs);
    this.outputs.push(...from.outputs);
    this.nodes.push(...from.nodes);
    for (const [key, tensor] of from.initializers) this.initializers.set(key, tensor);
  }

  /** Declares a graph input and returns its name. */
  input(name: string, dtype: DataType, shape?: readonly (number | string | undefined)[]): string {
    this.inputs.push(
      shape === undefined ? { name: this.claim(name), dtype } : { name: this.claim(name), dtype, shape },
    );
    return name;
  }

  /** Adds a named tensor that belongs to the graph (a parameter). */
  initializer(name: string, tensor: Tensor): string {
    this.initializers.set(this.claim(name), tensor);
    return name;
  }

  /** Adds an unnamed constant. */
  constant(tensor: Tensor): string {
    return this.initializer(this.freshName("constant"), tensor);
  }

  /** A scalar constant of the given float type; equal scalars share one constant. */
  scalar(value: number, dtype: DataType = "float32"): string {
    if (dtype !== "float32" && dtype !== "float64")
      throw new TypeError(`scalar: expected float32 or float64, got ${dtype}; cast the graph first`);
    return this.shared(`${dtype}:${Object.is(value, -0) ? "-0" : value}`, () =>
      dtype === "float32" ? float32([value], []) : float64([value], []),
    );
  }

  /** A one-dimensional int64 constant (axes, shapes, indices); equal lists share one constant. */
  ints(values: readonly number[]): string {
    return this.shared(`int64:${values.join(",")}`, () => int64(values));
  }

  /** Adds a node with one output and returns that output's name. */
  op(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    options: OperatorOptions = {},
  ): string {
    return this.ops(op, inputs, attributes, options)[0]!;
  }

  /** Adds a node and returns the names of all its outputs. */
  ops(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    options: OperatorOptions = {},
  ): string[] {
    const { outputs = 1, domain = "", name = "", ...others } = options;
    const names =
      typeof outputs === "number"
        ? Array.from({ length: outputs }, () => this.claim(this.freshName(op.toLowerCase())))
        : outputs.map((output) => this.claim(output));
    this.nodes.push({ op, domain, name, inputs, outputs: names, attributes, ...others });
    return names;
  }

  /** Declares `value` as a graph output, under `name` if one is given; its type and shape are left to the engine. */
  output(value: string, name: string = value): string {
    if (name !== value) this.ops("Identity", [value], {}, { outputs: [name] });
    this.outputs.push({ name });
    return name;
  }

  /** Adds a finished node; its inputs must already exist. */
  add(node: Node): void {
    for (const output of node.outputs) if (output !== "") this.claim(output);
    this.nodes.push(node);
  }

  /**
   * Adds factor * C to the result of a Gemm inside that node, which costs less than nodes of its own. The product may
   * first be multiplied by a scalar, through its first factor.
   *
   * @param C a value that exists before the node, of the result's shape
   * @param scale a scalar that exists before the node. Default: 1
   * @returns false, with nothing changed, unless `value` is the result of a Gemm without an addend and without another
   *   use
   */
  addIntoGemm(value: string, C: string, factor: number, scale?: string): boolean {
    const at = this.nodes.findIndex((node) => node.outputs.includes(value));
    const node = this.nodes[at];
    if (node?.op !== "Gemm" || node.inputs.length !== 2) return false;
    if (this.nodes.some(({ inputs }) => inputs.includes(value))) return false;
    const attributes = { ...node.attributes, beta: { float: factor } };
    const [A, B] = node.inputs as [string, string];
    if (scale === undefined) {
      this.nodes[at] = { ...node, inputs: [A, B, C], attributes };
      return true;
    }
    const scaled = this.op("Mul", [A, scale]);
    const multiplication = this.nodes.pop()!;
    this.nodes.splice(at, 1, multiplication, { ...node, inputs: [scaled, B, C], attributes });
    return true;
  }

  build(): Graph {
    return {
      name: this.name,
      nodes: [...this.nodes],
      initializers: new Map(this.initializers),
      inputs: [...this.inputs],
      outputs: [...this.outputs],
    };
  }

  private shared(key: string, make: () => Tensor): string {
    const known = this.scalars.get(key);
    if (known !== undefined) return known;
    const name = this.constant(make());
    this.scalars.set(key, name);
    return name;
  }

  private freshName(stem: string): string {
    let name: string;
    do name = `${this.name}/${stem}_${this.counter++}`;
    while (this.taken.has(name));
    return name;
  }

  private claim(name: string): string {
    if (this.taken.has(name))
      throw new RangeError(
        `graph ${this.name}: expected a new name, got "${name}" a second time; name each value once`,
      );
    this.taken.add(name);
    return name;
  }
}
