/**
 * @file Small systems that the studies of symmetry simulate themselves, in float64: two numbers, an overdamped
 * particle.
 */
import type { Random } from "../../random/random.ts";

/** chosen: a product below this stays at the symmetric point for good. */
export const ALIVE = 1e-8;

export interface PairOptions {
  readonly chains: number;
  readonly steps: number;
  readonly eta: number;
  /** gamma of gamma (u^2 + w^2). */
  readonly penalty: number;
  /** Standard deviation of the noise of y = x + noise. */
  readonly noise: number;
}

/**
 * SGD on (u w x - y)^2 + gamma (u^2 + w^2), y = x + noise, from u = 0.5, w = 0.4, with a new sample for each chain and
 * step.
 *
 * @returns share of the chains whose product exceeds ALIVE at some step in the last tenth
 */
export function aliveShare({ chains, steps, eta, penalty, noise }: PairOptions, random: Random): number {
  const [u, w] = [0.5, 0.4].map((start) => new Float64Array(chains).fill(start)) as [Float64Array, Float64Array];
  const late = new Float64Array(chains);
  const drawn = new Float32Array(2 * chains);
  for (let t = 0; t < steps; t++) {
    random.fillNormal(drawn);
    for (let i = 0; i < chains; i++) {
      const [x, before] = [drawn[2 * i]!, u[i]!];
      const e = 2 * (before * w[i]! * x - x - noise * drawn[2 * i + 1]!) * x;
      u[i]! -= eta * (e * w[i]! + 2 * penalty * before);
      w[i]! -= eta * (e * before + 2 * penalty * w[i]!);
      if (10 * t >= 9 * steps) late[i] = Math.max(late[i]!, Math.abs(u[i]! * w[i]!));
    }
  }
  return late.filter((product) => product > ALIVE).length / chains;
}

/** Curvatures h = -2 x y of single samples at u = w = 0 along (1, 1) / sqrt 2, y = x + noise. */
export function curvatures(count: number, noise: number, random: Random): Float64Array {
  return Float64Array.from({ length: count }, () => {
    const x = random.normal();
    return -2 * x * (x + noise * random.normal());
  });
}

export interface ParticleOptions {
  readonly chains: number;
  /** mu dt. */
  readonly step: number;
  /** Durations, in units of 1 / mu, before and during the average of <x^2>. */
  readonly before: number;
  readonly over: number;
}

/**
 * Mean of x^2 for x' = (1 - mu dt) x + sqrt(D dt) N(0, 1), mu = 1, D = 1, from x = 0   (docs/theory.md Eq. 115).
 */
export function particleVariance({ chains, step, before, over }: ParticleOptions, random: Random): number {
  const [first, last] = [Math.ceil(before / step), Math.ceil((before + over) / step)];
  const x = new Float64Array(chains);
  const pushes = new Float32Array(chains);
  let sum = 0;
  for (let t = 0; t < last; t++) {
    random.fillNormal(pushes, Math.sqrt(step));
    for (let i = 0; i < chains; i++) {
      x[i] = (1 - step) * x[i]! + pushes[i]!;
      if (t >= first) sum += x[i]! ** 2;
    }
  }
  return sum / (chains * (last - first));
}
