/**
 * @file The residual of each equation of the stationary state, with the error from n samples (theory.md Eqs. 53-62).
 * Norms are Frobenius norms. Errors assume independent samples, and uncorrelated norms of g and h: E|g|^2 |h|^2 =
 * E|g|^2 E|h|^2.
 */
import { combination } from "../../linalg/linearCombination.ts";
import { frobenius, type Matrix, matmul, trace, transpose } from "../../linalg/matrix.ts";
import type { LayerMoments } from "../../moments/moments.ts";
import { cosine } from "../alignment/cosine.ts";
import type { Status } from "../measured.ts";
import type { LayerMeans } from "./layerMeans.ts";
import { populationChange } from "./weightChange.ts";

export type ResidualStatus =
  | Status
  /** No weight decay: the stationary state of the theory does not exist. */
  | "no-decay"
  /** Adam and related optimizers, or no training at all. */
  | "not-sgd";

/** A relative residual: 0 where the equation holds. */
export interface Residual {
  value: number | null;
  /**
   * The expected value for n independent samples where the equation holds exactly in expectation. Averages over a whole
   * finite training set have none.
   */
  floor: number | null;
  n: number;
  status?: ResidualStatus;
}

/** How the layer was trained. */
export interface TrainingConstants {
  /**
   * The effective rate of the training that made the weights; for a schedule not the last rate, which may be 0 (Eq.
   * 90).
   */
  lr: number;
  /** gamma as in torch.optim.SGD: loss + (gamma/2) |W|^2. */
  decay: number;
  batch?: number;
  /** mu: the effective step is lr / (1 - mu). */
  momentum?: number;
  /** Anything but "sgd" leaves the residuals out. Default "sgd". */
  optimizer?: string;
}

export interface TermResidual extends Residual {
  /** Frobenius norms of the learning, noise and decay terms. */
  terms: { learning: number; noise: number; decay: number } | null;
}

const minus = (A: Matrix, factor: number, B: Matrix): Matrix =>
  combination([
    [1, A],
    [-factor, B],
  ]);

/** Standard error, in the Frobenius norm, of a mean of n products g h^T with E|g|^2 |h|^2 = size. */
function meanError(size: number, mean: Matrix, n: number): number {
  return Math.sqrt(Math.max(0, size - frobenius(mean) ** 2) / n);
}

/** |M - gamma W| / |gamma W|   (Eq. 53). */
export function stationarity({ M, W, za, zb, n }: LayerMeans, gamma: number): Residual {
  const scale = gamma * frobenius(W);
  return { value: frobenius(minus(M, gamma, W)) / scale, floor: meanError(za * zb, M, n) / scale, n };
}

/** |X - gamma Z| / |gamma Z|, X = E[g h^T] of one side; `size` is E|g|^2 |h|^2   (Eq. 54). */
export function balance({ n }: LayerMeans, X: Matrix, Z: Matrix, gamma: number, size: number): Residual {
  const scale = gamma * frobenius(Z);
  return { value: frobenius(minus(X, gamma, Z)) / scale, floor: meanError(size, X, n) / scale, n };
}

/** |X - X^T| / |X| of X = E[g_b h_b^T]   (Eq. 54). */
export function asymmetry({ Xb, za, Hb, n }: LayerMeans): Residual {
  const scale = frobenius(Xb);
  const error = Math.SQRT2 * meanError(za * trace(Hb), Xb, n);
  return { value: frobenius(minus(Xb, 1, transpose(Xb))) / scale, floor: error / scale, n };
}

const effectiveRate = ({ lr, momentum = 0 }: TrainingConstants): number => lr / (1 - momentum);

/** The paper's condition of a stationary H_b   (Eq. 55). */
export function forwardSameSample(m: LayerMeans, training: TrainingConstants): TermResidual {
  const size = m.za * trace(m.Hb);
  return sameSample(m.n, m.zb, effectiveRate(training), training.decay, {
    X: m.Xb,
    errorX: meanError(size, m.Xb, m.n),
    noise: m.Gb,
    errorNoise: meanError(m.fourth.gb, m.Gb, m.n),
    decayed: m.Hb,
    errorDecayed: meanError(m.fourth.hb, m.Hb, m.n),
  });
}

