/**
 * @file What two matrices with nothing to do with each other would show: the baseline beside every alignment.
 */
import { type Matrix, requireSquare, trace } from "../linalg/matrix.ts";
import { diagonalWeight, type Entries, entriesOf, requireSameShape } from "./entries.ts";
import type { Answer } from "./measured.ts";

/**
 * Mean cosine of A and Q B Q^T over all rotations Q: tr A tr B / (d |A| |B|), which for positive semi-definite matrices is
 * sqrt(PR(A) PR(B)) / d with PR the participation ratio   (theory.md Eq. 13).
 *
 * @param A (d, d) symmetric
 * @param B (d, d) symmetric
 * @returns value in [0, 1] for positive semi-definite matrices; null with status "zero-matrix" or "not-finite"
 * @throws RangeError if the matrices are not square or differ in shape
 *
 * Two independent random projectors of rank k have k / d. Exact for the cosine. For Pearson's correlation it is a guide: where all entries
 * lean to one side (raw moments behind a ReLU) unrelated matrices correlate more than this (docs/theory.md, Eq. 13). O(d^2).
 */
export function alignmentNull(A: Matrix, B: Matrix): Answer {
  requireSquare("alignmentNull", A);
  requireSameShape("alignmentNull", A, B);
  return nullOf(entriesOf(A), entriesOf(B));
}

/** `alignmentNull` of square matrices whose sums are known. */
export function nullOf(x: Entries, y: Entries): Answer {
  if (!Number.isFinite(x.norm) || !Number.isFinite(y.norm)) return { value: null, status: "not-finite" };
  if (x.norm === 0 || y.norm === 0) return { value: null, status: "zero-matrix" };
  const diagonal = (of: Entries): number => (diagonalWeight(of) * trace(of.A) * of.factor) / of.norm;
  return { value: (diagonal(x) * diagonal(y)) / x.of };
}
