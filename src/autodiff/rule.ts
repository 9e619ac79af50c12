/**
 * @file The input of a gradient rule: one node, the gradients that reach its outputs, bound shapes, and the means to
 * add nodes.
 *
 * To add an operator: write a GradientRule in the file of its family under rules/, list it in that file's table, and
 * add a case to the test of the same name. Nothing else changes.
 */

import { elementTypeCode } from "../onnx/elementType.ts";
import type { Attribute } from "../onnx/graph.ts";
import { type BoundValue, floatAttribute, type Graph, int, intAttribute, type Node } from "../onnx/graph.ts";
import type { GraphBuilder, OperatorOptions } from "../onnx/graphBuilder.ts";
import { type DataType, float32, float64, sizeOf, type Tensor, toNumbers } from "../onnx/tensor.ts";
import { NotDifferentiableError } from "./notDifferentiable.ts";

/**
 * Returns for each input of the node the name of dL/d(input), of that input's shape, or undefined for inputs that have
 * no gradient (integers, conditions) or need none (`context.needs(i)` is false). After the inputs come the values that
 * the node's bodies take from outside, in the order of capturedBy.
 */
export type GradientRule = (context: RuleContext) => readonly (string | undefined)[];

/** Adds to a graph the gradients of its values (addGradientsFrom), for rules of operators with bodies. */
export type Differentiate = (
  builder: GraphBuilder,
  graph: Graph,
  request: {
    readonly seeds: readonly (readonly [value: string, factor: string])[];
    readonly wrt: readonly string[];
    readonly values: ReadonlyMap<string, BoundValue>;
  },
) => ReadonlyMap<string, string | undefined>;

