/**
 * @file The two rates of a fit with their intervals (docs/theory.md Eq. 99).
 */
import type { Model } from "./model.ts";
import type { Refined } from "./refine.ts";
import { sandwich } from "./uncertainty.ts";

/** A rate per step with its interval; null where the trajectory does not determine it. */
export interface FittedRate {
  readonly value: number | null;
  readonly interval: readonly [number, number] | null;
}

/** chosen: with an interval of more than a decade, a rate is unknown. */
export const WIDEST = 10;

/** Numerical error of a fitted logarithm: differences and tolerances of `Model`. */
const NUMERICAL = 1e-6;
/** Two intervals that jointly hold at 95 % (Bonferroni): the normal quantile at 1 - 0.025 / 2. */
const QUANTILE = 2.241402727604947;

/**
 * Both rates with intervals, from the covariance of the logarithms of ratio and etaY   (docs/theory.md Eq. 99).
 *
 * @param residuals (3 T) normalised, at the fitted parameters
 * @param unit      normalised residual of one standard deviation of the start, if the start is fitted
 */
export function ratesOf(model: Model, { parameters }: Refined, residuals: Float64Array, unit: number) {
  const prior = parameters.map((_, k) => (k < 2 ? 0 : unit));
  const found = sandwich(residuals, model.derivatives(parameters, model.values(parameters)), prior);
  const k = parameters.length;
  const [ratio, etaY] = [parameters[0]!, parameters[1]!];
  const rate = (log: number, variance: number | undefined): FittedRate => {
    if (found === undefined || variance === undefined || !Number.isFinite(variance))
      return { value: Math.exp(log), interval: null };
    const half = studentQuantile(found.effectiveRows - 2) * Math.sqrt(variance) + NUMERICAL;
    return 2 * half > Math.log(WIDEST)
      ? { value: Math.exp(log), interval: null }
      : { value: Math.exp(log), interval: [Math.exp(log - half), Math.exp(log + half)] };
  };
  const V = found?.matrix;
  const sum = V && V[0]! + 2 * V[1]! + V[k + 1]!;
  return { etaH: rate(ratio + etaY, sum), etaY: rate(etaY, V?.[k + 1]) };
}

/** Student's quantile for QUANTILE, by the expansion of Fisher and Cornish in 1/df. */
function studentQuantile(freedom: number): number {
  const [z, df] = [QUANTILE, Math.max(2, freedom)];
  return z + (z ** 3 + z) / (4 * df) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * df * df);
}
