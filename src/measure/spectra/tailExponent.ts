/**
 * @file Whether the largest values of one spectrum are distributed as a power law, p(x) ~ x^-alpha for x >= xMin, and
 * with which exponent: the method of Clauset, Shalizi and Newman, "Power-law distributions in empirical data", SIAM
 * Review 51 (2009) (theory.md Eqs. 31, 32). This is the `tailExponent` of a single spectrum, not the `exponent` of a
 * law between two. The tail must span a decade, and values at rounding level are left out.
 */
import { Random } from "../../random/random.ts";
import type { Status } from "../measured.ts";
import { decadesOf, leastDecades, nearestTails, type Tail, type TailSearch } from "./nearestTails.ts";
import { roundingFloor } from "./spectrum.ts";
import { exponentialTail, lognormalTail, vuong } from "./tailRivals.ts";

export interface TailExponent {
  /** alpha of the density; the eigenvalue of rank k then falls as k^(-1/(alpha - 1)). */
  value: number | null;
  /** 95 % interval by resampling the values, xMin found anew each time. */
  interval: [number, number] | null;
  xMin: number | null;
  /** Values at or above xMin. */
  tail: number;
  /** log10 of the largest value over xMin: the range of the fit; at least one decade where the exponent has a value. */
  decades: number | null;
  /** Kolmogorov-Smirnov distance of the tail from the law. */
  distance: number | null;
  /**
   * Share of synthetic data sets, xMin found anew in each, that lie as far from their law: below 0.1 the law is
   * rejected.
   */
  plausibility: number | null;
  /** Log likelihood of the power law over that of a rival on the same tail: positive favours the law, if p is small. */
  against: { lognormal: Comparison; exponential: Comparison } | null;
  /** Values above the floor. */
  n: number;
  status?: Status;
}

/** Likelihood ratio by Vuong's test: the log ratio divided by its standard deviation, and the two-sided p-value. */
export interface Comparison {
  ratio: number;
  p: number;
}

export interface TailOptions {
  /** Synthetic data sets, and resampled ones. Default 200: p to about 0.03. */
  replicates?: number;
  seed?: number;
  /** Values at or below it are noise or rounding, not data. Default: `roundingFloor` times the largest. */
  floor?: number;
  /**
   * Error of the values: values closer than it count as one level. Default: that of eigenvalues of W^T W in float32,
   * `roundingFloor` sqrt(value largest).
   */
  resolution?: number;
}

/** chosen: an exponent of fewer values is not worth stating. */
const leastTail = 10;

const search: TailSearch = { least: leastTail, ends: "both" };

/**
 * chosen: to save time, fewer candidates are tried on resampled and synthetic sets, and on the values they are compared
 * with.
 */
const quickSearch: TailSearch = { ...search, candidates: 64 };

/** Clauset, Shalizi and Newman (2009), section 4.1: below it the law is rejected. */
const leastPlausible = 0.1;

/**
 * Power-law exponent of the tail of a set of values   (theory.md Eqs. 31, 32).
 *
 * @param values eigenvalues or others, in any order; those at or below the floor are left out
 * @returns value and its interval, goodness of fit, and likelihood ratios; null with status "too-few-values" for
 *   fewer than 20 values above the floor that differ by more than rounding, "flat-spectrum" if all agree,
 *   "under-one-decade" where the values, or all tails that are like a power law, span less (the tail nearest to one is
 *   then described without its exponent), "not-finite"
 *
 * Eigenvalues of one matrix are not independent, as the test supposes; read p as a guide. About n sqrt(n) for the fit
 * and O(replicates n) for the rest: with 200 replicates a quarter of a second for n = 1000, a second for n = 4096.
 */
