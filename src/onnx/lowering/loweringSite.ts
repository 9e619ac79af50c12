/** @file The input of a lowering: one node with bound shapes, and the means to write it in simpler operators. */

import { elementTypeCode } from "../elementType.ts";
import {
  type Attribute,
  type BoundValue,
  floatAttribute,
  int,
  intAttribute,
  type Node,
  stringAttribute,
} from "../graph.ts";
import type { GraphBuilder, OperatorOptions } from "../graphBuilder.ts";
import { type DataType, float32, float64, type Tensor, toNumbers } from "../tensor.ts";

/** Writes a node in simpler operators and returns the names of its outputs; undefined for an unknown form. */
export type Lowering = (site: Site) => readonly string[] | undefined;

export class Site {
  readonly g: GraphBuilder;
  readonly node: Node;
  private readonly values: ReadonlyMap<string, BoundValue>;
  private readonly constants: ReadonlyMap<string, Tensor>;

  constructor(
    g: GraphBuilder,
    node: Node,
    values: ReadonlyMap<string, BoundValue>,
    constants: ReadonlyMap<string, Tensor>,
  ) {
    this.g = g;
    this.node = node;
    this.values = values;
    this.constants = constants;
  }

  /** The same node, with nodes added to another graph: the body of a Scan. */
  within(g: GraphBuilder): Site {
    return new Site(g, this.node, this.values, this.constants);
  }

  /** Name of input i, which the operator requires. */
  x(i = 0): string {
    return this.node.inputs[i]!;
  }

  has(i: number): boolean {
    return (this.node.inputs[i] ?? "") !== "";
  }

  /** Whether output i is used. */
  wants(i: number): boolean {
    return (this.node.outputs[i] ?? "") !== "";
  }

  /** The numbers of input i; undefined where they depend on data. */
  constantNumbers(i: number): readonly number[] | undefined {
    const tensor = this.constants.get(this.x(i));
    return tensor === undefined ? undefined : toNumbers(tensor);
  }

  shape(i: number): readonly number[] {
    return this.value(i).shape;
  }

  dtype(i = 0): DataType {
    return this.value(i).dtype;
  }

  private value(i: number): BoundValue {
    const value = this.values.get(this.x(i));
    if (value === undefined) throw new Error(`lowering: expected a bound shape for "${this.x(i)}", got none`);
    return value;
  }

  int(name: string, otherwise: number): number {
    return intAttribute(this.node, name, otherwise);
  }

  float(name: string, otherwise: number): number {
    return floatAttribute(this.node, name, otherwise);
  }

  string(name: string, otherwise: string): string {
    return stringAttribute(this.node, name, otherwise);
  }

  op(op: string, inputs: readonly string[], attributes?: Record<string, Attribute>, options?: OperatorOptions): string {
    return this.g.op(op, inputs, attributes, options);
  }

  add(left: string, right: string): string {
    return this.op("Add", [left, right]);
  }

  mul(left: string, right: string): string {
    return this.op("Mul", [left, right]);
  }

  /** A scalar of input 0's float type. */
  scalar(value: number): string {
    const dtype = this.dtype();
    if (dtype === "float32" || dtype === "float64") return this.g.scalar(value, dtype);
    return this.op("Cast", [this.g.constant(float32([value], []))], { to: int(elementTypeCode(dtype)) });
  }

  /** A constant of the type of input 0. */
  constant(values: readonly number[], shape: readonly number[]): string {
    if (this.dtype() === "float64") return this.g.constant(float64(values, shape));
    const constant = this.g.constant(float32(values, shape));
    if (this.dtype() === "float32") return constant;
    return this.op("Cast", [constant], { to: int(elementTypeCode(this.dtype())) });
  }

  scale(name: string, factor: number): string {
    return factor === 1 ? name : this.mul(name, this.scalar(factor));
  }

  reshape(name: string, shape: readonly number[]): string {
    return this.op("Reshape", [name, this.g.ints(shape)]);
  }

  transpose(name: string, perm: readonly number[]): string {
    return this.op("Transpose", [name], { perm: { ints: perm } });
  }

  expand(name: string, shape: readonly number[]): string {
    return this.op("Expand", [name, this.g.ints(shape)]);
  }

  unsqueeze(name: string, axes: readonly number[]): string {
    return this.op("Unsqueeze", [name, this.g.ints(axes)]);
  }

  concat(names: readonly string[], axis: number): string {
    return this.op("Concat", names, { axis: int(axis) });
  }

  /** Entries from..to-1 along an axis. */
  slice(name: string, from: number, to: number, axis: number): string {
    return this.op("Slice", [name, ...[from, to, axis].map((value) => this.g.ints([value]))]);
  }
}
