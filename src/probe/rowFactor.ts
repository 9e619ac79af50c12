/**
 * @file W = L Q with orthonormal rows of Q, so that g_a = W^T g_b, as rows g_b L Q, can be summed in the dOut coordinates y = g_b L: |y| is
 * |g_a|, and sum g_a g_a^T = Q^T (sum y y^T) Q without loss, however far W is from orthogonal.
 *
 * Gram-Schmidt on the rows, the largest first, each twice (Golub and Van Loan, "Matrix Computations", section 5.2.8): small
 * rows keep their own digits.
 */
import { type Matrix, matrix } from "../linalg/matrix.ts";

export interface RowFactor {
  /** (dOut, dOut) */
  readonly L: Matrix;
  /** (dOut, dIn): orthonormal rows, zero where a row of W depends on others. */
  readonly Q: Matrix;
}

/** What is left of a row below this share of it is rounding. */
const dependent = 1e-13;

/** @param W (dOut, dIn). O(dOut^2 dIn) in float64 */
export function rowFactor(W: Matrix): RowFactor {
  const [L, Q] = [matrix(W.rows, W.rows), matrix(W.rows, W.cols)];
  const rowOf = ({ data, cols }: Matrix, i: number): Float64Array => data.subarray(i * cols, (i + 1) * cols);
  const sizes = Array.from({ length: W.rows }, (_, i) => norm(rowOf(W, i)));
  const order = [...sizes.keys()].sort((i, j) => sizes[j]! - sizes[i]! || i - j);
  for (const [done, row] of order.entries()) {
    const rest = rowOf(Q, row);
    rest.set(rowOf(W, row));
    for (let pass = 0; pass < 2; pass++)
      for (const other of order.slice(0, done)) {
        const q = rowOf(Q, other);
        const along = dot(rest, q);
        L.data[row * W.rows + other]! += along;
        for (let j = 0; j < rest.length; j++) rest[j]! -= along * q[j]!;
      }
    const size = norm(rest);
    const kept = size > dependent * sizes[row]!;
    L.data[row * W.rows + row] = kept ? size : 0;
    for (let j = 0; j < rest.length; j++) rest[j] = kept ? rest[j]! / size : 0;
  }
  return { L, Q };
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += x[j]! * y[j]!;
  return sum;
}

const norm = (x: Float64Array): number => Math.sqrt(dot(x, x));
