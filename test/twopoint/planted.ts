/**
 * @file Trajectories whose rates are known: solutions of the theory with relative noise.
 */
import { Random } from "../../src/random/random.ts";
import type { TwoPointConstants, TwoPointState } from "../../src/twopoint/equations.ts";
import { twoPointTheory } from "../../src/twopoint/theory.ts";

export interface Planted {
  constants: TwoPointConstants;
  start: TwoPointState;
  time: number;
}

/**
 * Starts and rates like those of real networks: 20 layers of 500, 4 layers of 100, one output, and large initial
 * weights.
 */
export const planted = {
  deep: {
    constants: { dx2: 1, dy2: 0.5, etaH: 0.0014, etaY: 0.082 },
    start: { dh2: 1.2e-3, dy2: 1e-5, w: 1e-5 - 0.7 * Math.sqrt(5e-6) },
    time: 3000,
  },
  shallow: {
    constants: { dx2: 1, dy2: 0.5, etaH: 0.018, etaY: 0.04 },
    start: { dh2: 8e-3, dy2: 1e-5, w: 1e-5 - 0.9 * Math.sqrt(5e-6) },
    time: 3000,
  },
  oneOutput: {
    constants: { dx2: 1, dy2: 0.5, etaH: 0.018, etaY: 0.038 },
    start: { dh2: 0.03, dy2: 4e-4, w: 4e-4 - Math.sqrt(2e-4) },
    time: 1500,
  },
  lazy: {
    constants: { dx2: 1, dy2: 0.5, etaH: 0.002, etaY: 0.01 },
    start: { dh2: 1.6, dy2: 0.05, w: -0.06 },
    time: 3000,
  },
} satisfies Record<string, Planted>;

/**
 * @param noise each value is multiplied by 1 + noise n, n normal
 * @param exactStart whether the first row is left as it is
 */
export function trajectory(
  { constants, start, time }: Planted,
  options: { rows?: number; noise?: number; seed?: number; exactStart?: boolean } = {},
) {
  const { rows = 301, noise = 0, seed = 0, exactStart = true } = options;
  const random = new Random(seed);
  const step = Array.from({ length: rows }, (_, i) => (time * i) / (rows - 1));
  const { dh2, dy2, w } = twoPointTheory(constants, start, step);
  const noisy = (values: Float64Array): number[] =>
    Array.from(values, (value, i) => {
      const n = random.normal();
      return exactStart && i === 0 ? value : value * (1 + noise * n);
    });
  return { layer: 0, step, dh2: noisy(dh2), dy2: noisy(dy2), w: noisy(w) };
}
