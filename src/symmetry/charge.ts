/**
 * @file The charge that a symmetry conserves under gradient flow, and its rate under noise and a penalty; the charges
 * of two adjacent linear maps (docs/theory.md Eqs. 104, 105).
 */
import { eigvalsh } from "../linalg/eigvalsh.ts";
import { frobenius, gram, type Matrix, matrix, trace } from "../linalg/matrix.ts";
import { checkFinite, checkNotNegative, checkPositive, checkSize, checkSymmetric } from "./checks.ts";

/**
 * Charge of a symmetry theta -> e^(lambda A) theta of the loss, C = theta^T A theta   (theory.md Eq. 104).
 *
 * @param theta (d) parameters
 * @param A (d, d) symmetric generator
 * @throws RangeError if A is not symmetric or does not fit theta
 */
export function charge(theta: ArrayLike<number>, A: Matrix): number {
  checkSymmetric("charge", "A", A);
  if (theta.length !== A.rows)
    throw new RangeError(`charge: expected ${A.rows} parameters for A of ${A.rows} rows, got ${theta.length}`);
  let sum = 0;
  for (let i = 0; i < A.rows; i++)
    for (let j = 0; j < A.cols; j++) sum += theta[i]! * A.data[i * A.cols + j]! * theta[j]!;
  return sum;
}

export interface ChargeRateOptions {
  /** Learning rate eta. */
  readonly eta: number;
  /** Samples per batch; Infinity for gradient flow. */
  readonly batch: number;
  /** gamma of a penalty gamma |theta|^2. */
  readonly penalty?: number;
}

/**
 * Rate of the charge under SGD, dC/dt = (eta / B) Tr[Sigma A] - 4 gamma C, time t = eta steps   (theory.md Eq. 104).
 *
 * @param C the charge now
 * @param A (d, d) symmetric generator
 * @param noise (d, d) Sigma, covariance of the gradients of single samples
 * @throws RangeError if A or noise is not symmetric, sizes differ, eta or batch is not above 0, or penalty below 0
 */
export function chargeRate(C: number, A: Matrix, noise: Matrix, options: ChargeRateOptions): number {
  const { eta, batch, penalty = 0 } = options;
  checkFinite("chargeRate", "charge", C);
  checkSymmetric("chargeRate", "A", A);
  checkSize("chargeRate", "noise", noise, A.rows, A.rows, "A and noise act on the same parameters");
  checkSymmetric("chargeRate", "noise", noise);
  checkPositive("chargeRate", "eta", eta, "it is the learning rate");
  if (!(batch > 0)) throw new RangeError(`chargeRate: expected batch above 0, got ${batch}; it counts samples`);
  checkNotNegative("chargeRate", "penalty", penalty, "it is the factor of the penalty gamma |theta|^2");
  let overlap = 0;
  for (let k = 0; k < A.data.length; k++) overlap += A.data[k]! * noise.data[k]!;
  return (eta / batch) * overlap - 4 * penalty * C;
}

/** Two adjacent linear maps: h_1 = W h_0 + b, a = phi(h_1), h_2 = U a. */
export interface AdjacentMaps {
  /** (dOut, d) */
  readonly U: Matrix;
  /** (d, dIn) */
  readonly W: Matrix;
  /** (d) of the lower map, if it has one. The upper map's bias does not matter. */
  readonly bias?: ArrayLike<number>;
}

/**
 * W with its bias as a last column, W~ = [W b].
 *
 * @returns (d, dIn + 1), or W itself without a bias
 * @throws RangeError unless the bias has one value per row of W
 */
export function withBias(W: Matrix, bias?: ArrayLike<number>): Matrix {
  if (bias === undefined) return W;
  if (bias.length !== W.rows)
    throw new RangeError(`withBias: expected a bias of ${W.rows} values, one per row of W, got ${bias.length}`);
  const wide = matrix(W.rows, W.cols + 1);
  for (let i = 0; i < W.rows; i++) {
    wide.data.set(W.data.subarray(i * W.cols, (i + 1) * W.cols), i * wide.cols);
    wide.data[i * wide.cols + W.cols] = bias[i]!;
  }
  return wide;
}

/**
 * U^T U - W~ W~^T, which gradient flow conserves for a linear network, and its diagonal for a ReLU network (theory.md
 * Eq. 105).
 *
 * @returns (d, d) symmetric
 * @throws RangeError unless U has as many columns as W has rows, and the bias as many values
 */
export function imbalance({ U, W, bias }: AdjacentMaps): Matrix {
  if (U.cols !== W.rows)
    throw new RangeError(
      `imbalance: expected U with ${W.rows} columns above W of ${W.rows} rows, got ${U.cols}; take adjacent maps`,
    );
  return gramDifference(U, withBias(W, bias));
}

/** U^T U - W W^T for matrices that fit. */
export function gramDifference(U: Matrix, W: Matrix): Matrix {
  const difference = gram(U, "a");
  const lower = gram(W, "b");
  for (let k = 0; k < lower.data.length; k++) difference.data[k]! -= lower.data[k]!;
  return difference;
}

/**
 * Charge of each hidden neuron under rescaling: sum of its squared incoming weights, bias included, minus that of its
 * outgoing ones; minus the diagonal of `imbalance`   (theory.md Eq. 105).
 *
 * @returns (d), exact for positively homogeneous activations (linear, ReLU, leaky ReLU)
 * @throws RangeError as `imbalance`
 */
export function neuronCharges(maps: AdjacentMaps): Float64Array {
  const Q = imbalance(maps);
  return Float64Array.from({ length: Q.rows }, (_, i) => -Q.data[i * Q.rows + i]!);
}

export interface ImbalanceSize {
  readonly frobenius: number;
  /** |U|^2 - |W~|^2. */
  readonly trace: number;
  /** Descending. */
  readonly eigenvalues: Float64Array;
}

/**
 * Numbers of an imbalance that do not depend on the basis   (theory.md Eq. 105).
 *
 * @param Q (d, d) symmetric
 * @throws RangeError if Q is not symmetric
 */
export function imbalanceSize(Q: Matrix): ImbalanceSize {
  checkSymmetric("imbalanceSize", "imbalance", Q);
  return { frobenius: frobenius(Q), trace: trace(Q), eigenvalues: eigvalsh(Q) };
}
