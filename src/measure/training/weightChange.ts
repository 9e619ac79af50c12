/**
 * @file The expected effect of one step of stochastic gradient descent on the second moments of a layer (theory.md Eqs.
 * 55-57). The step is W' = (1 - lr decay) W + lr (1/B) sum g_b h_a^T with g = -dl/dh; it does not change h_a.
 */
import { combination } from "../../linalg/linearCombination.ts";
import { frobenius, gram, type Matrix, matmul, matrix, transpose } from "../../linalg/matrix.ts";
import { addGram } from "../../linalg/products.ts";
import type { LayerMeans } from "./layerMeans.ts";

/** How a layer was trained. */
export interface StepConstants {
  lr: number;
  decay: number;
}

/**
 * E[h_b' h_b'^T] - H_b where every sample sees its own step and |h_a|^2 = z_b for all   (theory.md Eq. 55).
 *
 * @returns (dOut, dOut): -lr decay (2 - lr decay) H_b + (1 - lr decay) lr z_b (X_b + X_b^T) + lr^2 z_b^2 G_b
 */
export function sameSampleChange({ Hb, Gb, Xb, zb }: LayerMeans, { lr, decay }: StepConstants): Matrix {
  const kept = 1 - lr * decay;
  return combination([
    [kept * kept - 1, Hb],
    [kept * lr * zb, Xb],
    [kept * lr * zb, transpose(Xb)],
    [(lr * zb) ** 2, Gb],
  ]);
}

/**
 * E[W' W'^T] - W W^T of a step on one sample where |h_a|^2 = z_b for all   (theory.md Eq. 56).
 *
 * @returns (dOut, dOut)
 */
export function weightChange({ W, Gb, Xb, zb }: LayerMeans, { lr, decay }: StepConstants): Matrix {
  const kept = 1 - lr * decay;
  return combination([
    [kept * kept - 1, gram(W, "b")],
    [kept * lr, Xb],
    [kept * lr, transpose(Xb)],
    [lr * lr * zb, Gb],
  ]);
}

/**
 * E[W' H_a W'^T] - H_b: the change of the outputs of all samples after a step on a batch of B drawn with replacement
 * (theory.md Eq. 57).
 *
 * @param noise (dOut, dOut) E[(h_a^T H_a h_a) g_b g_b^T]. Default tr(H_a^2) G_b, which is exact where h_a^T H_a h_a is
 *   constant and an approximation elsewhere: the sums do not contain this fourth moment
 * @returns (dOut, dOut). H_b stands for W H_a W^T throughout
 */
export function populationChange(
  { W, Ha, M, Gb }: Pick<LayerMeans, "W" | "Ha" | "M" | "Gb">,
  { lr, decay, batch }: StepConstants & { batch: number },
  noise: Matrix = combination([[frobenius(Ha) ** 2, Gb]]),
): Matrix {
  const kept = 1 - lr * decay;
  const HW = matmul(Ha, transpose(W));
  const drift = matmul(M, HW);
  return combination([
    [kept * kept - 1, matmul(W, HW)],
    [kept * lr, drift],
    [kept * lr, transpose(drift)],
    [(lr * lr) / batch, noise],
    [lr * lr * (1 - 1 / batch), matmul(matmul(M, Ha), transpose(M))],
  ]);
}

/**
 * E[(h_a^T H_a h_a) g_b g_b^T] from the samples themselves (theory.md Eq. 57).
 *
 * @param ha (n, dIn) rows
 * @param gb (n, dOut) rows, of either sign
 */
export function influenceNoise(ha: Matrix, gb: Matrix, Ha: Matrix): Matrix {
  const n = ha.rows;
  const HA = matmul(ha, Ha);
  const weighted = gb.data.slice();
  for (let i = 0; i < n; i++) {
    let influence = 0;
    for (let j = 0; j < ha.cols; j++) influence += ha.data[i * ha.cols + j]! * HA.data[i * ha.cols + j]!;
    const root = Math.sqrt(Math.max(0, influence) / n);
    for (let j = 0; j < gb.cols; j++) weighted[i * gb.cols + j]! *= root;
  }
  const sum = matrix(gb.cols, gb.cols);
  addGram(sum.data, weighted, n, gb.cols);
  return sum;
}
