/** @file Sharpness of the loss of a rank-one factorisation at its minimum (docs/theory.md Eq. 114). */
import { type Matrix, matmul, matrix, trace } from "../linalg/matrix.ts";
import { checkSymmetric } from "./checks.ts";

/**
 * Trace of the Hessian of E|u (w^T x) - y|^2 by (u, w)   (theory.md Eq. 114).
 *
 *     S = 2 (d_y w^T Sigma_x w + |u|^2 tr Sigma_x)
 *
 * @param u (d_y)
 * @param w (d_x)
 * @param inputMoment (d_x, d_x) E[x x^T]
 * @returns exact for any residual: the product is linear in u and in w, so residuals enter only off-diagonal blocks
 * @throws RangeError unless inputMoment is symmetric and fits w
 */
export function rankOneSharpness(u: ArrayLike<number>, w: ArrayLike<number>, inputMoment: Matrix): number {
  checkSymmetric("rankOneSharpness", "inputMoment", inputMoment);
  const d = inputMoment.rows;
  if (w.length !== d)
    throw new RangeError(
      `rankOneSharpness: expected w of ${d} values for an inputMoment of ${d} rows, got ${w.length}`,
    );
  const along = matmul(matmul(matrix(1, d, w), inputMoment), matrix(d, 1, w)).data[0] ?? 0;
  const square = Array.from(u).reduce((sum, value) => sum + value * value, 0);
  return 2 * (u.length * along + square * trace(inputMoment));
}
