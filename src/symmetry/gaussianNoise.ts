/**
 * @file Both sides of the noise balance of a linear network of two maps on Gaussian data, exact at any weights
 * (docs/theory.md Eq. 118).
 */
import { type Matrix, matmul, trace, transpose } from "../linalg/matrix.ts";
import type { AdjacentMaps } from "./charge.ts";
import { checkSize, checkSymmetric } from "./checks.ts";
import type { LabelNoise } from "./deepLinear.ts";
import { type NoiseTerms, sumOf } from "./noiseBalance.ts";

export interface GaussianTask extends LabelNoise {
  /** (dOut, dIn) V of y = V x + eps, x ~ N(0, inputMoment), eps ~ N(0, labelNoise). */
  readonly V: Matrix;
}

/**
 * E[G_U^T G_U] and E[G_W G_W^T] of single samples of |U W x - y|^2   (theory.md Eq. 118).
 *
 *     upper = 4 W Gamma_x W^T,   lower = 4 U^T Gamma_eps U
 *
 * @returns (d, d) each: the limit of `noiseTerms` for infinitely many samples
 * @throws RangeError unless U, W and V fit each other and the moments, which are symmetric
 */
export function gaussianNoise({ U, W }: AdjacentMaps, { V, inputMoment: X, labelNoise: S }: GaussianTask): NoiseTerms {
  const where = "gaussianNoise";
  checkSize(where, "U", U, V.rows, W.rows, "it lies above W and gives the outputs of V");
  checkSize(where, "W", W, W.rows, V.cols, "it takes the inputs of V");
  checkSize(where, "inputMoment", X, V.cols, V.cols, "it is E[x x^T]");
  checkSize(where, "labelNoise", S, V.rows, V.rows, "it is E[eps eps^T]");
  checkSymmetric(where, "inputMoment", X);
  checkSymmetric(where, "labelNoise", S);
  const E = sumOf([1, matmul(U, W)], [-1, V]);
  const EX = matmul(E, X);
  const R = matmul(EX, transpose(E)); // covariance of the residual without the labels' noise
  const inputs = sumOf([trace(R) + trace(S), X], [2, matmul(transpose(EX), EX)]);
  const residuals = sumOf([trace(X), R], [trace(X), S], [2, matmul(EX, transpose(EX))]);
  return {
    upper: sumOf([4, matmul(matmul(W, inputs), transpose(W))]),
    lower: sumOf([4, matmul(matmul(transpose(U), residuals), U)]),
  };
}
