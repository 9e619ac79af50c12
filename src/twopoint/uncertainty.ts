/**
 * @file Covariance of the fitted parameters without assumptions on the size or independence of the noise: the sandwich
 * of White (1980), with the kernel of Newey and West (1987) for correlated residuals (docs/theory.md Eq. 99).
 */
import { factorize, solveFactored } from "../ode/solveLinear.ts";

export interface Covariance {
  /** (k, k) row-major. */
  readonly matrix: Float64Array;
  /** (k, k) inverse of the sum of squared derivatives, row-major. */
  readonly inverse: Float64Array;
  /** Effective number of rows: as many rows of equal leverage would have the same spread. */
  readonly effectiveRows: number;
  /** Number of rows over which residuals are correlated. */
  readonly lag: number;
}

/**
 * @param residuals   (3 T) normalised
 * @param derivatives k of (3 T)
 * @param prior       (k) known standard deviation of a parameter that is itself a residual; 0 where none is known
 * @returns undefined where the parameters cannot be told apart: the sum of squared derivatives is singular
 */
export function sandwich(
  residuals: Float64Array,
  derivatives: readonly Float64Array[],
  prior: readonly number[],
): Covariance | undefined {
  const [k, n] = [derivatives.length, residuals.length / 3];
  const inverse = inverseOf(squares(derivatives, prior), k);
  if (inverse === undefined) return undefined;
  const { scores, leverages } = scoresOf(residuals, derivatives, inverse);
  const lag = correlatedLag(scores, k, n);
  const middle = new Float64Array(k * k);
  for (let l = 0; l <= lag; l++) {
    const weight = 1 - l / (lag + 1); // Bartlett
    for (let i = l; i < n; i++)
      for (let a = 0; a < k; a++)
        for (let b = 0; b < k; b++) {
          const product = scores[i * k + a]! * scores[(i - l) * k + b]!;
          middle[a * k + b]! += weight * product;
          if (l > 0) middle[b * k + a]! += weight * product;
        }
  }
  for (let a = 0; a < k; a++) middle[a * (k + 1)]! += prior[a]! ** 2;
  const total = leverages.reduce((sum, h) => sum + h, 0);
  const effectiveRows = (total * total) / leverages.reduce((sum, h) => sum + h * h, 0);
  return { matrix: triple(inverse, middle, k), inverse, effectiveRows: effectiveRows / (lag + 1), lag };
}

/** D^T D, with the derivative 1 of a parameter that is a residual. */
function squares(derivatives: readonly Float64Array[], prior: readonly number[]): Float64Array {
  const k = derivatives.length;
  return Float64Array.from({ length: k * k }, (_, at) => {
    const [a, b] = [Math.floor(at / k), at % k];
    const product = derivatives[a]!.reduce((sum, value, i) => sum + value * derivatives[b]![i]!, 0);
    return product + (a === b && prior[a]! > 0 ? 1 : 0);
  });
}

/** Gradient of the cost by row, each corrected for its own leverage (HC3, MacKinnon and White 1985). */
function scoresOf(residuals: Float64Array, derivatives: readonly Float64Array[], inverse: Float64Array) {
  const [k, n] = [derivatives.length, residuals.length / 3];
  const scores = new Float64Array(n * k);
  const leverages = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let leverage = 0;
    for (let v = 0; v < 3; v++)
      for (let a = 0; a < k; a++) {
        const slope = derivatives[a]![v * n + i]!;
        scores[i * k + a]! += slope * residuals[v * n + i]!;
        for (let b = 0; b < k; b++) leverage += slope * inverse[a * k + b]! * derivatives[b]![v * n + i]!;
      }
    leverages[i] = leverage;
    for (let a = 0; a < k; a++) scores[i * k + a]! /= Math.max(0.5, 1 - leverage);
  }
  return { scores, leverages };
}

/**
 * Twice the lag after which three correlations in a row are within chance (Politis and White 2004), at most a quarter
 * of the rows: the larger one of the two rates. 0 for uncorrelated scores.
 */
function correlatedLag(scores: Float64Array, k: number, n: number): number {
  let most = 0;
  for (let a = 0; a < Math.min(2, k); a++) {
    const all = Float64Array.from({ length: n }, (_, i) => scores[i * k + a]!);
    const product = (lag: number): number => {
      let sum = 0;
      for (let i = lag; i < n; i++) sum += all[i]! * all[i - lag]!;
      return sum;
    };
    // chance for scores of unequal sizes: the sum of products of squares
    const chance = (lag: number): number => {
      let sum = 0;
      for (let i = lag; i < n; i++) sum += (all[i]! * all[i - lag]!) ** 2;
      return 2 * Math.sqrt(Math.log10(n) * sum);
    };
    let lag = 1;
    while (lag < n / 8 && [0, 1, 2].some((more) => Math.abs(product(lag + more)) > chance(lag + more))) lag++;
    most = Math.max(most, lag === 1 ? 0 : 2 * lag);
  }
  return Math.min(most, Math.floor(n / 4));
}

function inverseOf(M: Float64Array, k: number): Float64Array | undefined {
  const scale = Float64Array.from({ length: k }, (_, a) => 1 / Math.sqrt(M[a * (k + 1)]!));
  const scaled = M.map((value, at) => value * scale[Math.floor(at / k)]! * scale[at % k]!);
  const pivot = new Int32Array(k);
  if (!scaled.every(Number.isFinite) || !factorize(scaled, pivot)) return undefined;
  const out = new Float64Array(k * k);
  for (let b = 0; b < k; b++) {
    const column = new Float64Array(k);
    column[b] = 1;
    solveFactored(scaled, pivot, column);
    for (let a = 0; a < k; a++) out[a * k + b] = column[a]! * scale[a]! * scale[b]!;
  }
  return out.every(Number.isFinite) ? out : undefined;
}

/** B M B for symmetric B. */
function triple(B: Float64Array, M: Float64Array, k: number): Float64Array {
  const product = (x: Float64Array, y: Float64Array): Float64Array =>
    Float64Array.from({ length: k * k }, (_, at) => {
      let sum = 0;
      for (let j = 0; j < k; j++) sum += x[Math.floor(at / k) * k + j]! * y[j * k + (at % k)]!;
      return sum;
    });
  return product(product(B, M), B);
}
