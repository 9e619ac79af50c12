/** @file Similarity of two matrices: relative distance and cosine. */
import { frobenius, type Matrix } from "../linalg/matrix.ts";
import { checkSize } from "./checks.ts";

/**
 * |A - B| / (|A| + |B|), Frobenius: 0 where they are equal, 1 at most; the residual of a balance.
 *
 * @returns 0 where both are 0
 * @throws RangeError unless both have one size
 */
export function relativeDistance(A: Matrix, B: Matrix): number {
  checkSize("relativeDistance", "the second matrix", B, A.rows, A.cols, "both have one size");
  const size = frobenius(A) + frobenius(B);
  const difference = { ...A, data: A.data.map((value, k) => value - B.data[k]!) };
  return size === 0 ? 0 : frobenius(difference) / size;
}

/**
 * Cosine of two matrices as vectors, <A, B> / (|A| |B|).
 *
 * @returns null where one is 0
 * @throws RangeError unless both have one size
 */
export function matrixCosine(A: Matrix, B: Matrix): number | null {
  checkSize("matrixCosine", "the second matrix", B, A.rows, A.cols, "both have one size");
  const size = frobenius(A) * frobenius(B);
  let product = 0;
  for (let k = 0; k < A.data.length; k++) product += A.data[k]! * B.data[k]!;
  return size > 0 ? Math.max(-1, Math.min(1, product / size)) : null;
}
