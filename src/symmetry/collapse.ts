/**
 * @file Whether parameters fall onto a symmetric point and stay there: by curvature and penalty, and under the noise of
 * SGD (docs/theory.md Eqs. 112, 113). Both criteria are local and ignore minima elsewhere.
 *
 * A loss with a mirror symmetry is the same for theta and (I - 2 O O^T) theta. On O^T theta = 0 its gradient has no
 * component in range(O), and its Hessian no block between range(O) and the rest.
 */
import { eigh } from "../linalg/eigh.ts";
import { type Matrix, matmul, matrix, transpose } from "../linalg/matrix.ts";
import { checkFinite, checkNotNegative, checkPositive, checkSize, checkSymmetric } from "./checks.ts";

export interface LocalCollapse {
  /** The symmetric point is a local minimum along range(O). */
  readonly collapses: boolean;
  /** gamma_c = max(0, -min_n n^T H n / 2): larger penalties make the symmetric point a local minimum. */
  readonly critical: number;
  /** (d) unit vector of range(O) along which the loss curves least. */
  readonly direction: Float64Array;
}

const PENALTY_CURE = "it is the factor of the penalty gamma |theta|^2";
const ETA_CURE = "it is the learning rate";

/**
 * Local collapse rule: n^T H n + 2 gamma > 0 for every unit vector n of range(O)   (theory.md Eq. 112).
 *
 * @param hessian (d, d) of the loss without its penalty, at a symmetric point
 * @param O (d, k) orthonormal columns, k >= 1
 * @param penalty gamma of gamma |theta|^2
 * @throws RangeError unless hessian is symmetric, O has d rows and orthonormal columns, and penalty >= 0
 */
export function localCollapse(hessian: Matrix, O: Matrix, penalty: number): LocalCollapse {
  checkSymmetric("localCollapse", "hessian", hessian);
  checkSize("localCollapse", "O", O, hessian.rows, O.cols, "it has a row for each parameter");
  checkNotNegative("localCollapse", "penalty", penalty, PENALTY_CURE);
  const inner = matmul(transpose(O), O);
  const isIdentity = inner.data.every((value, k) => Math.abs(value - (k % (O.cols + 1) === 0 ? 1 : 0)) < 1e-8);
  if (O.cols === 0 || !isIdentity)
    throw new RangeError("localCollapse: expected O with orthonormal columns, got others; orthonormalise them");
  const { values, vectors } = eigh(matmul(transpose(O), matmul(hessian, O)));
  const last = O.cols - 1;
  const lowest = values[last]!;
  const along = matrix(
    O.cols,
    1,
    Array.from({ length: O.cols }, (_, i) => vectors.data[i * O.cols + last]!),
  );
  return {
    collapses: lowest + 2 * penalty > 0,
    critical: Math.max(0, -lowest / 2),
    direction: matmul(O, along).data,
  };
}

export interface NoisyStepOptions {
  /** Learning rate. */
  readonly eta: number;
  /** gamma of gamma |theta|^2. */
  readonly penalty?: number;
}

export interface NoisyCollapse {
  /** E log |1 - eta (h + 2 gamma)| per step: growth rate of the logarithm of the distance to the symmetric point. */
  readonly exponent: number;
  /** exponent < 0. */
  readonly collapses: boolean;
  /** -eta (E[h] + 2 gamma + (eta / 2) E[(h + 2 gamma)^2]): the exponent to second order in eta. */
  readonly secondOrder: number;
}

/**
 * Collapse under SGD, from curvatures of batches along one direction of range(O)   (theory.md Eq. 113).
 *
 * @param curvatures (n) h = n^T H_batch n of batches drawn as in training, at the symmetric point
 * @returns -Infinity where a step lands on the symmetric point; to second order, noise of h favours collapse
 * @throws RangeError unless there is a curvature, all are finite, eta > 0 and penalty >= 0
 */
export function collapseUnderNoise(curvatures: ArrayLike<number>, options: NoisyStepOptions): NoisyCollapse {
  const { eta, penalty = 0 } = options;
  checkPositive("collapseUnderNoise", "eta", eta, ETA_CURE);
  checkNotNegative("collapseUnderNoise", "penalty", penalty, PENALTY_CURE);
  const n = curvatures.length;
  if (n === 0) throw new RangeError("collapseUnderNoise: expected curvatures of batches, got none");
  let [exponent, mean, square] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    checkFinite("collapseUnderNoise", "curvature", curvatures[i]!);
    const h = curvatures[i]! + 2 * penalty;
    exponent += Math.log(Math.abs(1 - eta * h)) / n;
    mean += h / n;
    square += (h * h) / n;
  }
  return { exponent, collapses: exponent < 0, secondOrder: -eta * (mean + (eta / 2) * square) };
}
