/**
 * @file Powers of a positive semi-definite matrix.
 */
import { eigh } from "./eigh.ts";
import { type Matrix, matmul, matrix, transpose } from "./matrix.ts";
import { averageTriangles } from "./triangleTiles.ts";

/** Eigenvalues below this share of the largest are rounding and count as zero. */
const rounding = 1e-14;

/**
 * A^s on the range of A; A^0 is the projector on it, negative powers are those of the pseudo-inverse.
 *
 * @param A (d, d) symmetric positive semi-definite; negative eigenvalues count as zero
 * @returns (d, d) exactly symmetric. O(d^3)
 */
export function symmetricPower(A: Matrix, s: number): Matrix {
  const d = A.rows;
  const { values, vectors } = eigh(A);
  const floor = rounding * d * Math.max(0, values[0] ?? 0);
  const scaled = matrix(d, d, vectors.data.slice());
  for (let j = 0; j < d; j++) {
    const value = values[j]!;
    const power = value > floor ? value ** s : 0;
    for (let i = 0; i < d; i++) scaled.data[i * d + j]! *= power;
  }
  const B = matmul(scaled, transpose(vectors));
  averageTriangles(B.data, d);
  return B;
}
