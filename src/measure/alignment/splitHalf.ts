/**
 * @file Sampling noise of a measure from two halves of the samples (theory.md Eq. 18).
 */

/**
 * Split-half noise |x_1 - x_2| / 2: the standard error of the mean of the two halves, estimated from one pair.
 *
 * @param first  the measure on one half of the samples
 * @param second the same on the other half
 * @returns the noise, or null where either half has no value
 *
 * A floor, not a bound: one pair estimates it to a factor of about two, and it leaves out what both halves share
 * (weights, bias).
 */
export function splitHalf(first: number | null | undefined, second: number | null | undefined): number | null {
  return typeof first === "number" && typeof second === "number" ? Math.abs(first - second) / 2 : null;
}
