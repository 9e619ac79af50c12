/**
 * @file The slope of the logarithms of two sets of second moments along common directions, with its interval (theory.md
 * Eqs. 33, 34, 37).
 */
import type { Random } from "../../random/random.ts";
import { deming, student } from "./deming.ts";
import { type GroupSums, poolGroups } from "./rayleighQuotients.ts";

/** One matrix along m directions: by groups of samples, or exact (weights). */
export type Along = { groups: readonly GroupSums[] } | { exact: Float64Array };

/**
 * Both matrices along directions found from other samples. With two folds, direction i of one is averaged with
 * direction i of the other.
 */
export interface Fold {
  x: Along;
  y: Along;
}

export interface Fit {
  slope: number;
  interval: [number, number];
  /** Half of the interval, as an angle. */
  half: number;
  r2: number;
  /** log10 of the largest over the smallest x. */
  decades: number;
  /** Variance of ln x over the directions, and how much of it is sampling noise. */
  spread: number;
  noise: number;
  /** Directions with a value above rounding in both. */
  directions: number;
}

/** chosen: second moments below this share of the largest are rounding of float32 sums. */
const rounding = 1e-7;

/** Variance of a logarithm below which it is rounding, not sampling noise. */
const exact = 1e-16;

/** Fewer directions than this give no slope. */
export const leastDirections = 8;

/**
 * Fits ln y = slope ln x + c over the directions.
 *
 * @param folds one or two, over the same number of directions
 * @param m     directions
 * @returns undefined if fewer than `leastDirections` have values above rounding
 *
 * The interval is the wider of two 95 % intervals: from resampled groups of samples, and from resampled directions.
 * O(replicates m groups)
 */
export function fitExponent(folds: readonly Fold[], m: number, replicates: number, random: Random): Fit | undefined {
  const all = { x: logs(folds, "x", m), y: logs(folds, "y", m) };
  const used = Array.from({ length: m }, (_, i) => i).filter((i) => Number.isFinite(all.x[i]! + all.y[i]!));
  if (used.length < leastDirections) return undefined;
  const pick = (values: Float64Array): Float64Array => Float64Array.from(used, (i) => values[i]!);
  const [x, y] = [pick(all.x), pick(all.y)];
  const redrawn = bootstrapGroups(folds, m, used, replicates, random);
  const [noiseX, noiseY] = [meanVariance(redrawn.x, x), meanVariance(redrawn.y, y)];
  const ratio = errorRatio(folds, noiseX, noiseY);
  const { slope, r2 } = deming(x, y, ratio);
  const slopes = redrawn.x.map((rx, r) => deming(rx, redrawn.y[r]!, ratio).slope);
  const factor = redrawn.groups > 1 ? Math.sqrt(redrawn.groups / (redrawn.groups - 1)) : 0;
  const ofSamples = factor * student(Math.max(1, redrawn.freedom)) * angleDeviation(slope, slopes);
  const length = blockLength(x, y, slope);
  const drawn = bootstrapDirections(x, y, ratio, length, replicates, random);
  const blocks = x.length / length;
  const ofDirections = student(blocks) * Math.sqrt(blocks / (blocks - 1)) * angleDeviation(slope, drawn);
  const [least, most] = [Math.min(...x), Math.max(...x)];
  const half = Math.max(ofSamples, ofDirections);
  return {
    slope,
    interval: orderInterval(Math.atan(slope) - half, Math.atan(slope) + half),
    half,
    r2,
    decades: (most - least) / Math.LN10,
    spread: variance(x),
    noise: noiseX,
    directions: x.length,
  };
}

/** Weights are exact; where the noise is unknown both count alike. */
function errorRatio(folds: readonly Fold[], noiseX: number, noiseY: number): number {
  if (folds.some(({ x }) => "exact" in x)) return Number.POSITIVE_INFINITY;
  return Math.max(noiseX, noiseY) > exact ? noiseY / noiseX : 1;
}

/** Mean over the folds of ln of the second moments; NaN for values at rounding level or below. */
function logs(folds: readonly Fold[], axis: "x" | "y", m: number, times?: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(m);
  const values = new Float64Array(m);
  folds.forEach((fold, f) => {
    const along = fold[axis];
    const found = "exact" in along ? along.exact : poolGroups(along.groups, times?.[f], values);
    let largest = 0;
    for (let i = 0; i < m; i++) largest = Math.max(largest, found[i]!);
    for (let i = 0; i < m; i++)
      out[i]! += found[i]! > rounding * largest ? Math.log(found[i]!) / folds.length : Number.NaN;
  });
  return out;
}

/**
 * Both coordinates over groups drawn with replacement. Both matrices use the same draw because they come from the same
 * samples.
 */
