/**
 * @file The effect of a step of SGD on the balance of two adjacent linear maps: exact identities at any step size, and
 * the stationary balance of gradient noise (docs/theory.md Eqs. 106-108).
 *
 * Maps are h_1 = W h_0 + b, a = phi(h_1), h_2 = U a. Everything is exact for linear phi; for positively homogeneous phi
 * (ReLU) the diagonals are exact. Steps are theta - eta (gradient + decay theta). The gradient of W has the bias's as a
 * last column if there is a bias (`withBias`). Nothing is assumed about the loss.
 */
import { gram, type Matrix, matrix } from "../linalg/matrix.ts";
import { gramDifference } from "./charge.ts";
import { checkFinite, checkNotNegative, checkPositive, checkSize, checkSymmetric } from "./checks.ts";

export interface StepOptions {
  /** Learning rate. */
  readonly eta: number;
  /** Factor of theta in the step: twice that of a penalty gamma |theta|^2. */
  readonly decay?: number;
}

/** Gradients, or velocities, of two adjacent maps. */
export interface MapGradients {
  /** (dOut, d) */
  readonly U: Matrix;
  /** (d, dIn), or (d, dIn + 1) with the bias's as last column. */
  readonly W: Matrix;
}

function checkStep(where: string, { eta, decay = 0 }: StepOptions): void {
  checkPositive(where, "eta", eta, "it is the learning rate");
  checkNotNegative(where, "decay", decay, "it is the factor of theta in a step");
}

function checkGradients(where: string, Q: Matrix, gradients: MapGradients): void {
  checkSymmetric(where, "imbalance", Q);
  const cure = "gradients have the shapes of the maps";
  checkSize(where, "a gradient of U", gradients.U, gradients.U.rows, Q.rows, cure);
  checkSize(where, "a gradient of W", gradients.W, Q.rows, gradients.W.cols, cure);
}

/** sum_k c_k A_k of matrices of one size. */
export function sumOf(...terms: readonly (readonly [number, Matrix])[]): Matrix {
  const { rows, cols } = terms[0]![1];
  const sum = matrix(rows, cols);
  for (const [c, A] of terms) for (let k = 0; k < sum.data.length; k++) sum.data[k]! += c * A.data[k]!;
  return sum;
}

/**
 * C = u^2 - w^2 of a loss of the product u w after one step, ((1 - eta decay)^2 - eta^2 g^2) C   (theory.md Eq. 106).
 *
 * @param C the charge before the step
 * @param g derivative of the step's batch loss by the product u w
 * @throws RangeError unless eta > 0, decay >= 0, C and g finite
 */
export function nextScalarCharge(C: number, g: number, options: StepOptions): number {
  checkStep("nextScalarCharge", options);
  checkFinite("nextScalarCharge", "charge", C);
  checkFinite("nextScalarCharge", "g", g);
  const { eta, decay = 0 } = options;
  return ((1 - eta * decay) ** 2 - (eta * g) ** 2) * C;
}

/**
 * Imbalance after one step, (1 - eta decay)^2 Q + eta^2 (G_U^T G_U - G_W G_W^T)   (theory.md Eq. 106).
 *
 * @param Q (d, d) `imbalance` before the step
 * @param gradients mean gradients over the step's batch, without the decay's part
 * @returns (d, d), exact for linear phi; for positively homogeneous phi its diagonal is exact
 * @throws RangeError unless eta > 0, decay >= 0, Q is symmetric and the gradients fit it
 */
export function nextImbalance(Q: Matrix, gradients: MapGradients, options: StepOptions): Matrix {
  checkStep("nextImbalance", options);
  checkGradients("nextImbalance", Q, gradients);
  const { eta, decay = 0 } = options;
  return sumOf([(1 - eta * decay) ** 2, Q], [eta * eta, gramDifference(gradients.U, gradients.W)]);
}