export function tailExponent(
  values: ArrayLike<number>,
  { replicates = 200, seed = 1, floor, resolution }: TailOptions = {},
): TailExponent {
  const all = Array.from(values);
  const largest = all.reduce((most, value) => Math.max(most, value), 0);
  const least = Math.max(0, floor ?? roundingFloor * largest);
  const x = Float64Array.from(all.filter((value) => value > least)).sort();
  const none = (status: Status): TailExponent => ({
    value: null,
    interval: null,
    xMin: null,
    tail: 0,
    decades: null,
    distance: null,
    plausibility: null,
    against: null,
    n: x.length,
    status,
  });
  if (!all.every(Number.isFinite)) return none("not-finite");
  if (x.length < 2 * leastTail) return none("too-few-values");
  const distinct = levels(x, resolution);
  if (distinct < 2 * leastTail) return none(distinct === 1 ? "flat-spectrum" : "too-few-values");
  const random = new Random(seed).split("tailExponent");
  const { any, long } = nearestTails(x, search);
  if (!any) return none("flat-spectrum");
  const isNarrow = decadesOf(x, any.from) < leastDecades;
  if (long) {
    const interval = resample(x, replicates, random);
    const plausible = plausibility(x, long, replicates, random);
    if (!isNarrow || plausible === null || plausible >= leastPlausible)
      return { value: long.alpha, interval, ...describeTail(x, long, plausible) };
  }
  const plausible = plausibility(x, any, replicates, random);
  return { value: null, interval: null, ...describeTail(x, any, plausible), status: "under-one-decade" };
}

/** The tail of a fit, compared with its rivals. */
function describeTail(x: Float64Array, fit: Tail, plausible: number | null): Omit<TailExponent, "value" | "interval"> {
  const tail = x.subarray(fit.from);
  const logs = powerLogs(tail, fit);
  return {
    xMin: fit.xMin,
    tail: tail.length,
    decades: decadesOf(x, fit.from),
    distance: fit.distance,
    plausibility: plausible,
    against: {
      lognormal: vuong(logs, lognormalTail(tail, fit.xMin)),
      exponential: vuong(logs, exponentialTail(tail, fit.xMin)),
    },
    n: x.length,
  };
}

/**
 * Number of distinguishable values: a level contains all that exceed its smallest value by no more than its error; x
 * ascending.
 */
function levels(x: Float64Array, resolution: number | undefined): number {
  const largest = x[x.length - 1]!;
  let count = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const value of x)
    if (value > end) {
      end = value + (resolution ?? roundingFloor * Math.sqrt(value * largest));
      count++;
    }
  return count;
}

/** ln p(x) of each value of the tail under the power law. */
function powerLogs(tail: Float64Array, { alpha, xMin }: Tail): Float64Array {
  return tail.map((value) => Math.log((alpha - 1) / xMin) - alpha * Math.log(value / xMin));
}

/** 2.5 and 97.5 % points of the exponent over data sets drawn from x with replacement, where it exists. */
function resample(x: Float64Array, replicates: number, random: Random): [number, number] | null {
  const found: number[] = [];
  for (let r = 0; r < replicates; r++) {
    const { long } = nearestTails(x.map(() => x[random.below(x.length)]!).sort(), quickSearch);
    if (long) found.push(long.alpha);
  }
  if (found.length < replicates / 2) return null;
  found.sort((a, b) => a - b);
  const at = (share: number): number => found[Math.min(found.length - 1, Math.floor(share * found.length))]!;
  return [at(0.025), at(0.975)];
}

/**
 * Semi-parametric bootstrap: the law above xMin, the data below. Each synthetic set is fitted from scratch, over a
 * decade if `fit` spans one.
 */
function plausibility(x: Float64Array, fit: Tail, replicates: number, random: Random): number | null {
  const n = x.length;
  const isLong = decadesOf(x, fit.from) >= leastDecades;
  const distance = (values: Float64Array): number => {
    const { any, long } = nearestTails(values, quickSearch);
    return ((isLong && long) || any)?.distance ?? Number.POSITIVE_INFINITY;
  };
  const observed = distance(x);
  let farther = 0;
  for (let r = 0; r < replicates; r++) {
    const synthetic = x.map(() => {
      const i = random.below(n);
      return i < fit.from ? x[i]! : fit.xMin * (1 - random.uniform()) ** (1 / (1 - fit.alpha));
    });
    if (distance(synthetic.map((value) => Math.min(value, Number.MAX_VALUE)).sort()) >= observed) farther++;
  }
  return replicates > 0 ? farther / replicates : null;
}
