/** @file Learning-rate schedules as functions of the step, counted from 0   (docs/theory.md Eq. 28). */

export const scheduleNames = ["constant", "step", "cosine", "geometric"] as const;

export interface ScheduleOptions {
  readonly kind: (typeof scheduleNames)[number];
  /** Peak learning rate. */
  readonly lr: number;
  /** Length of the whole run in steps (cosine reaches 0 there, geometric `lrEnd`). */
  readonly steps: number;
  /** Number of first steps over which the rate rises linearly to its schedule, or is `warmupRate`. */
  readonly warmup?: number;
  /** Constant rate of the warm-up. Default: it rises linearly. */
  readonly warmupRate?: number;
  /** "geometric": rate at the end, towards which it falls by the same factor each step. Default: a tenth of `lr`. */
  readonly lrEnd?: number;
  /** "step": the rate is multiplied by `factor` every `period` steps, as torch.optim.lr_scheduler.StepLR does. */
  readonly period?: number;
  readonly factor?: number;
}

export type Schedule = (step: number) => number;

export function schedule(options: ScheduleOptions): Schedule {
  const { kind, lr, steps, warmup = 0, warmupRate, lrEnd = lr / 10 } = options;
  const { period = Math.max(1, Math.floor(steps / 3)), factor = 0.1 } = options;
  const shape: Record<ScheduleOptions["kind"], Schedule> = {
    constant: () => lr,
    step: (step) => lr * factor ** Math.floor(step / period),
    cosine: (step) => (lr / 2) * (1 + Math.cos((Math.PI * step) / steps)),
    geometric: (step) => lr * (lrEnd / lr) ** (step / steps),
  };
  if (warmupRate !== undefined) return (step) => (step < warmup ? warmupRate : shape[kind](step));
  return (step) => shape[kind](step) * Math.min(1, (step + 1) / Math.max(1, warmup));
}
