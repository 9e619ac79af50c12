/**
 * @file What the probe measures: a linear map h_b = W h_a + bias with its rows (docs/theory.md Eq. 1), or the output of
 * an attention head, which has no weights of its own. Finders for each operator family (contractions.ts,
 * convolutions.ts, attentionHeads.ts) find them in a graph and lay their values out as rows.
 */
import type { Matrix } from "../../linalg/matrix.ts";
import type { LayerKind } from "../../moments/moments.ts";
import type { BoundValue, Graph, Node } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import type { Tensor } from "../../onnx/tensor.ts";
import type { Axis } from "./valueLayout.ts";

/**
 * By node, the names of its contributions to the gradients of its inputs (addGradients); undefined where not computed.
 */
export type AddedGradients = ReadonlyMap<Node, readonly (string | undefined)[]>;

export interface Measurable {
  /** The module's name as its framework has it: `layers.0`, `attn.0.qkv`. */
  readonly name: string;
  readonly kind: LayerKind;
  readonly dOut: number;
  /** Rows of h_a and h_b in the batch. */
  readonly rows: number;
  /** h_b, in the graph's own layout. */
  readonly hb: string;
  /** The value whose gradient is g_b, in the same layout, where it is not hb (LossGraph.standIns). */
  readonly gradientAt?: string;
  /** hb in memory, its steps those of the outputs; absent where outputs and samples share an axis. */
  readonly layout?: readonly Axis[];
  /** Adds the nodes that lay a value shaped like hb out as rows (n, dOut). */
  outputRows(builder: GraphBuilder, value: string): string;
  /**
   * h_b as rows (n, dOut), where outputRows lays out gradients alone because the map's outputs are summed before they
   * become a value.
   */
  activationRows?(builder: GraphBuilder): string;
  /** The side of the weights; absent for attention heads. */
  readonly input?: MapInput;
}

/** The value whose gradient is g_b. */
export function gradientAt({ hb, gradientAt = hb }: Pick<Measurable, "hb" | "gradientAt">): string {
  return gradientAt;
}

export interface MapInput {
  readonly dIn: number;
  /** Adds the nodes that lay h_a out as rows (n, dIn). */
  inputRows(builder: GraphBuilder): string;
  /** The same for some rows, where laying out all of them would cost more. */
  readonly someRows?: (builder: GraphBuilder, rows: readonly number[]) => string;
  /**
   * The same for the node's contribution to the gradient of its input, where that is g_a; absent where the values of
   * h_a are not the values of an input (patches).
   */
  readonly gradientRows?: (builder: GraphBuilder, added: AddedGradients) => string | undefined;
  /** Adds the nodes that give W as (dOut, dIn), columns in the order of inputRows. */
  weightRows(builder: GraphBuilder): string;
  /** W of shape (dOut, dIn) in float64, from the current values of the weights. */
  weight(value: (name: string) => Tensor): Matrix;
  /** h_b - W h_a (dOut) from the current values of the weights; null where it is 0, absent where unknown. */
  readonly bias?: ((value: (name: string) => Tensor) => Float64Array) | null;
  /**
   * Where columns of inputRows have another order than PyTorch's (C, kh, kw): lengths [kernel positions, channels] of
   * the order inside the graph, which the probe converts (columnOrder.ts).
   */
  readonly columnOrder?: readonly [number, number];
  /** The value that the map's node reads; absent where it reads only a part of one. */
  readonly reads?: ReadValue;
}

/**
 * A value whose axes `axes`, in this order, run over the columns of W, times `inner` further ones (positions of a
 * kernel).
 */
export interface ReadValue {
  readonly node: Node;
  readonly value: string;
  readonly axes: readonly number[];
  readonly inner: number;
}

/** The input of a finder. */
export interface GraphContext {
  readonly graph: Graph;
  readonly values: ReadonlyMap<string, BoundValue>;
  /** Whether a value is a weight: an initializer or a trained parameter. */
  isWeight(name: string): boolean;
  /** Name of the module of a node, its weight and its bias. */
  moduleName(node: Node, weight: string, bias?: string): string;
}

/** chosen: more groups are too many maps to look at, each with very few neurons. */
export const MAX_GROUPS = 32;

export interface Skipped {
  readonly node: string;
  readonly reason: string;
}

/** Result of a finder for one node: its maps, the reason why it is none, or undefined for a node of another kind. */
export type Found = readonly Measurable[] | string | undefined;
