/**
 * @file Classical multidimensional scaling (Torgerson 1952): points in few dimensions whose distances best approximate
 * given ones among projections.
 */
import { eigh } from "./eigh.ts";
import { type Matrix, matrix, requireSquare } from "./matrix.ts";

export interface Scaling {
  /** (n, k) coordinates, centred, by descending spread. */
  readonly points: Matrix;
  /**
   * Share of the k leading eigenvalues in the sum of the positive ones: 1 if k dimensions represent the distances
   * exactly; 0 if all are 0.
   */
  readonly explained: number;
  /** The same for each dimension. */
  readonly shares: readonly number[];
}

/**
 * B = -J D J / 2 with J = 1 - 11^T/n; points = V_k sqrt(lambda_k) of B's leading eigenvectors, negative eigenvalues set
 * to 0.
 *
 * @param squared (n, n) squared distances, symmetric, zeros on the diagonal
 * @param k dimensions; axes beyond n are zero
 * @throws RangeError for a matrix that is not square
 *
 * The coordinate of largest absolute value is positive on every axis. O(n^3).
 */
export function classicalScaling(squared: Matrix, k: number): Scaling {
  requireSquare("classicalScaling", squared);
  const n = squared.rows;
  const D = squared.data;
  const means = Array.from({ length: n }, (_, i) => D.subarray(i * n, (i + 1) * n).reduce((sum, d) => sum + d, 0) / n);
  const mean = means.reduce((sum, d) => sum + d, 0) / n;
  const B = matrix(n, n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) B.data[i * n + j] = -0.5 * (D[i * n + j]! - means[i]! - means[j]! + mean);
  const { values, vectors } = eigh(B);
  const total = Array.from(values).reduce((sum, value) => sum + Math.max(0, value), 0);
  const points = matrix(n, k);
  const shares = Array.from({ length: k }, (_, axis) => {
    const value = Math.max(0, values[axis] ?? 0);
    if (!(value > 0)) return 0;
    for (let i = 0; i < n; i++) points.data[i * k + axis] = Math.sqrt(value) * vectors.data[i * vectors.cols + axis]!;
    return value / total;
  });
  return { points, explained: shares.reduce((sum, one) => sum + one, 0), shares };
}