/** Rows of n samples at two adjacent maps; g is the gradient of a sample's own loss. */
export interface AdjacentRows {
  /** (n, dIn) inputs of the lower map. */
  readonly h0: Matrix;
  /** (n, d) gradients at the outputs of the lower map. */
  readonly g1: Matrix;
  /** (n, d) inputs of the upper map. */
  readonly a: Matrix;
  /** (n, dOut) gradients at the outputs of the upper map. */
  readonly g2: Matrix;
}

export interface NoiseTerms {
  /** (d, d) E[|g_2|^2 a a^T] = E[G_U^T G_U] over single samples. */
  readonly upper: Matrix;
  /** (d, d) E[(|h_0|^2 + 1) g_1 g_1^T] = E[G_W G_W^T] over single samples; without the 1 where there is no bias. */
  readonly lower: Matrix;
}

/**
 * The two sides of the noise balance, E[|g_2|^2 a a^T] and E[(|h_0|^2 + 1) g_1 g_1^T]   (theory.md Eq. 107).
 *
 * @param options bias: whether the lower map has one, true by default
 * @throws RangeError unless all have the same number of rows, above 0, and a and g1 the same width
 *
 * O(n d^2). For ReLU compare the diagonals: over all entries the mean of a dominates the first.
 */
export function noiseTerms({ h0, g1, a, g2 }: AdjacentRows, { bias = true } = {}): NoiseTerms {
  const n = h0.rows;
  if (n === 0) throw new RangeError("noiseTerms: expected at least one sample, got none");
  checkSize("noiseTerms", "g1", g1, n, a.cols, "rows are the same samples, and a = phi(h_1) is as wide as h_1");
  checkSize("noiseTerms", "a", a, n, a.cols, "rows are the same samples");
  checkSize("noiseTerms", "g2", g2, n, g2.cols, "rows are the same samples");
  return { upper: weightedMoment(a, g2, 0), lower: weightedMoment(g1, h0, bias ? 1 : 0) };
}

/** (1/n) sum_i (|y_i|^2 + offset) x_i x_i^T. */
function weightedMoment(X: Matrix, Y: Matrix, offset: number): Matrix {
  const weighted = matrix(X.rows, X.cols);
  for (let i = 0; i < X.rows; i++) {
    let square = offset;
    for (let j = 0; j < Y.cols; j++) square += Y.data[i * Y.cols + j]! ** 2;
    const factor = Math.sqrt(square / X.rows);
    for (let j = 0; j < X.cols; j++) weighted.data[i * X.cols + j] = factor * X.data[i * X.cols + j]!;
  }
  return gram(weighted, "a");
}

export interface BatchOptions extends StepOptions {
  /** Samples per batch, drawn with replacement. */
  readonly batch: number;
}

function checkBatch(where: string, batch: number): void {
  if (!Number.isInteger(batch) || batch < 1)
    throw new RangeError(`${where}: expected a whole batch of at least 1, got ${batch}; it counts samples`);
}

/**
 * Mean of the imbalance after one step, over all batches   (theory.md Eq. 107).
 *
 * @param Q (d, d) `imbalance` before the step
 * @param noise `noiseTerms` of the data that batches are drawn from
 * @param mean gradients of the mean loss over that data
 * @throws RangeError as `nextImbalance`, and unless batch is a whole number of at least 1 and the terms fit Q
 */
export function expectedImbalance(Q: Matrix, noise: NoiseTerms, mean: MapGradients, options: BatchOptions): Matrix {
  checkStep("expectedImbalance", options);
  checkBatch("expectedImbalance", options.batch);
  checkGradients("expectedImbalance", Q, mean);
  checkTerms("expectedImbalance", noise, Q.rows);
  const { eta, decay = 0, batch } = options;
  const share = eta * eta * (1 / batch);
  return sumOf(
    [(1 - eta * decay) ** 2, Q],
    [share, noise.upper],
    [-share, noise.lower],
    [eta * eta * (1 - 1 / batch), gramDifference(mean.U, mean.W)],
  );
}

function checkTerms(where: string, { upper, lower }: NoiseTerms, d: number): void {
  checkSize(where, "upper noise", upper, d, d, "take noiseTerms of the same maps");
  checkSize(where, "lower noise", lower, d, d, "take noiseTerms of the same maps");
}

