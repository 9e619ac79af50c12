/**
 * @file Edges between linear maps: which map's output feeds which, through what, and which symmetry of the loss that
 * leaves (theory.md Eqs. 105, 122). Facts about the network, not sums over samples.
 */
/**
 * - rescaling: a value may be doubled before and halved behind, one by one (ReLU between).
 * - rotation: any invertible map may be put in between (nothing between).
 * - scale: the values may be multiplied by any number (a normalization behind).
 */
export const symmetries = ["rescaling", "rotation", "scale"] as const;
export type PairSymmetry = (typeof symmetries)[number];

/** Where the shared values are on a side of a map: value c at (o * channels + from + c) * inner + i. */
export interface EdgeEnd {
  readonly side: "a" | "b";
  readonly from: number;
  readonly outer: number;
  readonly inner: number;
}

export interface MapEdge {
  /** The map below; of queries and keys, which meet in their product, the queries. */
  readonly first: string;
  /** The map above, the keys, or the normalization. */
  readonly second: string;
  /** What is in between: "nothing", "ReLU", "attention values", "attention scores", "LayerNormalization". */
  readonly through: string;
  readonly symmetry: PairSymmetry;
  /** Of attention: which head, from 0. */
  readonly head?: number;
  /** How many values they share: neurons, channels, dimensions of a head. */
  readonly width: number;
  /** On side b. */
  readonly firstEnd: EdgeEnd;
  /** Absent for scale. */
  readonly secondEnd?: EdgeEnd;
  /** Of scale: the values that are normalized together, one after another; width where all are. */
  readonly together?: number;
}

/** Neighbours without a symmetry, and what breaks it. */
export interface BrokenEdge {
  readonly first: string;
  /** The map above, where it was reached. */
  readonly second: string | null;
  readonly reason: string;
}

/** What is known of a network's edges. */
export interface Edges {
  readonly pairs: readonly MapEdge[];
  readonly broken: readonly BrokenEdge[];
}
