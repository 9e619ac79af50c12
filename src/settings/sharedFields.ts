/** @file The parameters that several settings share. */
import { z } from "zod";
import { belowOne, count, field, flag, nonNegative, positive, wholeFromZero } from "../parameters/field.ts";
import { optimizerNames } from "../train/optimizer.ts";
import { scheduleNames } from "../train/schedule.ts";

/** A setting's own defaults for the shared fields; a plain number is given by the paper. */
export interface SharedDefaults {
  readonly steps: readonly [number, string];
  readonly batch: readonly [number, string];
  readonly lr: readonly [number, string];
  readonly momentum: readonly [number, string];
  readonly decay: readonly [number, string];
  /** Default: constant. */
  readonly schedule?: readonly [(typeof scheduleNames)[number], string];
}

const CONSTANT = ["constant", "chosen: the paper gives no schedule"] as const;

/** The fields seed, steps, batch, and those of the optimizer and its schedule. */
export function sharedFields({ steps, batch, lr, momentum, decay, schedule = CONSTANT }: SharedDefaults) {
  const torch = "chosen: the default of torch.optim";
  return {
    seed: field(wholeFromZero, 0, "seed of all random numbers", "chosen"),
    steps: field(count, steps[0], "training steps", steps[1]),
    batch: field(count, batch[0], "samples per step", batch[1]),
    optimizer: field(z.enum(optimizerNames), "sgd", "update rule, as in torch.optim", "paper, appendix C.1: SGD"),
    lr: field(positive, lr[0], "learning rate", lr[1]),
    momentum: field(belowOne, momentum[0], "momentum of sgd", momentum[1]),
    nesterov: field(flag, false, "Nesterov momentum", torch),
    decay: field(nonNegative, decay[0], "weight decay gamma", decay[1]),
    syre: field(
      flag,
      false,
      "removal of symmetries: decay towards a fixed random point, after the optimizer's step",
      "chosen: decay towards 0, as in the papers; syre is arXiv 2408.15495's",
    ),
    syreSize: field(
      nonNegative,
      0.01,
      "syre: standard deviation of that point, times the root of the inputs to a neuron",
      "paper (2408.15495): 0.01",
    ),
    syreSpread: field(
      belowOne,
      0.01,
      "syre: factors of the decay are uniform in 1 plus or minus this",
      "paper (2408.15495): 0.01",
    ),
    beta1: field(belowOne, 0.9, "adam, adamw: decay of the mean", torch),
    beta2: field(belowOne, 0.999, "adam, adamw: decay of the square", torch),
    epsilon: field(positive, 1e-8, "adam, adamw: added to the root", torch),
    schedule: field(z.enum(scheduleNames), schedule[0], "learning rate over time", schedule[1]),
    warmup: field(wholeFromZero, 0, "steps of linear warm-up", "chosen: none"),
    period: field(count, 30_000, "schedule step: steps between drops", "chosen"),
    factor: field(positive, 0.1, "schedule step: factor of a drop", "chosen: the default of torch's StepLR"),
  };
}
