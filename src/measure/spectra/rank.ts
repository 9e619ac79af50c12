/**
 * @file Three ranks of a positive semi-definite matrix (theory.md Eqs. 14-16). They answer different questions. The
 * numerical rank counts directions above a threshold. The stable rank weighs all of them against the strongest. The
 * participation ratio is the number of equal directions with the same spread.
 */
import { eigvalsh } from "../../linalg/eigvalsh.ts";
import { frobenius, type Matrix, maxAbs, requireSquare, trace } from "../../linalg/matrix.ts";
import { leastSamples, type Status } from "../measured.ts";

export interface RankValue {
  /** Eigenvalues above threshold times the largest (Eq. 16). */
  numerical: number | null;
  threshold: number;
  /** Stable rank (Eq. 15). */
  stable: number | null;
  /** Participation ratio (Eq. 14). */
  participation: number | null;
  /** The largest eigenvalues, descending, at most ten. */
  leading: number[];
  /** The largest possible rank. */
  dimension: number;
  /** Number of samples; 0 for weights. */
  n: number;
  status?: Status;
}

/** chosen: enough to see where a spectrum breaks off. */
const leadingCount = 10;

/** chosen: eigenvalues below a thousandth of the largest count as zero. */
export const rankThreshold = 1e-3;

/**
 * Participation ratio (tr A)^2 / |A|_F^2 of a (d, d) matrix, 1 to d (theory.md Eq. 14); NaN for the zero matrix.
 * O(d^2).
 */
export function participationRatio(A: Matrix, norm = frobenius(A)): number {
  return (trace(A) / norm) ** 2;
}

/** Stable rank |A|_F^2 / |A|_2^2 from the eigenvalues, 1 to d (theory.md Eq. 15); NaN if all are zero. */
export function stableRank(eigenvalues: Float64Array): number {
  const largest = maxAbs(eigenvalues);
  return eigenvalues.reduce((sum, value) => sum + (value / largest) ** 2, 0);
}

/** Number of eigenvalues above `threshold` times the largest (theory.md Eq. 16); 0 if none is positive. */
export function numericalRank(eigenvalues: Float64Array, threshold = rankThreshold): number {
  const largest = eigenvalues.reduce((x, y) => Math.max(x, y), 0);
  return largest > 0 ? eigenvalues.reduce((count, value) => count + (value > threshold * largest ? 1 : 0), 0) : 0;
}

/**
 * The three ranks of a second moment or weight matrix.
 *
 * @param A (d, d) symmetric positive semi-definite; undefined where it was not captured
 * @param dimension largest rank possible
 * @param n number of samples, or "weights"
 * @param eigenvalues of A, descending, where they are known: all of them, or the leading ones alone
 * @returns values, or nulls with status "missing-moments", "too-few-samples", "zero-matrix" or "not-finite"
 * @throws RangeError if A is not square
 *
 * The numerical rank is null where all of too few leading eigenvalues are above the threshold. O(d^3): the eigenvalues
 * of a 784 x 784 matrix take a seventh of a second.
 */
export function rank(
  A: Matrix | undefined,
  dimension: number,
  n: number | "weights",
  eigenvalues?: Float64Array,
): RankValue {
  const samples = n === "weights" ? 0 : n;
  const none = (status: Status) => unranked(dimension, samples, status);
  if (n !== "weights" && n < leastSamples) return none("too-few-samples");
  if (!A) return none("missing-moments");
  requireSquare("rank", A);
  const largest = eigenvalues?.[0] ?? maxAbs(A.data);
  if (!Number.isFinite(largest)) return none("not-finite");
  if (largest === 0) return none("zero-matrix");
  const values = eigenvalues ?? eigvalsh(A);
  const norm = frobenius(A);
  const known = values.length === A.rows || values.at(-1)! <= rankThreshold * values[0]!;
  return {
    numerical: known ? numericalRank(values) : null,
    threshold: rankThreshold,
    stable: values.length === A.rows ? stableRank(values) : (norm / values[0]!) ** 2,
    participation: participationRatio(A, norm),
    leading: Array.from(values.subarray(0, leadingCount)),
    dimension,
    n: samples,
  };
}

/** Null ranks with their reason. */
export function unranked(dimension: number, n: number, status: Status): RankValue {
  return {
    numerical: null,
    threshold: rankThreshold,
    stable: null,
    participation: null,
    leading: [],
    dimension,
    n,
    status,
  };
}