function bootstrapGroups(
  folds: readonly Fold[],
  m: number,
  used: readonly number[],
  replicates: number,
  random: Random,
) {
  const counts = folds.map(({ x, y }) => ("groups" in x ? x.groups.length : "groups" in y ? y.groups.length : 0));
  const groups = Math.min(...counts);
  const isExact = (axis: "x" | "y") => folds.every((fold) => "exact" in fold[axis]);
  const fixed = {
    x: isExact("x") ? logs(folds, "x", m) : undefined,
    y: isExact("y") ? logs(folds, "y", m) : undefined,
  };
  const [x, y]: [Float64Array[], Float64Array[]] = [[], []];
  for (let r = 0; groups > 1 && r < replicates; r++) {
    const times = counts.map((count) => {
      const drawn = new Float64Array(count);
      for (let g = 0; g < count; g++) drawn[random.below(count)]! += 1;
      return drawn;
    });
    const [lx, ly] = [fixed.x ?? logs(folds, "x", m, times), fixed.y ?? logs(folds, "y", m, times)];
    const [dx, dy] = [new Float64Array(used.length), new Float64Array(used.length)];
    let sum = 0;
    for (let k = 0; k < used.length; k++) {
      dx[k] = lx[used[k]!]!;
      dy[k] = ly[used[k]!]!;
      sum += dx[k]! + dy[k]!;
    }
    if (!Number.isFinite(sum)) continue; // a draw in which a direction is rounding
    x.push(dx);
    y.push(dy);
  }
  return { x, y, groups, freedom: counts.reduce((sum, count) => sum + count - 1, 0) };
}

/**
 * Length of the blocks in which directions are drawn: neighbours in rank mix, so their errors are alike. Twice the lag
 * up to which the residuals are correlated (found as in Politis and White 2004), at least the cube root of m, at most a
 * quarter of m.
 */
function blockLength(x: Float64Array, y: Float64Array, slope: number): number {
  const m = x.length;
  const meanX = x.reduce((sum, value) => sum + value, 0) / m;
  const meanY = y.reduce((sum, value) => sum + value, 0) / m;
  const off = x.map((value, i) => y[i]! - meanY - slope * (value - meanX));
  const product = (lag: number): number => {
    let sum = 0;
    for (let i = lag; i < m; i++) sum += off[i]! * off[i - lag]!;
    return sum;
  };
  const bound = 2 * Math.sqrt(Math.log10(m) / m) * product(0);
  let lag = 1;
  while (lag < m / 4 && [0, 1, 2].some((more) => product(lag + more) > bound)) lag++;
  return Math.max(2, Math.min(Math.floor(m / 4), Math.max(Math.round(Math.cbrt(m)) + 1, 2 * lag)));
}

/** Slopes over blocks of neighbouring directions drawn with replacement, in a circle. */
function bootstrapDirections(
  x: Float64Array,
  y: Float64Array,
  ratio: number,
  length: number,
  replicates: number,
  random: Random,
): number[] {
  const m = x.length;
  return Array.from({ length: replicates }, () => {
    const times = new Float64Array(m);
    for (let drawn = 0; drawn < m; drawn += length) {
      const start = random.below(m);
      for (let i = 0; i < Math.min(length, m - drawn); i++) times[(start + i) % m]! += 1;
    }
    return deming(x, y, ratio, times).slope;
  });
}

/** Standard deviation of the angles atan(slope) about that of the fit; angles are taken modulo a half turn. */
function angleDeviation(slope: number, slopes: readonly number[]): number {
  const angle = Math.atan(slope);
  const finite = slopes.filter((value) => !Number.isNaN(value));
  if (finite.length < 2) return 0;
  const squares = finite.map((value) => {
    const turn = Math.atan(value) - angle;
    return (turn - Math.PI * Math.round(turn / Math.PI)) ** 2;
  });
  return Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length);
}

/** The slopes of two angles; an end is infinite where the angle reaches the vertical. */
export function orderInterval(low: number, high: number): [number, number] {
  const at = (value: number): number =>
    value <= -Math.PI / 2
      ? Number.NEGATIVE_INFINITY
      : value >= Math.PI / 2
        ? Number.POSITIVE_INFINITY
        : Math.tan(value);
  return [at(low), at(high)];
}

function variance(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}

/** Mean over directions of the variance over replicates about `centre`. */
function meanVariance(replicates: readonly Float64Array[], centre: Float64Array): number {
  const n = replicates.length;
  if (n < 2) return 0;
  const m = centre.length;
  const sums = new Float64Array(m);
  let squares = 0;
  for (const values of replicates)
    for (let i = 0; i < m; i++) {
      const off = values[i]! - centre[i]!;
      sums[i]! += off;
      squares += off * off;
    }
  for (let i = 0; i < m; i++) squares -= sums[i]! ** 2 / n;
  return Math.max(0, squares) / n / m;
}
