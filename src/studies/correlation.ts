/** @file Correlations of two lists of numbers: Pearson's, of values, and Spearman's, of ranks. */

/**
 * Pearson's correlation of x and y. Pairs that contain a number that is not finite are left out.
 *
 * @returns in [-1, 1]; null for fewer than three pairs or if one list is constant
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const pairs = finitePairs(x, y);
  const n = pairs.length;
  if (n < 3) return null;
  const mean = (k: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[k], 0) / n;
  const [mx, my] = [mean(0), mean(1)];
  let [xx, xy, yy] = [0, 0, 0];
  for (const [u, v] of pairs) {
    xx += (u - mx) ** 2;
    xy += (u - mx) * (v - my);
    yy += (v - my) ** 2;
  }
  return xx > 0 && yy > 0 ? Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy))) : null;
}

/** Spearman's rank correlation: `pearson` of the ranks. Equal values share their mean rank. */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const pairs = finitePairs(x, y);
  return pearson(ranks(pairs.map(([u]) => u)), ranks(pairs.map(([, v]) => v)));
}

/** Rank of each value, from 1. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const out = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let at = from; at < to; at++) out[order[at]!] = (from + to + 1) / 2;
    from = to;
  }
  return out;
}

function finitePairs(x: ArrayLike<number>, y: ArrayLike<number>): [number, number][] {
  if (x.length !== y.length)
    throw new RangeError(`correlation: expected lists of equal length, got ${x.length} and ${y.length}`);
  return Array.from(x, (value, i): [number, number] => [value, y[i]!]).filter((pair) => pair.every(Number.isFinite));
}