/** Its dual, for G_a   (Eq. 55). */
export function backwardSameSample(m: LayerMeans, training: TrainingConstants): TermResidual {
  const size = m.zb * trace(m.Ga);
  return sameSample(m.n, m.za, effectiveRate(training), training.decay, {
    X: m.Xa,
    errorX: meanError(size, m.Xa, m.n),
    noise: m.Ha,
    errorNoise: meanError(m.fourth.ha, m.Ha, m.n),
    decayed: m.Ga,
    errorDecayed: meanError(m.fourth.ga, m.Ga, m.n),
  });
}

/** |z (X + X^T) + lr z^2 A - 2 gamma B| / (2 gamma |B|) with the errors of X, A and B. */
function sameSample(
  n: number,
  z: number,
  lr: number,
  gamma: number,
  of: { X: Matrix; errorX: number; noise: Matrix; errorNoise: number; decayed: Matrix; errorDecayed: number },
): TermResidual {
  const learning = combination([
    [z, of.X],
    [z, transpose(of.X)],
  ]);
  const total = combination([
    [1, learning],
    [lr * z * z, of.noise],
    [-2 * gamma, of.decayed],
  ]);
  const scale = 2 * gamma * frobenius(of.decayed);
  const error = Math.hypot(Math.SQRT2 * z * of.errorX, lr * z * z * of.errorNoise, 2 * gamma * of.errorDecayed);
  const terms = { learning: frobenius(learning), noise: lr * z * z * frobenius(of.noise), decay: scale };
  return { value: frobenius(total) / scale, floor: error / scale, n, terms };
}

/**
 * |change of H_b| / (2 lr gamma |H_b|)   (Eq. 57).
 *
 * The error is that of the drift M H_a W^T + its transpose, with E|g|^2 |W H_a h|^2 = z_a tr(W H_a^3 W^T).
 */
export function population(m: LayerMeans, training: TrainingConstants): Residual {
  const { decay, batch = 1 } = training;
  const lr = effectiveRate(training);
  const change = populationChange(m, { lr, decay, batch });
  const K = matmul(m.W, m.Ha);
  const Hb = matmul(K, transpose(m.W));
  const scale = 2 * lr * decay * frobenius(Hb);
  const error = meanError(m.za * trace(matmul(matmul(K, m.Ha), transpose(K))), matmul(m.M, transpose(K)), m.n);
  return { value: frobenius(change) / scale, floor: (Math.SQRT2 * lr * error) / scale, n: m.n };
}

/** 1 - cosine   (Eqs. 58, 59); noise of relative size f alone leaves 1 - 1/sqrt(1 + f). */
export function distance({ n }: LayerMeans, A: Matrix, Z: Matrix, fourth: number): Residual {
  const found = cosine(A, Z);
  if (found.value === null) return { value: null, floor: null, n, status: found.status! };
  const f = (meanError(fourth, A, n) / frobenius(A)) ** 2;
  return { value: 1 - found.value, floor: 1 - 1 / Math.sqrt(1 + f), n };
}

/** |E g_b - gamma bias| / |gamma bias|   (Eq. 62). */
export function biasResidual(
  { za, n }: LayerMeans,
  { b }: LayerMoments,
  bias: ArrayLike<number>,
  gamma: number,
): Residual {
  const mean = Array.from(b.gSum!, (value) => -value / n);
  const scale = gamma * Math.hypot(...Array.from(bias));
  const off = Math.hypot(...mean.map((value, i) => value - gamma * bias[i]!));
  const error = Math.sqrt(Math.max(0, za - Math.hypot(...mean) ** 2) / n);
  return { value: off / scale, floor: error / scale, n };
}
