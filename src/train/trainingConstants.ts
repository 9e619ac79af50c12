/** @file The training constants in the residuals and drifts of a measurement. */
import type { PairTraining } from "../measure/network/pairs.ts";
import type { Experiment } from "./experiment.ts";
import type { Schedule } from "./schedule.ts";
import { trainedRate } from "./trainedRate.ts";

/**
 * Training constants for residuals and drifts: the rate that stands for all steps that the weights remember, the mean
 * rates since the previous measurement, and the setting's optimizer.
 */
export function trainingConstants(
  { decay: given, momentum, batch, optimizer }: Readonly<Record<string, unknown>>,
  { schedule, syre }: Pick<Experiment, "schedule" | "syre">,
  step: number,
  previous: number | undefined,
): PairTraining {
  // Momentum does not accumulate a decay after the optimizer step, as it does the gradient (theory.md Eq. 119).
  const decay = (given as number) * (syre === undefined ? 1 : 1 - (momentum as number));
  return {
    lr: trainedRate(schedule, step, { decay, momentum: momentum as number }),
    decay,
    momentum: momentum as number,
    batch: batch as number,
    optimizer: optimizer as string,
    ...(previous !== undefined && previous < step && { since: meanRates(schedule, previous, step) }),
  };
}

/** Means of the rate and of its square over the steps between two measurements. */
function meanRates(schedule: Schedule, from: number, to: number): { rate: number; square: number } {
  let [rate, square] = [0, 0];
  for (let step = from; step < to; step++) {
    rate += schedule(step) / (to - from);
    square += schedule(step) ** 2 / (to - from);
  }
  return { rate, square };
}
