/**
 * @file Linear combinations of matrices.
 */
import { type Matrix, matrix } from "./matrix.ts";

/**
 * sum_k c_k A_k.
 *
 * @param terms pairs of a factor and a matrix, at least one, all of one shape
 * @throws RangeError if there is none or the shapes differ
 */
export function combination(terms: readonly (readonly [number, Matrix])[]): Matrix {
  const first = terms[0];
  if (!first) throw new RangeError("combination: expected at least one matrix, got none");
  const { rows, cols } = first[1];
  const sum = matrix(rows, cols);
  for (const [factor, A] of terms) {
    if (A.rows !== rows || A.cols !== cols)
      throw new RangeError(`combination: expected matrices of ${rows} x ${cols}, got ${A.rows} x ${A.cols}`);
    for (let k = 0; k < sum.data.length; k++) sum.data[k]! += factor * A.data[k]!;
  }
  return sum;
}
