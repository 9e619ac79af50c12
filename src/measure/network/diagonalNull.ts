/** @file The correlation that unrelated diagonals would show (theory.md Eq. 123). */

/** chosen: as for matrices, a value below this share of the mean is dead. */
const DEAD = 1e-6;

/** 97.5 % point of the standard normal distribution. */
const Z = 1.959963985;

/**
 * The correlation that 97.5 % of permutations stay below, in the normal approximation. One diagonal is permuted among
 * the values that are not dead in both. Mean and standard deviation of the resulting Pearson correlations are exact
 * (theory.md Eq. 123).
 *
 * @param first (d) not negative, of any size
 * @param second (d) not negative, of any size
 * @returns null where there are fewer than three living values, or no variance
 */
export function diagonalNull(first: ArrayLike<number>, second: ArrayLike<number>): number | null {
  const [x, y] = [scaled(first), scaled(second)];
  const d = x.length;
  const sum = (v: ArrayLike<number>) => Array.from(v).reduce((total, value) => total + value, 0);
  const [sx, sy] = [sum(x), sum(y)];
  const living = Array.from({ length: d }, (_, i) => i).filter(
    (i) => x[i]! > (DEAD * sx) / d || y[i]! > (DEAD * sy) / d,
  );
  const n = living.length;
  if (n < 3) return null;
  const about = (v: ArrayLike<number>, mean: number, of: Iterable<number>) => {
    let squares = 0;
    for (const i of of) squares += (v[i]! - mean) ** 2;
    return squares;
  };
  const all = Array.from({ length: d }, (_, i) => i);
  const total = Math.sqrt(about(x, sx / d, all) * about(y, sy / d, all));
  if (!(total > 0)) return null;
  const [lx, ly] = [x, y].map((v) => living.reduce((s, i) => s + v[i]!, 0) / n) as [number, number];
  const rest = all.length - n; // dead in both: not permuted
  const mean = n * (lx - sx / d) * (ly - sy / d) + rest * (sx / d) * (sy / d);
  const deviation = Math.sqrt((about(x, lx, living) * about(y, ly, living)) / (n - 1));
  return Math.min(1, (mean + Z * deviation) / total);
}

/**
 * Values scaled by a power of two, which changes no digit, so that the largest is of order 1 and no square overflows.
 */
function scaled(v: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(v);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const exponent = Math.floor(Math.log2(largest));
  if (!Number.isFinite(exponent)) return values;
  const half = 2 ** -Math.trunc(exponent / 2); // in two steps: 2^1074 overflows
  return values.map((value) => value * half * half);
}
