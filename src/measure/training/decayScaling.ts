/**
 * @file How the noise of a layer scales with weight decay across runs (theory.md Eq. 63).
 */
import { student } from "../laws/deming.ts";

/** One run: its decay, and z_a z_b / |W|^2 of a layer. */
export interface DecayPoint {
  decay: number;
  noise: number;
}

/** A power law in the decay, over several runs. */
export interface DecayScaling {
  /**
   * p; null for fewer than three different decays: two points always lie on a line, without any scatter to judge it by.
   */
  value: number | null;
  /** 95 % interval from the scatter of the runs about the line; null where p is. */
  interval: [number, number] | null;
  /** Runs used, and their number of different decays. */
  runs: number;
  decays: number;
}

/** chosen: the fewest with a scatter about their line. */
export const leastDecays = 3;

/** 97.5 % points of Student's t for 1 to 4 degrees of freedom, where its expansion is inaccurate. */
const fewRuns = [12.706, 4.303, 3.182, 2.776] as const;

/**
 * Exponent p of z_a z_b / |W|^2 ∝ gamma^p across runs, by least squares on logarithms   (theory.md Eq. 63); the theory
 * says 2.
 *
 * @param points one for each run; those with a value that is not positive are left out
 *
 * The interval assumes that the runs' distances from the line are independent and normal; it does not test whether
 * there is a law.
 */
export function decayScaling(points: readonly DecayPoint[]): DecayScaling {
  const used = points.filter(({ decay, noise }) => decay > 0 && noise > 0 && Number.isFinite(noise));
  const logs = used.map(({ decay, noise }) => [Math.log(decay), Math.log(noise)] as const);
  const n = logs.length;
  const mean = (k: 0 | 1): number => logs.reduce((sum, pair) => sum + pair[k], 0) / n;
  const [x, y] = [mean(0), mean(1)];
  const xx = logs.reduce((sum, [u]) => sum + (u - x) ** 2, 0);
  const decays = new Set(used.map(({ decay }) => decay)).size;
  if (decays < leastDecays) return { value: null, interval: null, runs: n, decays };
  const value = logs.reduce((sum, [u, v]) => sum + (u - x) * (v - y), 0) / xx;
  const rest = logs.reduce((sum, [u, v]) => sum + (v - y - value * (u - x)) ** 2, 0);
  const half = (fewRuns[n - 3] ?? student(n - 2)) * Math.sqrt(rest / (n - 2) / xx);
  return { value, interval: [value - half, value + half], runs: n, decays };
}
