/**
 * @file Eigenvalues and eigenvectors of a real symmetric matrix: Householder reduction to tridiagonal form, divide and
 * conquer, and the reflections applied to the vectors in blocks.
 *
 * Golub and Van Loan, "Matrix Computations", sections 5.1.7 (compact WY form), 8.3 and 8.4. Deterministic: same matrix,
 * same bytes.
 */
import { divideAndConquer } from "./divideAndConquer.ts";
import { type Matrix, matrix, requireSquare, symmetricScale } from "./matrix.ts";
import { addProducts } from "./products.ts";
import { rowStart, scaleTriangle, tridiagonalize } from "./tridiagonalize.ts";

export interface EigenSystem {
  /** Eigenvalues, descending: all n, or the k largest. */
  values: Float64Array;
  /** (n, k): column j is the unit eigenvector of values[j]; its entry of largest size is positive. */
  vectors: Matrix;
}

/** Reflections per block. chosen: 64 and 32 take the same time. */
const blockSize = 64;

/**
 * Eigenvalues, largest first, and eigenvectors of a symmetric matrix.
 *
 * @param A (n, n); only the lower triangle is read, as by numpy.linalg.eigh
 * @param k how many of the largest eigenvalues to return with their vectors; all n if left out
 * @returns |A Q - Q L| / |A| and |Q^T Q - I| of some n eps, whatever the spectrum (clusters, zeros, negative values,
 *   any scale). Vectors of eigenvalues that agree to rounding span the right subspace, but are an arbitrary basis of it
 * @throws RangeError if A is not square or holds a value that is not finite, or k is not a whole number from 0 to n
 *
 * Up to (4/3 + 4/3 + 2) n^3 operations for all; clusters and small k make it less.
 */
export function eigh(A: Matrix, k: number = A.rows): EigenSystem {
  requireSquare("eigh", A);
  const n = A.rows;
  if (!Number.isInteger(k) || k < 0 || k > n)
    throw new RangeError(`eigh: expected a whole number of eigenvectors from 0 to ${n}, got ${k}`);
  const scale = symmetricScale("eigh", A);
  const a = scaleTriangle(A, scale);
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  tridiagonalize(a, d, e);
  const { values, vectors } = divideAndConquer(d, e, k);
  const columns = matrix(n, k);
  for (let j = 0; j < k; j++) for (let i = 0; i < n; i++) columns.data[i * k + j] = vectors[(k - 1 - j) * n + i]!;
  reflect(a, e, columns);
  fixSigns(columns);
  return {
    values: values
      .slice(n - k)
      .reverse()
      .map((value) => value * scale),
    vectors: columns,
  };
}

/**
 * Transforms eigenvectors of the tridiagonal matrix to those of the full one: C = P_(n-1) .. P_2 P_1 C.
 *
 * @param a the output of `tridiagonalize`: row k holds the vector u of P_k = I - u u^T / h, except its last entry
 * @param e (n) entries beside the diagonal
 * @param C (n, k) updated
 */
function reflect(a: Float64Array, e: Float64Array, C: Matrix): void {
  const n = C.rows;
  for (let from = 1; from < n; from += blockSize) {
    const to = Math.min(n, from + blockSize);
    const found: { u: Float64Array; h: number }[] = [];
    for (let row = from; row < to; row++) {
      const start = rowStart(row);
      const alpha = e[row - 1]!;
      const last = a[start + row - 1]!;
      if (alpha === last) continue; // nothing was cleared in this row
      const u = a.slice(start, start + row);
      u[row - 1] = last - alpha;
      found.push({ u, h: alpha * (alpha - last) });
    }
    if (found.length > 0) applyBlock(found, to - 1, C);
  }
}

/**
 * C = P_b .. P_2 P_1 C for reflections of at most `height` entries, as I - U S U^T with S lower triangular: S_ii =
 * 1/h_i and S_ij = -(1/h_i) sum_(j <= t < i) (u_i . u_t) S_tj.
 */
function applyBlock(block: readonly { u: Float64Array; h: number }[], height: number, C: Matrix): void {
  const [b, k] = [block.length, C.cols];
  const U = new Float64Array(height * b); // (height, b)
  const negative = new Float64Array(b * height); // -U^T
  block.forEach(({ u }, j) => {
    for (let i = 0; i < u.length; i++) {
      U[i * b + j] = u[i]!;
      negative[j * height + i] = -u[i]!;
    }
  });
  const inner = new Float64Array(b * b);
  addProducts(inner, U, U, height, b, b);
  const S = new Float64Array(b * b); // transposed: S[j * b + i] is S_ij, as the product below wants it
  for (let i = 0; i < b; i++) {
    const h = block[i]!.h;
    S[i * b + i] = 1 / h;
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let t = j; t < i; t++) sum += inner[i * b + t]! * S[j * b + t]!;
      S[j * b + i] = -sum / h;
    }
  }
  const along = new Float64Array(b * k);
  addProducts(along, U, C.data, height, b, k);
  const weighted = new Float64Array(b * k);
  addProducts(weighted, S, along, b, b, k);
  addProducts(C.data, negative, weighted, b, height, k);
}

/** Flips the sign of each column so that its entry of largest absolute value, the first among equals, is positive. */
function fixSigns({ rows, cols, data }: Matrix): void {
  const largest = new Float64Array(cols);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < cols; j++)
      if (Math.abs(data[i * cols + j]!) > Math.abs(largest[j]!)) largest[j] = data[i * cols + j]!;
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) if (largest[j]! < 0) data[i * cols + j]! *= -1;
}
