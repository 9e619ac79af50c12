/**
 * @file Fluctuation and dissipation of one damped variable with white noise (docs/theory.md Eq. 115).
 */
import { checkNotNegative, checkPositive } from "./checks.ts";

export interface DampedNoise {
  /** mu of dx/dt = -mu x + sqrt(D) xi. */
  readonly damping: number;
  /** D, with <xi(t) xi(t')> = delta(t - t'). */
  readonly diffusion: number;
  /** dt of x' = (1 - mu dt) x + sqrt(D dt) N(0, 1); 0, the default, is continuous time. */
  readonly timeStep?: number;
}

/**
 * Stationary variance of a damped variable, <x^2> = D / (mu (2 - mu dt))   (theory.md Eq. 115).
 *
 * @throws RangeError unless damping > 0, diffusion >= 0, timeStep >= 0 and damping timeStep < 2
 */
export function stationaryVariance({ damping, diffusion, timeStep = 0 }: DampedNoise): number {
  checkPositive("stationaryVariance", "damping", damping, "without damping there is no stationary state");
  checkNotNegative("stationaryVariance", "diffusion", diffusion, "it is a variance per time");
  checkNotNegative("stationaryVariance", "timeStep", timeStep, "0 is continuous time");
  if (!(damping * timeStep < 2))
    throw new RangeError(
      `stationaryVariance: expected damping x timeStep below 2, got ${damping * timeStep}; longer steps diverge`,
    );
  return diffusion / (damping * (2 - damping * timeStep));
}
