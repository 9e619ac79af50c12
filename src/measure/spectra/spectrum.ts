/**
 * @file The spectrum of a second moment or weight matrix: its eigenvalues, how many of them are above the sampling
 * noise, and the effective rank (theory.md Eqs. 29, 30).
 */
import { eigvalsh } from "../../linalg/eigvalsh.ts";
import { gram, type Matrix, maxAbs, trace } from "../../linalg/matrix.ts";
import { type LayerMoments, type Side, type SideMoments, secondMoment, sumsBehind } from "../../moments/moments.ts";
import type { Convention } from "../alignment/relations.ts";
import { leastSamples, type Status } from "../measured.ts";

export interface Spectrum {
  /** Eigenvalues, descending: all, or the leading ones of a wide matrix; rounding may leave small negative ones. */
  values: number[];
  /**
   * Eigenvalues at or below it are indistinguishable from isotropic noise of their own size (Eq. 30); 0 for weights.
   */
  floor: number | null;
  /** Eigenvalues above the floor. */
  above: number | null;
  /** Exponential of the entropy of the normalized spectrum (Eq. 29); null where only leading eigenvalues are known. */
  effectiveRank: number | null;
  /** Number of samples; 0 for weights. */
  n: number;
  status?: Status;
}

export interface SideSpectra {
  H: Spectrum;
  G: Spectrum;
  Z: Spectrum;
}

/** Eigenvalues below this share of the largest are rounding. chosen: float32 sums are exact to about 1e-7 of it. */
export const roundingFloor = 1e-6;

/**
 * Effective rank exp(-sum p_i ln p_i), p_i = lambda_i / sum lambda   (theory.md Eq. 29; Roy and Vetterli 2007).
 *
 * @param values eigenvalues; those that are not positive count as 0
 * @returns between 1 and the number of positive values; NaN if there is none
 */
export function effectiveRank(values: ArrayLike<number>): number {
  const positive = Array.from(values).filter((value) => value > 0);
  const total = positive.reduce((sum, value) => sum + value, 0);
  return total > 0
    ? Math.exp(-positive.reduce((sum, value) => sum + (value / total) * Math.log(value / total), 0))
    : Number.NaN;
}

/**
 * Sample-noise floor of the spectrum of a second moment   (theory.md Eq. 30).
 *
 * The largest remaining eigenvalue is removed while it is above the Marchenko-Pastur edge of the rest. This edge is the
 * largest eigenvalue expected of n isotropic rows with the trace and the dimension of the rest.
 *
 * @param values (d) eigenvalues, descending
 * @param n      number of samples; infinity for weights, which have no sampling noise
 * @param all    count and sum of all eigenvalues, where `values` are the leading ones alone
 * @returns the edge, never below `roundingFloor` times the largest eigenvalue. Where all eigenvalues are at or below
 *   it, the whole spectrum resembles that of isotropic rows
 */
export function noiseFloor(
  values: ArrayLike<number>,
  n: number,
  all: { count: number; sum: number } = { count: values.length, sum: Number.NaN },
): number {
  const d = values.length;
  const largest = Math.max(0, values[0] ?? 0);
  if (!Number.isFinite(n)) return roundingFloor * largest;
  const rest = new Float64Array(d + 1); // rest[k]: trace without the k largest
  if (all.count > d) {
    let known = 0;
    for (let k = 0; k < d; k++) known += Math.max(0, values[k]!);
    rest[d] = Math.max(0, all.sum - known);
  }
  for (let k = d - 1; k >= 0; k--) rest[k] = rest[k + 1]! + Math.max(0, values[k]!);
  for (let k = 0; k < d; k++) {
    const dimensions = all.count - k;
    const edge = (rest[k]! / dimensions) * (1 + Math.sqrt(dimensions / n)) ** 2;
    if (values[k]! <= Math.max(edge, roundingFloor * largest)) return Math.max(edge, roundingFloor * largest);
  }
  return roundingFloor * largest;
}

/**
 * Eigenvalues, floor and effective rank of one matrix.
 *
 * @param A (d, d) symmetric positive semi-definite; undefined where it was not captured
 * @param n number of samples, or "weights"
 * @param eigenvalues of A, descending, where they are known: all of them, or the leading ones alone
 * @returns null values with status "missing-moments", "too-few-samples", "zero-matrix" or "not-finite". O(d^3)
 */
export function spectrum(A: Matrix | undefined, n: number | "weights", eigenvalues?: Float64Array): Spectrum {
  const samples = n === "weights" ? 0 : n;
  const none = (status: Status): Spectrum => ({
    values: [],
    floor: null,
    above: null,
    effectiveRank: null,
    n: samples,
    status,
  });
  if (n !== "weights" && n < leastSamples) return none("too-few-samples");
  if (!A) return none("missing-moments");
  const largest = eigenvalues?.[0] ?? maxAbs(A.data);
  if (!Number.isFinite(largest)) return none("not-finite");
  if (largest === 0) return none("zero-matrix");
  const values = eigenvalues ?? eigvalsh(A);
  const complete = values.length === A.rows;
  const floor = noiseFloor(values, n === "weights" ? Number.POSITIVE_INFINITY : n, { count: A.rows, sum: trace(A) });
  return {
    values: Array.from(values),
    floor,
    above: values.reduce((count, value) => count + (value > floor ? 1 : 0), 0),
    effectiveRank: complete ? effectiveRank(values) : null,
    n: samples,
  };
}

/**
 * The spectra of H, G and Z of one side in one convention; null for a side that the layer does not have. O(d^3) each.
 */
export function sideSpectra(layer: LayerMoments, side: Side, convention: Convention): SideSpectra | null {
  const sums: SideMoments | undefined = layer[side];
  if (!sums) return null;
  const of = (which: "H" | "G"): Spectrum => {
    const { count } = sumsBehind(sums, which, convention, layer.n);
    return spectrum(count < leastSamples ? undefined : secondMoment(sums, which, convention, layer.n), count);
  };
  return { H: of("H"), G: of("G"), Z: spectrum(layer.W && gram(layer.W, side), "weights") };
}
