/**
 * @file The feature ansatz of one layer from the sums of its output gradients: AGOP_a = W^T B W (theory.md Eqs. 72 to
 * 74).
 */
import { type Matrix, matmul, matrix, transpose } from "../../linalg/matrix.ts";
import { type LayerMoments, secondMoment } from "../../moments/moments.ts";
import { type Ansatz, featureAnsatz } from "./featureAnsatz.ts";

export interface LayerAnsatz extends Ansatz {
  /** Number of samples. */
  n: number;
  /** Whether every output was differentiated; otherwise random directions represent them. */
  exact: boolean;
}

/**
 * @param initial (dOut, dIn) weights at initialisation, where they are known
 * @returns undefined where the output gradients were not captured. O(d^3)
 */
export function layerAnsatz(layer: LayerMoments, initial?: Matrix): LayerAnsatz | undefined {
  const { W, outputGradients, a, b, n, dOut } = layer;
  if (!W || !outputGradients || n === 0) return undefined;
  const B = matrix(
    dOut,
    dOut,
    outputGradients.sum.map((value) => value / n),
  );
  const agop = matmul(transpose(W), matmul(B, W));
  const [Ga, Gb] = [a && secondMoment(a, "G", "raw", n), secondMoment(b, "G", "raw", n)];
  const found = featureAnsatz(W, agop, {
    ...(initial && initial.rows === W.rows && initial.cols === W.cols ? { initial } : {}),
    ...(Ga && Gb ? { G: { a: Ga, b: Gb } } : {}),
  });
  return { ...found, n, exact: outputGradients.exact };
}