/**
 * Stationary imbalance between decay and noise where the mean gradients are negligible,
 * eta (upper - lower) / (B decay (2 - eta decay))   (theory.md Eq. 107).
 *
 * @returns (d, d); to first order in eta decay it is eta / (2 decay B) times the difference
 * @throws RangeError unless eta > 0, 0 < eta decay < 2 and batch is an integer of at least 1
 */
export function imbalanceAtRest(noise: NoiseTerms, options: BatchOptions & { readonly decay: number }): Matrix {
  const { eta, decay, batch } = options;
  checkStep("imbalanceAtRest", options);
  checkPositive("imbalanceAtRest", "decay", decay, "without decay rest means that upper and lower noise are equal");
  if (!(eta * decay < 2))
    throw new RangeError(`imbalanceAtRest: expected eta decay below 2, got ${eta * decay}; weights would grow`);
  checkBatch("imbalanceAtRest", batch);
  checkTerms("imbalanceAtRest", noise, noise.upper.rows);
  const factor = eta / (batch * decay * (2 - eta * decay));
  return sumOf([factor, noise.upper], [-factor, noise.lower]);
}

export interface MomentumOptions extends StepOptions {
  /** m of v <- m v + gradient + decay theta, theta <- theta - eta v. */
  readonly momentum: number;
}

export interface MomentumState {
  /** (d, d) Q = U^T U - W~ W~^T. */
  readonly imbalance: Matrix;
  /** (d, d) P, symmetric part of U^T V_U - W~ V_W^T. */
  readonly overlap: Matrix;
}

/**
 * Symmetric part of U^T V_U - W~ V_W^T, zero before the first step   (theory.md Eq. 108).
 *
 * @param maps U and W~, the bias as last column
 * @param velocities of the same shapes
 * @throws RangeError unless maps and velocities have the same shapes
 */
export function velocityOverlap(maps: MapGradients, velocities: MapGradients): Matrix {
  const { U, W } = maps;
  checkSize("velocityOverlap", "a velocity of U", velocities.U, U.rows, U.cols, "it has the shape of U");
  checkSize("velocityOverlap", "a velocity of W", velocities.W, W.rows, W.cols, "it has the shape of W");
  // X^T Y + Y^T X = ((X + Y)^T (X + Y) - (X - Y)^T (X - Y)) / 2 is exactly symmetric
  const [plus, minus] = [1, -1].map((sign) =>
    gramDifference(sumOf([1, U], [sign, velocities.U]), sumOf([1, W], [sign, velocities.W])),
  );
  return sumOf([0.25, plus!], [-0.25, minus!]);
}

/**
 * Imbalance and overlap after one step with momentum   (theory.md Eq. 108).
 *
 *     R = V_U^T V_U - V_W V_W^T of the new velocities,   F = m P + decay Q
 *     Q' = Q - 2 eta F + eta^2 R,   P' = F - eta R
 *
 * @param state before the step
 * @param velocities after their update, as used in the step
 * @returns exact for linear phi; for positively homogeneous phi the diagonals are exact
 * @throws RangeError unless eta > 0, decay >= 0, 0 <= momentum < 1 and all sizes fit
 */
export function nextMomentumState(
  { imbalance: Q, overlap: P }: MomentumState,
  velocities: MapGradients,
  options: MomentumOptions,
): MomentumState {
  checkStep("nextMomentumState", options);
  const { eta, decay = 0, momentum } = options;
  if (!(momentum >= 0 && momentum < 1))
    throw new RangeError(
      `nextMomentumState: expected momentum from 0 to below 1, got ${momentum}; velocities would grow`,
    );
  checkGradients("nextMomentumState", Q, velocities);
  checkSize("nextMomentumState", "overlap", P, Q.rows, Q.rows, "it belongs to the same maps as the imbalance");
  const R = gramDifference(velocities.U, velocities.W);
  const F = sumOf([momentum, P], [decay, Q]);
  return { imbalance: sumOf([1, Q], [-2 * eta, F], [eta * eta, R]), overlap: sumOf([1, F], [-eta, R]) };
}
