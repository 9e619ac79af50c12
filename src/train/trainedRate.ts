/**
 * @file The one learning rate that stands for all steps that the weights still remember. Equations of the stationary
 * state know a single rate (docs/theory.md Eq. 90).
 */
import type { Schedule } from "./schedule.ts";

/**
 * chosen: number of steps at which the schedule is read, evenly spaced. Apart from warm-up and drops, schedules are
 * smooth over a thousandth of a run.
 */
const mostReadings = 4096;

/**
 * eta = sum_s K_s lr_s^2 / sum_s K_s lr_s,  K_s = exp(-2 gamma / (1 - mu) sum_(s < r < t) lr_r)   (theory.md Eq. 90).
 *
 * @param schedule rate of each step, from 0
 * @param step     steps done, t; at t = 0 the result is the rate of the first step
 * @returns the rate of a constant schedule; near 0 only where all remembered rates were. Without decay the whole run is
 *   remembered
 *
 * O(1): the schedule is read at 4,096 steps at most.
 */
export function trainedRate(
  schedule: Schedule,
  step: number,
  { decay, momentum = 0 }: { decay: number; momentum?: number },
): number {
  const readings = Math.min(step, mostReadings);
  const stride = step / readings;
  let passed = 0; // sum of the rates after s
  let squares = 0;
  let sum = 0;
  for (let i = readings - 1; i >= 0; i--) {
    const rate = schedule(Math.floor((i + 0.5) * stride));
    const kept = Math.exp(((-2 * decay) / (1 - momentum)) * passed);
    squares += kept * rate ** 2;
    sum += kept * rate;
    passed += rate * stride;
  }
  return sum > 0 ? squares / sum : schedule(Math.max(0, step - 1));
}
