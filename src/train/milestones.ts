/**
 * @file The steps at which training stops to record the loss, to evaluate, to measure or to write a checkpoint. They
 * depend on the options alone, never on the clock, so that a resumed run stops at the same steps.
 */

export interface Milestones {
  readonly measure: readonly number[];
  /** Loss on held-out samples, without measuring; the measured steps have it too. Default: none. */
  readonly evaluate?: readonly number[];
  readonly record: readonly number[];
  readonly checkpoint: readonly number[];
}

export interface MilestoneOptions {
  readonly steps: number;
  /** Measure every k steps, or at log-spaced steps. Steps 0 and `steps` are always measured. */
  readonly every: number | "log";
  /** About how many log-spaced measurements follow the one at 0. Default 30. */
  readonly points?: number;
  /** Evaluate every k steps, in addition to the measured ones. Default: measured steps alone. */
  readonly evaluateEvery?: number;
  /**
   * Steps between checkpoints; one is always written at 0 and at the end. Default: a tenth of the run, at most 10000.
   */
  readonly checkpointEvery?: number;
}

/** chosen: a list of this many steps takes 8 MB; a run with more measurements or checkpoints would fill any disk. */
const MOST_STOPS = 1_000_000;

/** chosen: enough points for a smooth loss curve, few enough to read and plot quickly. */
const RECORDS = 400;
export const LOG_POINTS = 30;

export function milestones(options: MilestoneOptions): Milestones {
  const { steps, every, points = LOG_POINTS, evaluateEvery, checkpointEvery } = options;
  const period = checkpointEvery ?? Math.min(10_000, Math.max(1, Math.ceil(steps / 10)));
  const measure = every === "log" ? logSpaced(steps, points) : multiples(steps, every);
  const record = [
    ...logSpaced(steps, LOG_POINTS),
    ...multiples(steps, Math.max(1, Math.ceil(steps / RECORDS))),
    ...measure,
  ];
  return {
    measure,
    evaluate: evaluateEvery === undefined ? [] : multiples(steps, evaluateEvery),
    record: ascending(record.filter((step) => step > 0)),
    checkpoint: multiples(steps, period),
  };
}

/** chosen: with fewer points none is spent on step 1. */
const POINTS_FROM_ONE = 6;

/** 0, 1, 2, ... growing geometrically, up to and including `steps`. With few points, they divide log(steps) evenly. */
export function logSpaced(steps: number, points: number): number[] {
  const share = (i: number) => (points < POINTS_FROM_ONE ? (i + 1) / points : i / (points - 1));
  const inner = Array.from({ length: points }, (_, i) => Math.round(steps ** share(i)));
  return ascending([0, ...inner.filter((step) => step <= steps), steps]);
}

/** @throws RangeError when there would be too many to list */
function multiples(steps: number, every: number): number[] {
  if (steps / every > MOST_STOPS)
    throw new RangeError(
      `train: expected at most ${MOST_STOPS} measurements and checkpoints, got one every ${every} of ${steps} steps; ` +
        "take more steps between them (--every, --evaluate-every, --checkpoint-every)",
    );
  const inner = Array.from({ length: Math.floor(steps / every) + 1 }, (_, i) => i * every);
  return ascending([...inner, steps]);
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((left, right) => left - right);
}
