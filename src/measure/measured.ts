/** @file The result of every measure: a number, or null and the reason. NaN never leaves this folder. */

/** Why a quantity has no value. */
export type Status =
  /** Pearson's correlation of 1 x 1 matrices. */
  | "undefined-1x1"
  /** All entries of a matrix are equal: its entries have no variance. */
  | "constant-matrix"
  | "zero-matrix"
  /** All activations, or all gradients, are exactly zero: a layer that no sample reaches, or that the loss does not. */
  | "dead"
  /** Fewer than two samples, or in the paper convention fewer than two nonzero rows. */
  | "too-few-samples"
  /** The sums or weights it needs were not captured. */
  | "missing-moments"
  /** Left out because the user asked for less. */
  | "not-measured"
  /** Not available from a sample of coordinates. */
  | "sampled-coordinates"
  /** NaN or infinity in the moments: the network diverged. */
  | "not-finite"
  /** Too few positive eigenvalues for a distribution. */
  | "too-few-values"
  /** The exponent's spectrum is flat within its noise: the slope is undefined. */
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

/** A value and its number of samples. */
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
 * How much is measured: alignments only; also ranks, spectra, phases and, for layers that are not too wide, exponents;
 * everything.
 */
export type Cost = (typeof costs)[number];

/** From the cheapest on. */
export const costs = ["economy", "standard", "full"] as const;
