/**
 * @file How far a layer is from the stationary state of training with weight decay: the residuals of the theory's
 * equations for the measured moments, each with the value that sampling alone would leave (theory.md Eqs. 53-62).
 *
 * They hold for SGD with decay gamma on the same loss. For Adam, E[dW] = 0 is a statement about the preconditioned
 * gradient, so no residuals are given.
 */
import { frobenius, gram, type Matrix, matrix, trace } from "../../linalg/matrix.ts";
import type { LayerMoments } from "../../moments/moments.ts";
import { alignment } from "../alignment/alignment.ts";
import type { Status } from "../measured.ts";
import { type LayerMeans, layerMeans } from "./layerMeans.ts";
import {
  asymmetry,
  backwardSameSample,
  balance,
  biasResidual,
  distance,
  forwardSameSample,
  population,
  type Residual,
  type ResidualStatus,
  stationarity,
  type TermResidual,
  type TrainingConstants,
} from "./residualEquations.ts";

export type { Residual, ResidualStatus, TermResidual, TrainingConstants } from "./residualEquations.ts";

/** Residuals of one layer. "Forward" is side b, "backward" side a. */
export interface Residuals {
  /**
   * Learning rate in Eqs. 55 and 57; in runs, the rate that stands for all steps the weights remember (Eq. 90). Absent
   * in older files.
   */
  rate?: number;
  /** |E[g_b h_a^T] - gamma W| / |gamma W|   (Eq. 53). */
  stationarity: Residual;
  /** |E[g_b h_b^T] - gamma Z_b| / |gamma Z_b| and |E[g_a h_a^T] - gamma Z_a| / |gamma Z_a|   (Eq. 54). */
  balance: { forward: Residual; backward: Residual };
  /** |X - X^T| / |X| of X = E[g_b h_b^T]   (Eq. 54). */
  asymmetry: Residual;
  /** The paper's stationarity of H_b and, dual to it, of G_a   (Eq. 55), with the norms of their three terms. */
  sameSample: { forward: TermResidual; backward: TermResidual };
  /** |change of H_b over all samples| / (2 lr gamma |H_b|)   (Eq. 57); the noise term is approximated. */
  population: Residual;
  /** 1 - cosine of G_b with Z_b and of H_a with Z_a   (Eq. 58). */
  gradientNoise: { forward: Residual; backward: Residual };
  /** z_a z_b / (gamma^2 |W|^2)   (Eq. 58): 1 without gradient noise. */
  rho: number | null;
  /**
   * 1 - cosine of H_b with Z_b and of G_a with Z_a, and the constants tr H_b / (z_b tr Z_b), tr G_a / (z_a tr Z_a) (Eq.
   * 59).
   */
  proportional: {
    forward: Residual;
    backward: Residual;
    constants: { forward: number | null; backward: number | null };
  };
  /** Coefficients of variation of |h_a|^2 and |g_b|^2   (Eq. 60), without the bias. */
  normSpread: { ha: number | null; gb: number | null };
  /** Alignment of the symmetric part of cov(g_b, h_b) with Z_b   (Eq. 61). */
  crossAlignment: { value: number | null; n: number; status?: Status };
  /** |E g_b - gamma bias| / |gamma bias|   (Eq. 62); null without a bias. */
  bias: Residual | null;
}

/**
 * All residuals of a layer   (theory.md Eqs. 53-62).
 *
 * @param layer    raw moments with cross moments and weights
 * @param training learning rate (`trainedRate` where it was scheduled), decay, batch
 * @param bias     (dOut) bias of the map, where it has one: without it the equations of side b are off by it
 * @returns every field present; nulls with a status where the data do not suffice
 *
 * Float64. Some products of (d, d) matrices: O(d^3).
 */
