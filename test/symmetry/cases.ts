/** Random matrices, and a minimiser that knows nothing of closed forms. */
import { type Matrix, matrix } from "../../src/linalg/matrix.ts";
import type { Random } from "../../src/random/random.ts";

export const normals = (random: Random, rows: number, cols: number): Matrix =>
  matrix(
    rows,
    cols,
    Float64Array.from({ length: rows * cols }, () => random.normal()),
  );

/** a A + b B. */
export const combined = (a: number, A: Matrix, b: number, B: Matrix): Matrix =>
  matrix(
    A.rows,
    A.cols,
    A.data.map((value, i) => a * value + b * B.data[i]!),
  );

/** Largest difference of two lists, relative to the largest value of the second. */
export function deviation(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let [difference, largest] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    difference = Math.max(difference, Math.abs(found[i]! - wanted[i]!));
    largest = Math.max(largest, Math.abs(wanted[i]!));
  }
  return difference / (largest || 1);
}

type Loss = (point: Float64Array) => { value: number; gradient: ArrayLike<number> };

/** Gradient descent with halved steps where the loss rises, from several starts; the lowest end. */
export function minimise(loss: Loss, starts: readonly ArrayLike<number>[]): Float64Array {
  const ends = starts.map((start) => descend(loss, Float64Array.from(start)));
  return ends.reduce((best, end) => (loss(end).value < loss(best).value ? end : best));
}

function descend(loss: Loss, start: Float64Array): Float64Array {
  let [point, rate] = [start, 0.1];
  let { value, gradient } = loss(point);
  for (let step = 0; step < 20_000; step++) {
    const next = point.map((x, i) => x - rate * gradient[i]!);
    const there = loss(next);
    if (there.value > value + 1e-15 * Math.abs(value)) {
      rate /= 2;
      continue;
    }
    [point, value, gradient, rate] = [next, there.value, there.gradient, rate * 1.02];
    if (Math.hypot(...Array.from(gradient)) < 1e-13) break;
  }
  return point;
}
