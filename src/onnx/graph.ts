/**
 * @file The in-memory form of an ONNX graph: plain typed objects, no protobuf. Values are identified by name. Every
 * name is produced once (by a node, an initializer or a graph input), and nodes are ordered so that inputs come first.
 */
import type { DataType, Tensor } from "./tensor.ts";

/** An attribute with its ONNX kind, since 1 may be an int or a float. */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly string: string }
  | { readonly strings: readonly string[] }
  | { readonly tensor: Tensor }
  | { readonly graph: Graph };

export interface Node {
  readonly op: string;
  /** "" is the standard operator set. */
  readonly domain: string;
  readonly name: string;
  /** "" marks an omitted optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** The module of the node, `layers.0.mlp.up`, where the exporter states it. */
  readonly scope?: string;
  /** The node's part of its module, where one operator holds several maps: `ih`, `hh` of a recurrent layer. */
  readonly part?: string;
  /**
   * Why the maps of the node are not measured, where known when it was written; "" where they are measured at another
   * node.
   */
  readonly unmeasured?: string;
}

/**
 * A graph input or output. A dimension is a number, a name (bound at run time) or undefined (unknown). Outputs may
 * leave the type to the engine.
 */
export interface ValueInfo {
  readonly name: string;
  readonly dtype?: DataType;
  readonly shape?: readonly (number | string | undefined)[];
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

export interface Model {
  readonly graph: Graph;
  /** Version of the standard operator set. */
  readonly opset: number;
  /** Versions of further operator sets by domain. */
  readonly domains?: Readonly<Record<string, number>>;
  readonly producer?: string;
}

/** Element type and shape of a value once every free dimension is bound. */
export interface BoundValue {
  readonly dtype: DataType;
  readonly shape: readonly number[];
}

export function int(value: number): Attribute {
  return { int: value };
}

export function ints(values: readonly number[]): Attribute {
  return { ints: values };
}

export function float(value: number): Attribute {
  return { float: value };
}

export function intAttribute(node: Node, name: string, otherwise: number): number {
  const attribute = node.attributes[name];
  if (attribute === undefined) return otherwise;
  if (!("int" in attribute)) throw attributeError(node, name, "an int");
  return attribute.int;
}

export function floatAttribute(node: Node, name: string, otherwise: number): number {
  const attribute = node.attributes[name];
  if (attribute === undefined) return otherwise;
  if (!("float" in attribute)) throw attributeError(node, name, "a float");
  return attribute.float;
}

export function intsAttribute(node: Node, name: string): readonly number[] | undefined {
  const attribute = node.attributes[name];
  if (attribute === undefined) return undefined;
  if (!("ints" in attribute)) throw attributeError(node, name, "ints");
  return attribute.ints;
}

export function stringAttribute(node: Node, name: string, otherwise: string): string {
  const attribute = node.attributes[name];
  if (attribute === undefined) return otherwise;
  if (!("string" in attribute)) throw attributeError(node, name, "a string");
  return attribute.string;
}

function attributeError(node: Node, name: string, kind: string): TypeError {
  return new TypeError(
    `onnx: expected attribute ${name} of ${node.op} (${node.name || node.outputs[0]}) to be ${kind}; the model file is malformed`,
  );
}
