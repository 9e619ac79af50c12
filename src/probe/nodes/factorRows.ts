/**
 * @file X = L Q with a square L and short rows of Q. Sums of the rows x = z X over their squared norms, where X (d, D)
 * is wide, then come from the d coordinates y = z L: sum x x^T / |x|^2 = Q^T (sum y y^T / |x|^2) Q, and |y| is |x|. For
 * g_a = W^T g_b, X = W. For h_b = W h_a + bias, X is W^T with the bias as its last row, and z = (h_a, 1). y is never
 * much longer than x, so that float32 keeps its digits however far X is from orthogonal.
 *
 * L is Cholesky's factor of X X^T with a slightly larger diagonal (Fukaya et al., "Shifted Cholesky QR", SIAM J. Sci.
 * Comput. 42, 2020). Rows of Q are orthonormal, or nearly zero where rows of X depend on each other; L Q is X in any
 * case.
 */
import { gram, type Matrix, matrix } from "../../linalg/matrix.ts";
import { addProducts } from "../../linalg/products.ts";

export interface RowFactor {
  /** (d, d), lower triangular. */
  readonly L: Matrix;
  /** (d, D) */
  readonly Q: Matrix;
}

/**
 * chosen: above the rounding of a product of some thousand rows; |y|^2 exceeds |x|^2 by at most this share of the
 * largest possible |x|^2.
 */
const SHARE = 1e-12;

/** chosen: rows of Q between products of blocks. */
const BLOCK = 48;

/** @param X (d, D). O(d^2 D) in float64 */
export function factorRows(X: Matrix): RowFactor {
  const L = cholesky(gram(X, "b"));
  return { L, Q: solved(L, X) };
}

/** L L^T = A + SHARE diag(A); columns of zeros where A has a row of zeros. */
function cholesky({ rows: d, data: A }: Matrix): Matrix {
  const L = matrix(d, d);
  for (let i = 0; i < d; i++) {
    const row = L.data.subarray(i * d, (i + 1) * d);
    for (let j = 0; j < i; j++) {
      const pivot = L.data[j * d + j]!;
      row[j] = pivot === 0 ? 0 : (A[i * d + j]! - dot(row, L.data.subarray(j * d, j * d + j))) / pivot;
    }
    const size = A[i * d + i]!;
    row[i] = Math.sqrt(Math.max(size * (1 + SHARE) - dot(row, row.subarray(0, i)), (size * SHARE) / 2));
  }
  return L;
}

/**
 * Q with L Q = X by forward substitution, blocks of rows at a time; rows of zeros where L has zeros on the diagonal.
 */
function solved({ rows: d, data: L }: Matrix, X: Matrix): Matrix {
  const D = X.cols;
  const Q = matrix(d, D, X.data.slice());
  for (let top = 0; top < d; top += BLOCK) {
    const end = Math.min(d, top + BLOCK);
    if (top > 0) {
      const left = new Float64Array(top * (end - top));
      for (let j = 0; j < top; j++) for (let i = top; i < end; i++) left[j * (end - top) + i - top] = -L[i * d + j]!;
      addProducts(Q.data.subarray(top * D, end * D), left, Q.data, top, end - top, D);
    }
    for (let i = top; i < end; i++) {
      const row = Q.data.subarray(i * D, (i + 1) * D);
      for (let j = top; j < i; j++) {
        const along = L[i * d + j]!;
        const other = Q.data.subarray(j * D, (j + 1) * D);
        for (let k = 0; k < D; k++) row[k]! -= along * other[k]!;
      }
      const pivot = L[i * d + i]!;
      for (let k = 0; k < D; k++) row[k] = pivot === 0 ? 0 : row[k]! / pivot;
    }
  }
  return Q;
}

/** A vector with as many entries as y. */
function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < y.length; j++) sum += x[j]! * y[j]!;
  return sum;
}
