/**
 * @file A trajectory in the form that the fit compares: times from the start on, and each variable over the root of its
 * sum of squares.
 */
import type { TwoPointState } from "./equations.ts";
import type { LayerTrajectory } from "./trajectory.ts";

export const variables = ["dh2", "dy2", "w"] as const;
export type Variable = (typeof variables)[number];

export interface Observations {
  /** (T) steps since the first row. */
  readonly t: Float64Array;
  /** Three of (T): H, Y, w as measured. */
  readonly values: readonly Float64Array[];
  /**
   * (3) root of the sum of squares of each over all rows, by which residuals are divided (docs/theory.md Eq. 98); 1
   * where all are 0.
   */
  readonly norms: readonly number[];
  /** (T) number of rows that each one represents: ones, unless thinned. */
  readonly weights: Float64Array;
}

export function observe({ step, ...measured }: LayerTrajectory): Observations {
  const values = variables.map((name) => Float64Array.from(measured[name]));
  return {
    t: Float64Array.from(step, (time) => time - step[0]!),
    values,
    norms: values.map((all) => Math.sqrt(all.reduce((sum, value) => sum + value * value, 0)) || 1),
    weights: new Float64Array(step.length).fill(1),
  };
}

export function startOf({ values }: Observations): TwoPointState {
  return { dh2: values[0]![0]!, dy2: values[1]![0]!, w: values[2]![0]! };
}

/**
 * At most `most` rows that represent all: half of them evenly spaced by distance moved and half by row, so that a short
 * rise keeps its rows. Each row's weight is the number of rows nearest to it.
 */
export function thinned(all: Observations, most: number): Observations {
  const n = all.t.length;
  if (n <= most) return all;
  const moved = new Float64Array(n);
  for (let i = 1; i < n; i++) {
    const step = all.values.map((values, v) => (values[i]! - values[i - 1]!) / (all.norms[v]! || 1));
    moved[i] = moved[i - 1]! + Math.hypot(...step);
  }
  const whole = moved[n - 1]! || 1;
  const place = (i: number) => 0.5 * (moved[i]! / whole + i / (n - 1));
  const rows = [0];
  for (let i = 1; i < n; i++) if (place(i) * (most - 1) >= rows.length || i === n - 1) rows.push(i);
  const weights = rows.map((row, k) => {
    const from = k === 0 ? 0 : (rows[k - 1]! + row) / 2;
    const to = k === rows.length - 1 ? n - 1 : (row + rows[k + 1]!) / 2;
    return to - from;
  });
  return {
    t: Float64Array.from(rows, (row) => all.t[row]!),
    values: all.values.map((values) => Float64Array.from(rows, (row) => values[row]!)),
    norms: all.norms,
    weights: Float64Array.from(weights),
  };
}

/** Every k-th row, for the smallest k that leaves at most `most`. */
export function strided(all: Observations, most: number): Observations {
  const k = Math.ceil(all.t.length / most);
  if (k <= 1) return all;
  const every = (values: Float64Array): Float64Array => values.filter((_, i) => i % k === 0);
  return { ...all, t: every(all.t), values: all.values.map(every), weights: every(all.weights) };
}
