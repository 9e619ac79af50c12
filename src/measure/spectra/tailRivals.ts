/**
 * @file Alternatives to a power-law tail: lognormal or exponential above xMin, each fitted by maximum likelihood, and
 * Vuong's test of one against another (theory.md Eq. 32; Clauset, Shalizi and Newman 2009, section 5).
 */

/** ln p(x) of each value under the exponential law above xMin whose rate fits best: rate = 1 / (mean - xMin). */
export function exponentialTail(tail: Float64Array, xMin: number): Float64Array {
  const excess = tail.reduce((sum, value) => sum + (value - xMin), 0) / tail.length;
  return tail.map((value) => -Math.log(excess) - (value - xMin) / excess);
}

/**
 * ln p(x) of each value under the best lognormal cut off at xMin.
 *
 * With t = ln(x / xMin) the density of t is exp(-a t - b t^2) / Z(a, b), b >= 0: the mean of t and of t^2 fix a and b.
 * b = 0 is the power law itself, so the best lognormal is never worse than the law; where b would be negative it is the
 * law.
 */
export function lognormalTail(tail: Float64Array, xMin: number): Float64Array {
  const t = tail.map((value) => Math.log(value / xMin));
  const mean = t.reduce((sum, value) => sum + value, 0) / t.length;
  const unit = t.map((value) => value / mean); // scaled to mean 1: a and b are then of order 1
  const square = unit.reduce((sum, value) => sum + value * value, 0) / t.length;
  const b = bestCurvature(square);
  const { a, logZ } = slopeFor(b);
  return t.map((value, i) => -value - Math.log(mean) - a * unit[i]! - b * unit[i]! ** 2 - logZ - Math.log(xMin));
}

/** Largest curvature tried: a lognormal far narrower than its distance from xMin. */
const steepest = 1e4;

/** Curvature below which the lognormal is the power law to rounding. */
const flattest = 1e-5;

/**
 * b of the density exp(-a t - b t^2) on t > 0 with mean 1 and the mean square given; E t^2 falls from 2 to 1 as b
 * grows.
 */
function bestCurvature(square: number): number {
  if (square >= 2) return 0;
  let lower = flattest;
  let upper = 1;
  if (slopeFor(flattest).square <= square) return 0;
  while (upper < steepest && slopeFor(upper).square > square) upper *= 4;
  for (let step = 0; step < 60; step++) {
    const middle = (lower + upper) / 2;
    if (slopeFor(middle).square > square) lower = middle;
    else upper = middle;
  }
  return (lower + upper) / 2;
}

/** The a for which exp(-a t - b t^2), t > 0, has mean 1; with the mean square and the logarithm of the norm. */
function slopeFor(b: number): { a: number; square: number; logZ: number } {
  if (b === 0) return { a: 1, square: 2, logZ: 0 };
  // With s = 1 / sqrt(2 b) and m = -a s^2 the density is a normal one, N(m, s^2), cut off at 0: mean m + s mills(m / s)
  // = 1.
  const s = 1 / Math.sqrt(2 * b);
  let lower = -400; // reached at a curvature below the flattest
  let upper = 1 / s;
  for (let step = 0; step < 80; step++) {
    const middle = (lower + upper) / 2;
    if (s * (middle + mills(middle)) < 1) lower = middle;
    else upper = middle;
  }
  const u = (lower + upper) / 2; // m / s
  const square = s * s * (1 + u * u + u * mills(u));
  return { a: -u / s, square, logZ: Math.log(s) + logUpperTail(u) };
}

/**
 * Ratio of the normal density at u to its probability below u: the amount that truncating N(u, 1) at 0 adds to its
 * mean.
 */
function mills(u: number): number {
  return Math.exp(-logUpperTail(u));
}

/**
 * ln of integral_0^inf exp(-(t - u)^2 / 2 + u^2 / 2) dt = ln of Phi(u) / density(u). For u far below 0 by the continued
 * fraction of Laplace, else from the error function.
 */
function logUpperTail(u: number): number {
  if (u < -3) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / (-u + fraction);
    return -Math.log(-u + fraction);
  }
  return Math.log(normalBelow(u)) + (u * u) / 2 + Math.log(Math.sqrt(2 * Math.PI));
}

/** Phi(u), the standard normal distribution, for u >= -3 by the series of Marsaglia (2004); to 1e-14. */
function normalBelow(u: number): number {
  if (u > 8) return 1;
  let term = u;
  let sum = u;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum) && k < 400; k += 2) {
    term *= (u * u) / k;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-(u * u) / 2 - Math.log(2 * Math.PI) / 2);
}

/**
 * Vuong's test of two models by the logarithms of their densities at each value.
 *
 * @returns ratio: the sum of the differences over sqrt(n) times their standard deviation, positive for the first model;
 *   p: the chance of one at least as large in size if both were equally good. Ratio 0 and p 1 where the models agree
 */
export function vuong(first: Float64Array, second: Float64Array): { ratio: number; p: number } {
  const n = first.length;
  const differences = first.map((value, i) => value - second[i]!);
  const mean = differences.reduce((sum, value) => sum + value, 0) / n;
  const spread = Math.sqrt(differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n);
  if (!(spread > 1e-12)) return { ratio: 0, p: 1 };
  const ratio = (Math.sqrt(n) * mean) / spread;
  return { ratio, p: Math.min(1, 2 * (Math.abs(ratio) > 37 ? 0 : upper(Math.abs(ratio)))) };
}

/** 1 - Phi(u) for u >= 0. */
function upper(u: number): number {
  return u > 3 ? Math.exp(logUpperTail(-u) - (u * u) / 2) / Math.sqrt(2 * Math.PI) : 1 - normalBelow(u);
}
