/** @file Watched quantities of two adjacent maps: their Gram matrices, charge, and the two sides of the balance. */
import { frobenius, gram, type Matrix, matmul, transpose } from "../../linalg/matrix.ts";
import { gramDifference } from "../../symmetry/charge.ts";
import { matrixCosine, relativeDistance } from "../../symmetry/compare.ts";
import type { LabelNoise } from "../../symmetry/deepLinear.ts";
import { sumOf } from "../../symmetry/noiseBalance.ts";

export interface TwoMaps {
  readonly U: Matrix;
  readonly W: Matrix;
}

/** W Sigma_x W^T and U^T Sigma_eps U, which are proportional in noise balance where the fit is exact (Eq. 116). */
export function sidesOf({ U, W }: TwoMaps, { inputMoment, labelNoise }: LabelNoise): { below: Matrix; above: Matrix } {
  return {
    below: matmul(matmul(W, inputMoment), transpose(W)),
    above: matmul(matmul(transpose(U), labelNoise), U),
  };
}

/** Cosine of the two sides. */
export function sideCosine(maps: TwoMaps, noise: LabelNoise): number {
  const { below, above } = sidesOf(maps, noise);
  return matrixCosine(below, above) ?? Number.NaN;
}

/** |U^T U - W W^T| over |U^T U| + |W W^T|. */
export function normResidual({ U, W }: TwoMaps): number {
  return relativeDistance(gram(U, "a"), gram(W, "b"));
}

/** |Q - Q0| / |Q0| of Q = U^T U - W W^T. */
export function chargeChange({ U, W }: TwoMaps, Q0: Matrix): number {
  return frobenius(sumOf([1, gramDifference(U, W)], [-1, Q0])) / frobenius(Q0);
}