export function residuals(layer: LayerMoments, training: TrainingConstants, bias?: ArrayLike<number>): Residuals {
  const means = layerMeans(layer, bias);
  const status = statusOf(means, training);
  const of = (compute: (means: LayerMeans) => Residual): Residual => {
    if (status || typeof means === "string") return { value: null, floor: null, n: layer.n, status: status! };
    return finite(compute(means));
  };
  const ofTerms = (compute: (means: LayerMeans) => TermResidual): TermResidual => {
    if (status || typeof means === "string")
      return { value: null, floor: null, n: layer.n, terms: null, status: status! };
    const found = compute(means);
    return { ...finite(found), terms: Object.values(found.terms!).every(Number.isFinite) ? found.terms : null };
  };
  const always = (compute: (means: LayerMeans) => Residual): Residual =>
    typeof means === "string" ? { value: null, floor: null, n: layer.n, status: means } : finite(compute(means));
  const gamma = training.decay;
  return {
    rate: training.lr,
    stationarity: of((m) => stationarity(m, gamma)),
    balance: {
      forward: of((m) => balance(m, m.Xb, gram(m.W, "b"), gamma, m.za * trace(m.Hb))),
      backward: of((m) => balance(m, m.Xa, gram(m.W, "a"), gamma, trace(m.Ga) * m.zb)),
    },
    asymmetry: of(asymmetry),
    sameSample: {
      forward: ofTerms((m) => forwardSameSample(m, training)),
      backward: ofTerms((m) => backwardSameSample(m, training)),
    },
    population: of((m) => population(m, training)),
    gradientNoise: {
      forward: always((m) => distance(m, m.Gb, gram(m.W, "b"), m.fourth.gb)),
      backward: always((m) => distance(m, m.Ha, gram(m.W, "a"), m.fourth.ha)),
    },
    rho: typeof means === "string" || status ? null : rhoOf(means, gamma),
    proportional: proportionality(means, always),
    normSpread: { ha: spread(layer.a?.h2, layer.a?.h4, layer.n), gb: spread(layer.b.g2, layer.b.g4, layer.n) },
    crossAlignment: crossAlignment(layer),
    bias: bias ? of((m) => biasResidual(m, layer, bias, gamma)) : null,
  };
}

function statusOf(means: LayerMeans | Status, { decay, optimizer = "sgd" }: TrainingConstants): ResidualStatus | null {
  if (typeof means === "string") return means;
  if (optimizer !== "sgd") return "not-sgd";
  return decay > 0 ? null : "no-decay";
}

function finite<T extends Residual>(found: T): T {
  const floor = Number.isFinite(found.floor) ? found.floor : null;
  if (found.value !== null && !Number.isFinite(found.value))
    return { ...found, value: null, floor, status: "not-finite" };
  return { ...found, floor };
}

function rhoOf({ za, zb, W }: LayerMeans, gamma: number): number | null {
  const value = (za * zb) / (gamma * frobenius(W)) ** 2;
  return Number.isFinite(value) ? value : null;
}

function proportionality(
  means: LayerMeans | Status,
  always: (compute: (means: LayerMeans) => Residual) => Residual,
): Residuals["proportional"] {
  const constant = (A: Matrix, z: number, W: Matrix): number | null => {
    const value = trace(A) / (z * frobenius(W) ** 2);
    return Number.isFinite(value) ? value : null;
  };
  return {
    forward: always((m) => distance(m, m.Hb, gram(m.W, "b"), m.fourth.hb)),
    backward: always((m) => distance(m, m.Ga, gram(m.W, "a"), m.fourth.ga)),
    constants:
      typeof means === "string"
        ? { forward: null, backward: null }
        : { forward: constant(means.Hb, means.zb, means.W), backward: constant(means.Ga, means.za, means.W) },
  };
}

/** Coefficient of variation of |v|^2 from its sums. */
function spread(squares: number | undefined, fourths: number | undefined, n: number): number | null {
  if (squares === undefined || fourths === undefined || !(squares > 0)) return null;
  const value = Math.sqrt(Math.max(0, (fourths / squares / squares) * n - 1));
  return Number.isFinite(value) ? value : null;
}

function crossAlignment({ b, W, n }: LayerMoments): Residuals["crossAlignment"] {
  if (!b.gh || !b.gSum || !b.hSum || !W || n === 0) return { value: null, n, status: "missing-moments" };
  const { d, gh, gSum, hSum } = b;
  const C = matrix(d, d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++) {
      const centred = gh[i * d + j]! + gh[j * d + i]! - (gSum[i]! * hSum[j]! + gSum[j]! * hSum[i]!) / n;
      C.data[i * d + j] = -centred / 2 / n;
    }
  return { ...alignment(C, gram(W, "b")), n };
}
