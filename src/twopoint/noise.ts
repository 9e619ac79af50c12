/**
 * @file Splits the residuals of a fit into noise from row to row and a smooth part, the misfit of the theory
 * (docs/theory.md Eq. 99).
 */

/** Sum of the squared binomials 1, 4, 6, 4, 1: variance of a fourth difference of white noise of variance 1. */
const FOURTH = 70;

/** chosen: number of rows that give the noise of the start; its size is then known to a sixth. */
const START_ROWS = 24;

export interface Noise {
  /** Share of the sum of squared residuals that is noise, between 0 and about 1. */
  readonly share: number;
  /** Standard deviation of a normalised residual's noise. */
  readonly size: number;
  /** (3) noise of H, Y and w in the first row, each over its norm. */
  readonly start: readonly number[];
}

/**
 * Noise by fourth differences, which remove a smooth part.
 *
 * The first row is assumed as noisy as the next ones, in absolute size or in proportion to the value, whichever is
 * less.
 *
 * @param residuals (3 T) normalised, of H, Y and w, concatenated
 * @param values    (3 T) predictions of the theory, normalised alike
 */
export function noiseOf(residuals: Float64Array, values: Float64Array): Noise {
  const n = residuals.length / 3;
  const first = Math.min(START_ROWS, Math.floor(n / 2)) - 4;
  const start: number[] = [];
  let [noise, total] = [0, 0];
  for (let v = 0; v < 3; v++) {
    const [all, said] = [residuals, values].map((both) => both.subarray(v * n, (v + 1) * n)) as [
      Float64Array,
      Float64Array,
    ];
    const squares = Array.from(all.subarray(4), (value, i) => fourth(all, i, value) ** 2 / FOURTH);
    const early = squares.slice(0, first);
    const shares = early.map((square, i) => square / said[i + 2]! ** 2);
    start.push(Math.sqrt(Math.min(mean(early), mean(shares) * said[0]! ** 2 || mean(early))));
    noise += sum(squares);
    total += sum(Array.from(all, (value) => value * value));
  }
  const share = total === 0 ? 0 : (noise * n) / (n - 4) / total;
  return { share, size: Math.sqrt(noise / (3 * (n - 4))), start };
}

const sum = (values: readonly number[]): number => values.reduce((x, y) => x + y, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

function fourth(all: Float64Array, i: number, last: number): number {
  return all[i]! - 4 * all[i + 1]! + 6 * all[i + 2]! - 4 * all[i + 3]! + last;
}
