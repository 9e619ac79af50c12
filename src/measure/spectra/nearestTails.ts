/**
 * @file The tails of a set of values that are nearest to a power law, p(x) ~ x^-alpha for x >= xMin, and the exponents
 * there (theory.md Eq. 31).
 */

/** Power law of the values from x[from] on. */
export interface Tail {
  /** Maximum likelihood of the exponent of the density. */
  alpha: number;
  /** x[from]. */
  xMin: number;
  /** Index of xMin in the ascending values. */
  from: number;
  distance: number;
}

export interface TailSearch {
  /** Least number of values in a tail. */
  least: number;
  /**
   * The distance of a tail from its law. "both": Kolmogorov and Smirnov's, with the empirical distribution taken below
   * and at each value. "below": below only, as in the program of Clauset, Shalizi and Newman and its successors;
   * smaller by up to 1 / N.
   */
  ends: "both" | "below";
  /** Number of values tried as xMin, evenly spaced in rank; default all. */
  candidates?: number;
}

/** chosen: over less than a decade any falling density is a power law. */
export const leastDecades = 1;

/**
 * The xMin whose law is nearest to the values above it, and the maximum-likelihood exponent there   (theory.md Eq. 31).
 *
 * @param x positive, ascending
 * @returns `any`: of all tails; `long`: of those that span a decade; undefined without such a tail, or where all values
 *   are equal
 *
 * O(n) a candidate at worst, about sqrt(n) in practice: with all candidates 60 ms for n = 4096.
 */
export function nearestTails(x: Float64Array, { least, ends, candidates }: TailSearch): { any?: Tail; long?: Tail } {
  const n = x.length;
  const logs = x.map(Math.log);
  const sums = new Float64Array(n + 1); // sums[i]: sum of ln x from i on
  for (let i = n - 1; i >= 0; i--) sums[i] = sums[i + 1]! + logs[i]!;
  const decade = logs[n - 1]! - leastDecades * Math.LN10;
  let any: Tail | undefined;
  let long: Tail | undefined;
  const all = n - least + 1;
  const stride = Math.max(1, all / (candidates ?? all));
  for (let t = 0; t < all; t += stride) {
    const from = Math.floor(t);
    const spread = sums[from]! - (n - from) * logs[from]!;
    if (!(spread > 1e-12 * (n - from))) continue;
    const alpha = 1 + (n - from) / spread;
    const isLong = logs[from]! <= decade;
    const rival = isLong ? long : any; // `any` is at least as near as `long`
    const limit = rival?.distance ?? Number.POSITIVE_INFINITY;
    const distance = kolmogorov(logs.subarray(from), alpha, limit, ends === "both" ? 1 : 0);
    if (distance >= limit) continue;
    const tail = { alpha, xMin: x[from]!, from, distance };
    if (isLong) long = tail;
    if (!any || distance < any.distance) any = tail;
  }
  return { ...(any && { any }), ...(long && { long }) };
}

/** Decades from x[from] to the largest; x ascending. */
export function decadesOf(x: Float64Array, from: number): number {
  return Math.log10(x[x.length - 1]! / x[from]!);
}

/**
 * Largest distance between the distribution of values, given by their logarithms, and that of the law. The search stops
 * early with some number of at least `limit` once the distance reaches it.
 *
 * Both distributions rise, so that two values bound the distance at all those between. Among blocks of sqrt(n) values,
 * only blocks whose bound exceeds the current maximum are searched.
 *
 * @param logs ascending
 * @param step 1 or 0: whether the empirical distribution counts at each value too, or below it only
 */
function kolmogorov(logs: Float64Array, alpha: number, limit: number, step: 0 | 1): number {
  const n = logs.length;
  const law = (i: number): number => 1 - Math.exp((1 - alpha) * (logs[i]! - logs[0]!));
  const block = Math.ceil(Math.sqrt(n));
  let largest = 0;
  const look = (from: number, to: number, by: number): void => {
    for (let i = from; i < to && largest < limit; i += by) {
      const model = law(i);
      largest = Math.max(largest, model - i / n, (i + step) / n - model);
    }
  };
  look(0, n, block);
  let lower = 0;
  for (let from = 0; from < n && largest < limit; from += block) {
    const to = Math.min(n, from + block);
    const upper = law(Math.min(to, n - 1));
    if (Math.max(upper - (from + 1) / n, (to - 1 + step) / n - lower) > largest) look(from + 1, to, 1);
    lower = upper;
  }
  return largest;
}
