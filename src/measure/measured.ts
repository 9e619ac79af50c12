/**
 * @file What every measure returns: a number, or null and the reason why there is none. NaN never leaves this folder.
 */

/** Why a quantity has no value. */
export type Status =
  /** Pearson's correlation of one entry with one entry. */
  | "undefined-1x1"
  /** All entries of a matrix are equal: its entries have no variance. */
  | "constant-matrix"
  | "zero-matrix"
  /** All activations, or all gradients, are exactly zero: a layer that no sample reaches, or that the loss does not. */
  | "dead"
  /** Fewer than two samples, or two rows that are not zero in the paper convention. */
  | "too-few-samples"
  /** The sums or weights that it needs were not captured. */
  | "missing-moments"
  /** Left out because the user asked for less. */
  | "not-measured"
  /** A sample of coordinates cannot answer it. */
  | "sampled-coordinates"
  /** NaN or infinity in the moments: the network diverged. */
  | "not-finite"
  /** Too few positive eigenvalues for a distribution. */
  | "too-few-values"
  /** The spectrum that the exponent is in is flat to its noise: the slope is undefined. */
  | "flat-spectrum"
  /** It spans less than a decade: any slope fits. */
  | "under-one-decade"
  /** The two matrices share no eigenvectors beyond chance: their spectra may be paired in any way. */
  | "no-common-eigenbasis";

/** A value, or null with its status. */
export interface Answer {
  value: number | null;
  status?: Status;
}

/** A value and the number of samples it rests on. */
export interface Measured extends Answer {
  n: number;
}

/** Samples below which no second moment is measured. */
export const leastSamples = 2;

/** A quantity on the two sides of a layer; a is null where the layer has no input of its own (attention heads). */
export interface BothSides<T> {
  a: T | null;
  b: T;
}

/**
 * How much is measured: alignments only; ranks, spectra, phases and, of layers that are not too wide, exponents;
 * everything.
 */
export type Cost = (typeof costs)[number];

/** From the cheapest on. */
export const costs = ["economy", "standard", "full"] as const;
