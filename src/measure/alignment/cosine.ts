/**
 * @file Cosine of two matrices in the Frobenius inner product: 1 minus the correlation matrix distance of Herdin et al.
 * (2005).
 */
import type { Matrix } from "../../linalg/matrix.ts";
import type { Answer } from "../measured.ts";
import { type Entries, entriesOf, product, requireSameShape } from "./entrySums.ts";

/**
 * Cosine <A, B> / (|A| |B|)   (theory.md Eq. 12).
 *
 * @param A (d, d), or any shape
 * @param B same shape
 * @returns value in [-1, 1], in [0, 1] for positive semi-definite matrices: 1 if and only if A = c B with c > 0; null
 *   with status "zero-matrix" or "not-finite"
 * @throws RangeError if the shapes differ
 *
 * Invariant under a common rotation, and under scaling of either matrix by a positive number. Float64. O(d^2).
 */
export function cosine(A: Matrix, B: Matrix): Answer {
  requireSameShape("cosine", A, B);
  return cosineOf(entriesOf(A), entriesOf(B));
}

/** `cosine` of matrices whose entry sums are known, as may be the sum of products of their deviations. */
export function cosineOf(x: Entries, y: Entries, ofDeviations?: number): Answer {
  if (!Number.isFinite(x.norm) || !Number.isFinite(y.norm)) return { value: null, status: "not-finite" };
  if (x.norm === 0 || y.norm === 0) return { value: null, status: "zero-matrix" };
  return { value: Math.max(-1, Math.min(1, product(x, y, ofDeviations) / x.norm / y.norm)) };
}
