/** @file Singular values of small matrices, through the Gram matrix of their shorter side. */
import { eigvalsh } from "./eigvalsh.ts";
import { gram, type Matrix } from "./matrix.ts";

/**
 * Singular values, largest first.
 *
 * @param A (m, n)
 * @returns (min(m, n)) float64, at least 0
 * @throws RangeError if A holds a value that is not finite
 *
 * Values below 1e-8 of the largest are rounding, since they are roots of eigenvalues.
 */
export function singularValues(A: Matrix): Float64Array {
  return eigvalsh(gram(A, A.rows < A.cols ? "b" : "a")).map((square) => Math.sqrt(Math.max(0, square)));
}
