/** @file Random orthogonal matrices from the seed. */
import { type Matrix, matrix } from "../../linalg/matrix.ts";
import type { Random } from "../../random/random.ts";

/** (d, d) orthogonal matrix by Gram-Schmidt on normal rows. */
export function orthogonal(d: number, random: Random): Matrix {
  const Q = matrix(d, d);
  for (let i = 0; i < d; i++) {
    const row = Q.data.subarray(i * d, (i + 1) * d);
    for (let p = 0; p < d; p++) row[p] = random.normal();
    // Twice, because rounding leaves components after one pass.
    for (let again = 0; again < 2; again++)
      for (let j = 0; j < i; j++) {
        const other = Q.data.subarray(j * d, (j + 1) * d);
        const dot = row.reduce((sum, value, p) => sum + value * other[p]!, 0);
        for (let p = 0; p < d; p++) row[p]! -= dot * other[p]!;
      }
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value ** 2, 0));
    for (let p = 0; p < d; p++) row[p]! /= norm;
  }
  return Q;
}

/** A with each column multiplied by a factor. */
export function withScaledColumns(A: Matrix, factors: readonly number[]): Matrix {
  return matrix(
    A.rows,
    A.cols,
    A.data.map((value, i) => value * factors[i % A.cols]!),
  );
}
