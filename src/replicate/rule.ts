/**
 * @file What a rule of replication sees: one node of R graphs of the same form, which of its inputs are stacked, the
 * shapes of a single graph, and the means to add the node that computes all R at once.
 *
 * A value that differs between the graphs is stacked: R times its shape, the graph's number first. All others are
 * shared, and so is what is made of them alone. To add an operator: write a ReplicateRule in the file of its family
 * under rules/, list it in that file's table, and add a case to the test.
 */
import {
  type Attribute,
  type BoundValue,
  type Graph,
  int,
  intAttribute,
  intsAttribute,
  type Node,
} from "../onnx/graph.ts";
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { type DataType, float32, float64, type Tensor, toNumbers } from "../onnx/tensor.ts";
import { NotReplicableError } from "./notReplicable.ts";

/** Adds nodes whose outputs have the names of the node's own, stacked all; at least one input is stacked. */
export type ReplicateRule = (context: ReplicateContext) => void;

/** The graph in which values stand: what is stacked, what is known of shapes, and values brought to another rank. */
export interface Scope {
  readonly builder: GraphBuilder;
  readonly count: number;
  readonly stacked: Set<string>;
  /** Type and shape of every value of a single graph, those of its bodies too. */
  readonly values: ReadonlyMap<string, BoundValue>;
  readonly constants: ReadonlyMap<string, Tensor>;
  /** Names of stacked values with extents of 1 put in, by "name rank". */
  readonly raised: Map<string, string>;
  /** The graphs of a body, of which some captured values are stacked, as one; its outputs are stacked. */
  replicateBody(bodies: readonly Graph[]): Graph;
}

export class ReplicateContext {
  readonly node: Node;
  readonly scope: Scope;
  private readonly nodes: readonly Node[];

  /** @param nodes the node of each graph */
  constructor(nodes: readonly Node[], scope: Scope) {
    this.node = nodes[0]!;
    this.nodes = nodes;
    this.scope = scope;
  }

  /** R. */
  get count(): number {
    return this.scope.count;
  }

  has(i: number): boolean {
    const name = this.node.inputs[i];
    return name !== undefined && name !== "";
  }

  x(i: number): string {
    if (!this.has(i)) throw this.fail(`expected input ${i}, got none`);
    return this.node.inputs[i]!;
  }

  isStacked(i: number): boolean {
    return this.has(i) && this.scope.stacked.has(this.x(i));
  }

  /** Shape of input i in a single graph. */
  shape(i: number): readonly number[] {
    return this.shapeOf(this.x(i));
  }

  shapeOf(name: string): readonly number[] {
    return this.valueOf(name).shape;
  }

  private valueOf(name: string): BoundValue {
    const value = this.scope.values.get(name);
    if (value === undefined) throw this.fail(`expected a known shape of "${name}", got none`);
    return value;
  }

  get dtype(): DataType {
    return this.valueOf(this.node.outputs[0]!).dtype;
  }

  /**
   * Input i so that its axes meet those of values of the given rank: a stacked one with extents of 1 behind the first
   * axis, a shared one as it is.
   */
  aligned(i: number, rank: number): string {
    const name = this.x(i);
    const shape = this.shape(i);
    if (!this.isStacked(i) || shape.length >= rank) return name;
    const key = `${name} ${rank}`;
    const known = this.scope.raised.get(key);
    if (known !== undefined) return known;
    const ones = new Array<number>(rank - shape.length).fill(1);
    const raised = this.reshape(name, [this.count, ...ones, ...shape]);
    this.scope.raised.set(key, raised);
    return raised;
  }

  /** Input i stacked, even where all graphs share it. */
  each(i: number): string {
    return this.isStacked(i) ? this.x(i) : stackedCopies(this.scope, this.x(i), this.shape(i));
  }

  /** The whole numbers of input i, which must be a constant that all graphs share. */
  constantInts(i: number): readonly number[] | undefined {
    if (!this.has(i)) return undefined;
    const tensor = this.isStacked(i) ? undefined : this.scope.constants.get(this.x(i));
    if (tensor === undefined) throw this.fail(`expected input ${i} to be a constant that all share, got another value`);
    return toNumbers(tensor);
  }

  int(name: string, otherwise: number): number {
    return intAttribute(this.node, name, otherwise);
  }

  intList(name: string): readonly number[] | undefined {
    return intsAttribute(this.node, name);
  }

  /** An attribute of each graph, all of which may differ. */
  floats(name: string, otherwise: number): readonly number[] {
    return this.nodes.map(({ attributes }) => {
      const attribute = attributes[name];
      return attribute !== undefined && "float" in attribute ? attribute.float : otherwise;
    });
  }

  /** The graphs of an attribute. */
  bodies(name: string): readonly Graph[] {
    return this.nodes.map(({ attributes }) => {
      const attribute = attributes[name];
      if (attribute === undefined || !("graph" in attribute)) throw this.fail(`expected a body ${name}, got none`);
      return attribute.graph;
    });
  }

  /** The axis of a single graph's value, from 0, one further on for the axis of graphs. */
  shifted(axis: number, rank: number): number {
    return (axis < 0 ? axis + rank : axis) + 1;
  }

  /** Adds the node itself with other inputs and attributes; its outputs are the stacked ones. */
  make(inputs: readonly string[], changes: Readonly<Record<string, Attribute>> = {}, op = this.node.op): void {
    if (op === this.node.op) this.checkFloats();
    const { name, domain, outputs } = this.node;
    const attributes = { ...(op === this.node.op ? this.node.attributes : {}), ...changes };
    this.scope.builder.ops(op, inputs, attributes, { outputs, name, domain });
  }

  /** Names the node's first output, which was computed already. */
  is(value: string): void {
    this.scope.builder.ops("Identity", [value], {}, { outputs: this.node.outputs.slice(0, 1) });
  }

  op(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.scope.builder.op(op, inputs, attributes);
  }

  reshape(name: string, shape: readonly number[]): string {
    return this.op("Reshape", [name, this.ints(shape)], { allowzero: int(1) });
  }

  ints(values: readonly number[]): string {
    return this.scope.builder.ints(values);
  }

  /** A constant of the type of the node's first output. */
  constant(values: readonly number[], shape: readonly number[]): string {
    return this.scope.builder.constant(this.dtype === "float64" ? float64(values, shape) : float32(values, shape));
  }

  /** @throws NotReplicableError where a float attribute is not the same in all graphs */
  private checkFloats(): void {
    for (const [key, attribute] of Object.entries(this.node.attributes))
      if ("float" in attribute && this.floats(key, 0).some((value) => value !== attribute.float))
        throw this.fail(`expected the same attribute ${key} in each graph, got several`);
  }

  fail(reason: string): NotReplicableError {
    return new NotReplicableError(reason, this.node);
  }
}

/** R copies of a shared value. */
export function stackedCopies({ builder, count }: Scope, name: string, shape: readonly number[]): string {
  return builder.op("Expand", [name, builder.ints([count, ...shape])]);
}
