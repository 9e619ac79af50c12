/**
 * @file Cosine of two matrices in the Frobenius inner product: 1 minus the correlation matrix distance of Herdin et al. (2005).
 */
import { frobenius, type Matrix } from "../linalg/matrix.ts";
import { requireSameShape } from "./alignment.ts";
import type { Answer } from "./measured.ts";

/**
 * Cosine <A, B> / (|A| |B|)   (theory.md Eq. 12).
 *
 * @param A (d, d), or any shape
 * @param B same shape
 * @returns value in [-1, 1], in [0, 1] for positive semi-definite matrices: 1 if and only if A = c B with c > 0; null with status
 *   "zero-matrix" or "not-finite"
 * @throws RangeError if the shapes differ
 *
 * Invariant under a common rotation, and under scaling of either matrix by a positive number. Float64. O(d^2).
 */
export function cosine(A: Matrix, B: Matrix): Answer {
  requireSameShape("cosine", A, B);
  const [a, b] = [frobenius(A), frobenius(B)];
  if (!Number.isFinite(a) || !Number.isFinite(b)) return { value: null, status: "not-finite" };
  if (a === 0 || b === 0) return { value: null, status: "zero-matrix" };
  let product = 0;
  for (let k = 0; k < A.data.length; k++) product += (A.data[k]! / a) * (B.data[k]! / b);
  return { value: Math.max(-1, Math.min(1, product)) };
}
