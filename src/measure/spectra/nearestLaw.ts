/**
 * @file The power law of the eigenvalues of a weight matrix as fitted by WeightWatcher (Martin, Peng and Mahoney,
 * Nature Communications 12, 4122 (2021)), to the same digits (theory.md Eq. 31). `tailExponent` tests whether it is a
 * power law.
 */
import { decadesOf, nearestTails } from "./nearestTails.ts";

export interface NearestLaw {
  /** Exponent of the density. */
  alpha: number;
  /** Standard error of alpha were xMin given: (alpha - 1) / sqrt(N). WeightWatcher's `sigma`. */
  error: number;
  xMin: number;
  /** Values at or above xMin, N. WeightWatcher's `num_pl_spikes`. */
  tail: number;
  /** log10 of the largest value over xMin. */
  decades: number;
  /** Largest distance of the law from the share of values below each value. WeightWatcher's `D`. */
  distance: number;
}

/**
 * The tail nearest to a power law, of two values or more and over any range.
 *
 * @param values in any order; those at or below the floor are left out
 * @returns null without two different values
 */
export function nearestLaw(values: Float64Array, floor: number): NearestLaw | null {
  const x = values.filter((value) => value > floor).sort();
  const { any } = nearestTails(x, { least: 2, ends: "below" });
  if (!any) return null;
  const { alpha, xMin, from, distance } = any;
  const tail = x.length - from;
  return { alpha, error: (alpha - 1) / Math.sqrt(tail), xMin, tail, decades: decadesOf(x, from), distance };
}
