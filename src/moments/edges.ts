/**
 * @file Edges between linear maps: which map's output feeds which other map, through which function, and the symmetry
 * of the loss that results (theory.md Eqs. 105, 122). Facts about the network, not sums over samples.
 */
/**
 * - rescaling: each value may be multiplied before and divided after (ReLU between).
 * - rotation: any invertible map may be inserted (nothing between).
 * - scale: the values may be multiplied by any number (a normalization follows).
 */
export const symmetries = ["rescaling", "rotation", "scale"] as const;
export type PairSymmetry = (typeof symmetries)[number];

/** Position of the shared values on a side of a map: value c at (o * channels + from + c) * inner + i. */
export interface EdgeEnd {
  readonly side: "a" | "b";
  readonly from: number;
  readonly outer: number;
  readonly inner: number;
}

export interface MapEdge {
  /** The map below; for queries and keys, which are multiplied, the queries. */
  readonly first: string;
  /** The map above, the keys, or the normalization. */
  readonly second: string;
  /** The function between: "nothing", "ReLU", "attention values", "attention scores", "LayerNormalization". */
  readonly through: string;
  readonly symmetry: PairSymmetry;
  /** For attention: index of the head, from 0. */
  readonly head?: number;
  /** Number of shared values: neurons, channels, dimensions of a head. */
  readonly width: number;
  /** On side b. */
  readonly firstEnd: EdgeEnd;
  /** Absent for scale. */
  readonly secondEnd?: EdgeEnd;
  /** For scale: number of consecutive values that are normalized together; width if all are. */
  readonly together?: number;
}

/** Neighbouring maps without a symmetry, and what breaks it. */
export interface BrokenEdge {
  readonly first: string;
  /** The map above, if it was reached. */
  readonly second: string | null;
  readonly reason: string;
}

/** The edges of a network. */
export interface Edges {
  readonly pairs: readonly MapEdge[];
  readonly broken: readonly BrokenEdge[];
}
