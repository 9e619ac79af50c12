/** @file What residuals and drifts of a measurement in training are computed with. */
import type { PairTraining } from "../measure/network/pairs.ts";
import type { Experiment } from "./experiment.ts";
import type { Schedule } from "./schedule.ts";
import { trainedRate } from "./trainedRate.ts";

/**
 * What residuals and drifts are computed with: the rate that stands for those which the weights remember, those since
 * the measurement before, and the setting's optimizer.
 */
export function trainingConstants(
  { decay: given, momentum, batch, optimizer }: Readonly<Record<string, unknown>>,
  { schedule, syre }: Pick<Experiment, "schedule" | "syre">,
  step: number,
  previous: number | undefined,
): PairTraining {
  // A decay behind the optimizer's step is not summed up by momentum, as the gradient is (theory.md Eq. 119).
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
