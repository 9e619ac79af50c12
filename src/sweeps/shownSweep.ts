/** @file A sweep as those who show it know it: how far it is, and its jobs. */

/** How far a sweep is. */
export interface SweepProgress {
  readonly name: string;
  readonly jobs: number;
  readonly done: number;
  readonly failed: number;
  /** Claimed by a worker, which may have died. */
  readonly running: number;
  readonly waiting: number;
  /** Of the work that is left, at the median time of the jobs that are done, by the workers there are; null before. */
  readonly secondsLeft: number | null;
}

export interface JobFailure {
  readonly job: string;
  readonly error: string;
}

/** A sweep in a list; of a damaged one the name and what is wrong with it. */
export type SweepSummary =
  | (SweepProgress & { readonly problem?: undefined })
  | { readonly name: string; readonly problem: string };

export interface ShownJob {
  readonly id: string;
  readonly setting: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly state: "done" | "failed" | "running" | "waiting";
  /** Its run as the lab names it, sweep/run, once it was begun. */
  readonly run?: string;
}

export interface ShownSweep {
  readonly status: SweepProgress & { readonly failures: readonly JobFailure[] };
  readonly createdAt: string;
  readonly argv: readonly string[];
  readonly jobs: readonly ShownJob[];
}
