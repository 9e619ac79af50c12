/**
 * @file An alignment minus its finite-sample bias, from groups of the samples (theory.md Eq. 18).
 *
 * Sampling noise enlarges both norms in the denominator of an alignment. Numerator and norms are corrected separately
 * and then divided. Under heavy tails, where few rows dominate a second moment, the ratio is far from linear in 1/n,
 * and a jackknife of the ratio removes only half of the bias.
 */

/** An alignment without one group of the samples. */
export interface WithoutGroup {
  readonly value: number | null;
  /**
   * The two norms in its denominator (of the entries' deviations from their mean), relative to those of all samples.
   */
  readonly norms: readonly [number, number];
}

/**
 * chosen: the least share of a norm that may remain. For second moments in groups of one size it cannot be less (Eq.
 * 18); for deviations it can.
 */
const leastNorm = 1 / 4;

/**
 * chosen: the largest weight of the root of the unbiased square: midway between two estimates, one too large and one
 * too small.
 */
const middle = 1 / 2;

/**
 * @param value   the alignment on all samples
 * @param without (m) the same without each of the groups
 * @param counts  (m) samples in each group
 * @returns null where there are fewer than two groups, one without samples, or a value is missing; cut at 1 and -1
 */
export function correctedAlignment(
  value: number | null,
  without: readonly WithoutGroup[],
  counts: readonly number[],
): number | null {
  const m = without.length;
  const n = counts.reduce((sum, count) => sum + count, 0);
  if (value === null || m < 2 || counts.some((count) => count <= 0)) return null;
  if (without.some((one) => one.value === null)) return null;
  const jackknifed = (whole: number, of: (one: WithoutGroup) => number): number =>
    without.reduce((sum, one, i) => sum - (1 - counts[i]! / n) * of(one), m * whole);
  const norm = (which: 0 | 1): number => {
    const square = jackknifed(1, ({ norms }) => norms[which] ** 2);
    const root = jackknifed(1, ({ norms }) => norms[which]);
    // Where noise is much of the square, the jackknifed norm is too large, and the root of the unbiased square is
    // always too small.
    const share = Math.max(0, Math.min(middle, 1 - square));
    return Math.max(leastNorm, (1 - share) * root + share * Math.sqrt(Math.max(0, square)));
  };
  const product = jackknifed(value, (one) => one.value! * one.norms[0] * one.norms[1]);
  const corrected = product / (norm(0) * norm(1));
  return Number.isFinite(corrected) ? Math.max(-1, Math.min(1, corrected)) : null;
}
