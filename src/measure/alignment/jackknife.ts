/**
 * @file Standard error and bias of a measure from groups of the samples: the delete-a-group jackknife (theory.md Eq.
 * 18).
 *
 * Each group is left out in turn. Groups may differ in size, so the form is that of Busing, Meijer and van der Leeden
 * (1999); for equal groups it is the textbook's. Variation from sources that all groups share (the weights, the seed of
 * the network) is not included.
 */

export interface Jackknife {
  /** Standard error of the value. */
  error: number;
  /** The value minus its bias of order 1/n. */
  corrected: number;
}

/**
 * @param value   the measure on all samples
 * @param without (m) the measure without each of the groups; null where it has no value there
 * @param counts  (m) samples in each group
 * @returns null where there are fewer than two groups, one without samples, or a value is missing, or they are
 *   too large to be squared
 *
 * With two groups the error is half the difference of the two halves, a random multiple of the true one; with 16 it is
 * known to a fifth.
 */
export function jackknife(
  value: number | null,
  without: readonly (number | null)[],
  counts: readonly number[],
): Jackknife | null {
  const m = without.length;
  const n = counts.reduce((sum, count) => sum + count, 0);
  if (value === null || m < 2 || counts.some((count) => count <= 0)) return null;
  if (without.some((one) => one === null)) return null;
  const left = without as readonly number[];
  let corrected = m * value;
  left.forEach((one, i) => {
    corrected -= (1 - counts[i]! / n) * one;
  });
  let squares = 0;
  left.forEach((one, i) => {
    const h = n / counts[i]!;
    squares += (h * value - (h - 1) * one - corrected) ** 2 / (h - 1);
  });
  return Number.isFinite(squares) ? { error: Math.sqrt(squares / m), corrected } : null;
}
