/**
 * @file The parameters that several settings share, as zod fields. Each field carries its meaning and its source: a place in the
 * paper (arXiv 2410.03006v1), or "chosen" with the reason where the paper leaves it open. The command line, its help, the
 * run's config.json and the report's notes all read these fields.
 */
import { z } from "zod";
import { optimizerNames } from "../train/optimizer.ts";
import { scheduleNames } from "../train/schedule.ts";

export interface FieldMeta {
  readonly description: string;
  /** Where the default comes from; begins with "paper" or "chosen". */
  readonly source: string;
}

/** Gives a field its default, meaning and source. */
export function field<T extends z.ZodType>(type: T, otherwise: z.output<T>, description: string, source: string) {
  return type.default(otherwise as never).meta({ description, source } satisfies FieldMeta);
}

const decimal = z
  .string()
  .regex(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, "a number")
  .transform(Number)
  .refine(Number.isFinite, "a finite number");
/** A number, also as text from the command line ("1e-4"); the empty text is no number. */
export const number = z.union([z.number(), decimal], { error: "a number" });
export const whole = number.pipe(z.number().int("a whole number"));
export const count = whole.pipe(z.number().min(1, "1 or more"));
export const positive = number.pipe(z.number().gt(0, "greater than 0"));
export const nonNegative = number.pipe(z.number().min(0, "0 or more"));
export const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")], {
  error: "true or false",
});
/** A whole number from 0 on. */
export const wholeFromZero = whole.pipe(z.number().min(0, "0 or more"));
const belowOne = nonNegative.pipe(z.number().lt(1, "less than 1"));

/** A setting's own defaults for the shared fields; a number alone means that the paper gives it. */
export interface SharedDefaults {
  readonly steps: readonly [number, string];
  readonly batch: readonly [number, string];
  readonly lr: readonly [number, string];
  readonly momentum: readonly [number, string];
  readonly decay: readonly [number, string];
  /** Default: constant. */
  readonly schedule?: readonly [(typeof scheduleNames)[number], string];
}

const CONSTANT = ["constant", "chosen: the paper names no schedule"] as const;

/** seed, steps, batch, and everything about the optimizer and its schedule. */
export function sharedFields({ steps, batch, lr, momentum, decay, schedule = CONSTANT }: SharedDefaults) {
  const torch = "chosen: the default of torch.optim";
  return {
    seed: field(wholeFromZero, 0, "seed of everything random", "chosen"),
    steps: field(count, steps[0], "training steps", steps[1]),
    batch: field(count, batch[0], "samples per step", batch[1]),
    optimizer: field(z.enum(optimizerNames), "sgd", "update rule, as in torch.optim", "paper, appendix C.1: SGD"),
    lr: field(positive, lr[0], "learning rate", lr[1]),
    momentum: field(belowOne, momentum[0], "momentum of sgd", momentum[1]),
    nesterov: field(flag, false, "Nesterov momentum", torch),
    decay: field(nonNegative, decay[0], "weight decay gamma", decay[1]),
    beta1: field(belowOne, 0.9, "adam, adamw: decay of the mean", torch),
    beta2: field(belowOne, 0.999, "adam, adamw: decay of the square", torch),
    epsilon: field(positive, 1e-8, "adam, adamw: added to the root", torch),
    schedule: field(z.enum(scheduleNames), schedule[0], "learning rate over time", schedule[1]),
    warmup: field(wholeFromZero, 0, "steps of linear warm-up", "chosen: none"),
    period: field(count, 30_000, "schedule step: steps between drops", "chosen"),
    factor: field(positive, 0.1, "schedule step: factor of a drop", "chosen: the default of torch's StepLR"),
  };
}
