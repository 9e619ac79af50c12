/**
 * @file Alignment of two matrices: Pearson's correlation of their entries (theory.md Eq. 11; the Canonical
 * Representation Hypothesis paper, Eq. 11). Unlike the cosine it ignores a constant added to every entry, and it
 * depends on the basis.
 */
import type { Matrix } from "../../linalg/matrix.ts";
import type { Answer } from "../measured.ts";
import { centredProduct, type Entries, entriesOf, requireSameShape } from "./entrySums.ts";

/**
 * Alignment alpha(A, B) = Cov_ij(A_ij, B_ij) / sqrt(Var_ij(A_ij) Var_ij(B_ij)) over all entries   (theory.md Eq. 11).
 *
 * @param A (d, d), or any shape
 * @param B same shape
 * @returns value in [-1, 1]: 1 if and only if A = c B + c' J with c > 0 and J the matrix of ones; null with status
 *   "undefined-1x1", "constant-matrix", "zero-matrix" or "not-finite"
 * @throws RangeError if the shapes differ
 *
 * Invariant under scaling of either matrix by a positive number; symmetric in A and B. Float64, entries scaled first.
 * O(d^2).
 */
export function alignment(A: Matrix, B: Matrix): Answer {
  requireSameShape("alignment", A, B);
  return alignmentOf(entriesOf(A), entriesOf(B));
}

/** `alignment` of matrices whose entry sums are known, as is the sum of products of their deviations. */
export function alignmentOf(x: Entries, y: Entries, ofDeviations = centredProduct(x, y)): Answer {
  const status = x.status === "not-finite" ? x.status : y.status === "not-finite" ? y.status : (x.status ?? y.status);
  if (status) return { value: null, status };
  return { value: Math.max(-1, Math.min(1, ofDeviations / Math.sqrt(x.squares * y.squares))) };
}
