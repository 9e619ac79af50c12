/**
 * @file Minima of small losses without a formula: the lowest end of gradient descents in float64 from random starts.
 * Closed forms are compared with them.
 */
import type { Random } from "../../random/random.ts";

export interface SmallLoss {
  readonly parameters: number;
  value(theta: Float64Array): number;
  /** Writes the gradient. */
  gradient(theta: Float64Array, out: Float64Array): void;
}

export interface DescentOptions {
  readonly rate: number;
  readonly steps: number;
  readonly starts: number;
}

/** The lowest point that several descents reach. */
export function lowestMinimum(loss: SmallLoss, { rate, steps, starts }: DescentOptions, random: Random): Float64Array {
  const gradient = new Float64Array(loss.parameters);
  let best: Float64Array | undefined;
  for (let start = 0; start < starts; start++) {
    const theta = Float64Array.from({ length: loss.parameters }, () => 2 * random.uniform() - 1);
    for (let t = 0; t < steps; t++) {
      loss.gradient(theta, gradient);
      for (let i = 0; i < theta.length; i++) theta[i]! -= rate * gradient[i]!;
    }
    if (best === undefined || loss.value(theta) < loss.value(best)) best = theta;
  }
  return best!;
}
