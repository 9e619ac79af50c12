/**
 * @file What a gradient rule sees: one node, the gradients that reach its outputs, bound shapes, and the means to add nodes.
 *
 * To add an operator: write a GradientRule in the file of its family under rules/, list it in that file's table, and add a case
 * to the test of the same name. Nothing else has to know.
 */

import type { Attribute } from "../onnx/graph.ts";
import { type BoundValue, floatAttribute, intAttribute, type Node } from "../onnx/graph.ts";
import type { GraphBuilder, OperatorOptions } from "../onnx/graphBuilder.ts";
import { type Tensor, toNumbers } from "../onnx/tensor.ts";
import { NotDifferentiableError } from "./notDifferentiable.ts";

/**
 * Returns for each input of the node the name of dL/d(input), of that input's shape, or undefined for inputs that have
 * no gradient (integers, conditions) or need none (`context.needs(i)` is false).
 */
export type GradientRule = (context: RuleContext) => readonly (string | undefined)[];

export class RuleContext {
  readonly builder: GraphBuilder;
  readonly node: Node;
  private readonly flowing: readonly (string | undefined)[];
  private readonly needed: ReadonlySet<string>;
  private readonly values: ReadonlyMap<string, BoundValue>;
  private readonly constants: ReadonlyMap<string, Tensor>;

  constructor(
    builder: GraphBuilder,
    node: Node,
    flowing: readonly (string | undefined)[],
    needed: ReadonlySet<string>,
    values: ReadonlyMap<string, BoundValue>,
    constants: ReadonlyMap<string, Tensor>,
  ) {
    this.builder = builder;
    this.node = node;
    this.flowing = flowing;
    this.needed = needed;
    this.values = values;
    this.constants = constants;
  }

  /** Name of input i; it must be present. */
  x(i = 0): string {
    const name = this.node.inputs[i];
    if (name === undefined || name === "") throw this.fail(`expected input ${i}, got none`);
    return name;
  }

  /** Name of output i. */
  y(i = 0): string {
    return this.node.outputs[i]!;
  }

  /** Gradient that reaches output i; for an output that the loss does not see, zeros. */
  dy(i = 0): string {
    const gradient = this.flowing[i];
    if (gradient !== undefined) return gradient;
    const shape = this.shape(this.y(i));
    return this.op("Expand", [this.builder.scalar(0, this.value(this.y(i)).dtype), this.builder.ints(shape)]);
  }

  has(i: number): boolean {
    const name = this.node.inputs[i];
    return name !== undefined && name !== "";
  }

  /** Whether the gradient of input i is of use. */
  needs(i: number): boolean {
    return this.has(i) && this.needed.has(this.node.inputs[i]!);
  }

  shape(name: string): readonly number[] {
    return this.value(name).shape;
  }

  value(name: string): BoundValue {
    const value = this.values.get(name);
    if (value === undefined) throw this.fail(`expected a bound shape for "${name}", got none`);
    return value;
  }

  /** The whole numbers of input i, which must be a constant of the graph (axes, shapes, splits). */
  constantInts(i: number): readonly number[] | undefined {
    if (!this.has(i)) return undefined;
    const tensor = this.constants.get(this.x(i));
    if (tensor === undefined)
      throw this.fail(`expected input ${i} ("${this.x(i)}") to be a constant, got a computed value`);
    return toNumbers(tensor);
  }

  int(name: string, otherwise: number): number {
    return intAttribute(this.node, name, otherwise);
  }

  float(name: string, otherwise: number): number {
    return floatAttribute(this.node, name, otherwise);
  }

  op(
    op: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
    options?: OperatorOptions,
  ): string {
    return this.builder.op(op, inputs, attributes, options);
  }

  mul(...factors: readonly string[]): string {
    return factors.reduce((left, right) => this.op("Mul", [left, right]));
  }

  /** A scalar constant of the type of the node's first output. */
  scalar(value: number): string {
    return this.builder.scalar(value, this.value(this.y()).dtype);
  }

  reshape(name: string, shape: readonly number[]): string {
    return this.op("Reshape", [name, this.builder.ints(shape)], { allowzero: { int: 1 } });
  }

  /** Undoes broadcasting: sums `name` of shape `from` over the axes along which input i was repeated. */
  sumTo(name: string, from: readonly number[], i: number): string {
    const to = this.shape(this.x(i));
    const lead = from.length - to.length;
    const axes = from
      .map((_, axis) => axis)
      .filter((axis) => axis < lead || (to[axis - lead] === 1 && from[axis] !== 1));
    if (axes.length === 0) return name;
    const summed = this.op("ReduceSum", [name, this.builder.ints(axes)], { keepdims: { int: 1 } });
    return lead === 0 ? summed : this.reshape(summed, to);
  }

  fail(reason: string): NotDifferentiableError {
    return new NotDifferentiableError(this.node, reason);
  }
}