export class RuleContext {
  readonly builder: GraphBuilder;
  readonly node: Node;
  readonly differentiate: Differentiate;
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
    differentiate: Differentiate,
  ) {
    this.builder = builder;
    this.node = node;
    this.differentiate = differentiate;
    this.flowing = flowing;
    this.needed = needed;
    this.values = values;
    this.constants = constants;
  }

  /** The same node, with nodes added to another graph: the body of a Scan. */
  within(builder: GraphBuilder): RuleContext {
    const { node, flowing, needed, values, constants, differentiate } = this;
    return new RuleContext(builder, node, flowing, needed, values, constants, differentiate);
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

  /** Gradient that reaches output i; zeros for an output that the loss does not depend on. */
  dy(i = 0): string {
    const gradient = this.flowing[i];
    if (gradient !== undefined) return gradient;
    const { dtype, shape } = this.value(this.y(i));
    return this.op("Expand", [this.builder.scalar(0, dtype), this.builder.ints(shape)]);
  }

  /** Whether the loss depends on output i. */
  flows(i: number): boolean {
    return this.flowing[i] !== undefined;
  }

  has(i: number): boolean {
    const name = this.node.inputs[i];
    return name !== undefined && name !== "";
  }

  /** Whether the gradient of input i is needed. */
  needs(i: number): boolean {
    return this.has(i) && this.needed.has(this.node.inputs[i]!);
  }

  /** Whether the gradient of a value is needed. */
  isNeeded(name: string): boolean {
    return this.needed.has(name);
  }

  /** Types and shapes of all values. */
  get allValues(): ReadonlyMap<string, BoundValue> {
    return this.values;
  }

  shape(name: string): readonly number[] {
    return this.value(name).shape;
  }

  value(name: string): BoundValue {
    const value = this.values.get(name);
    if (value === undefined) throw this.fail(`expected a bound shape for "${name}", got none`);
    return value;
  }

  isConstant(i: number): boolean {
    return this.has(i) && this.constants.has(this.x(i));
  }

  /** The integers of input i, which must be a constant of the graph (axes, shapes, splits). */
  constantInts(i: number): readonly number[] | undefined {
    return this.has(i) ? this.constantNumbers(i) : undefined;
  }

  /** The numbers of input i, which must be a constant of the graph. */
  constantNumbers(i: number): readonly number[] {
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

  /** Element type of the node's first output; gradients are computed in it. */
  get dtype(): DataType {
    return this.value(this.y()).dtype;
  }

  /** A scalar constant of the type of the node's first output. */
  scalar(value: number): string {
    return this.builder.scalar(value, this.dtype);
  }

  /** `name` times a number; no node is added for 1. */
  scale(name: string, factor: number): string {
    return factor === 1 ? name : this.op("Mul", [name, this.scalar(factor)]);
  }

  /** `name`, of the type of the node's first output, as `dtype`. */
  cast(name: string, dtype: DataType): string {
    return dtype === this.dtype ? name : this.op("Cast", [name], { to: int(elementTypeCode(dtype)) });
  }

  /** Indices as int64. */
  cast64(name: string): string {
    return this.value(name).dtype === "int64" ? name : this.op("Cast", [name], { to: int(elementTypeCode("int64")) });
  }

  /** Value of a one-entry constant input, undefined if it is computed or has several entries. */
  constantScalar(i: number): number | undefined {
    const tensor = this.has(i) ? this.constants.get(this.x(i)) : undefined;
    return tensor !== undefined && sizeOf(tensor.shape) === 1 ? toNumbers(tensor)[0] : undefined;
  }

  /** A constant of the type of the node's first output. */
  vector(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.builder.constant(this.dtype === "float64" ? float64(values, shape) : float32(values, shape));
  }

  zeros(shape: readonly number[]): string {
    return this.op("Expand", [this.scalar(0), this.builder.ints(shape)]);
  }

  sum(name: string, axes: readonly number[], keepdims: 0 | 1): string {
    return this.op("ReduceSum", [name, this.builder.ints(axes)], { keepdims: int(keepdims) });
  }

  add(left: string, right: string): string {
    return this.op("Add", [left, right]);
  }

  sub(left: string, right: string): string {
    return this.op("Sub", [left, right]);
  }

  transpose(name: string, perm: readonly number[]): string {
    return perm.every((axis, i) => axis === i) ? name : this.op("Transpose", [name], { perm: { ints: perm } });
  }

  /** Entries starts[i], starts[i] + steps[i], ... before ends[i] of each axis. */
  slice(
    name: string,
    starts: readonly number[],
    ends: readonly number[],
    axes: readonly number[],
    steps: readonly number[] = axes.map(() => 1),
  ): string {
    return this.op("Slice", [name, ...[starts, ends, axes, steps].map((list) => this.builder.ints(list))]);
  }

  /** Zeros before and after each axis; negative numbers cut. */
  pad(name: string, before: readonly number[], after: readonly number[]): string {
    if ([...before, ...after].every((extent) => extent === 0)) return name;
    return this.op("Pad", [name, this.builder.ints([...before, ...after])]);
  }

  /** @param from shape of `name` where known: no node is added if it already equals `shape` */
  reshape(name: string, shape: readonly number[], from?: readonly number[]): string {
    if (from !== undefined && sameShape(from, shape)) return name;
    return this.op("Reshape", [name, this.builder.ints(shape)], { allowzero: { int: 1 } });
  }

  /** Undoes broadcasting: sums `name` of shape `from` over the axes along which input i was repeated. */
  sumTo(name: string, from: readonly number[], i: number): string {
    const to = this.shape(this.x(i));
    const lead = from.length - to.length;
    const repeated = (axis: number) => axis < lead || (to[axis - lead] === 1 && from[axis] !== 1);
    const axes = from.map((_, axis) => axis).filter(repeated);
    if (axes.length === 0) return this.reshape(name, to, from);
    const left = from.filter((_, axis) => !axes.includes(axis));
    if (sizeOf(to) <= 1) return this.reshape(this.sum(name, axes, 0), to, left);
    if (axes.every((axis, position) => axis === position)) return this.sumRows(name, from, to);
    return this.reshape(this.sum(name, axes, 0), to, left);
  }

  /**
   * Sum over the leading axes, as a row of ones times the (rows, columns) matrix: twice as fast in ONNX Runtime as
   * ReduceSum at 100 x 100, and the same at 4096 x 768.
   */
  private sumRows(name: string, from: readonly number[], to: readonly number[]): string {
    const columns = sizeOf(to);
    const rows = sizeOf(from) / columns;
    const ones = this.op("Expand", [this.scalar(1), this.builder.ints([rows])]);
    const sum = this.op("MatMul", [ones, this.reshape(name, [rows, columns], from)]);
    return this.reshape(sum, to, [columns]);
  }

  fail(reason: string): NotDifferentiableError {
    return new NotDifferentiableError(this.node, reason);
  }
}

function sameShape(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((extent, axis) => extent === right[axis]);
}
