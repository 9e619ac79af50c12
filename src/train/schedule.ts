/** @file Learning-rate schedules as functions of the step, counted from 0   (docs/theory.md Eq. 28). */

export const scheduleNames = ["constant", "step", "cosine"] as const;

export interface ScheduleOptions {
  readonly kind: (typeof scheduleNames)[number];
  /** Peak learning rate. */
  readonly lr: number;
  /** Length of the whole run in steps (cosine reaches 0 there). */
  readonly steps: number;
  /** First steps, over which the rate rises linearly to its schedule. */
  readonly warmup?: number;
  /** "step": the rate is multiplied by `factor` every `period` steps, as torch.optim.lr_scheduler.StepLR does. */
  readonly period?: number;
  readonly factor?: number;
}

export type Schedule = (step: number) => number;

export function schedule(options: ScheduleOptions): Schedule {
  const { kind, lr, steps, warmup = 0, period = Math.max(1, Math.floor(steps / 3)), factor = 0.1 } = options;
  const shape: Record<ScheduleOptions["kind"], Schedule> = {
    constant: () => lr,
    step: (step) => lr * factor ** Math.floor(step / period),
    cosine: (step) => (lr / 2) * (1 + Math.cos((Math.PI * step) / steps)),
  };
  return (step) => shape[kind](step) * Math.min(1, (step + 1) / Math.max(1, warmup));
}
