/** @file A sweep for display: its progress and its jobs. */

/** Progress of a sweep. */
export interface SweepProgress {
  readonly name: string;
  readonly jobs: number;
  readonly done: number;
  readonly failed: number;
  /** Claimed by a worker, which may have died. */
  readonly running: number;
  readonly waiting: number;
  /**
   * Estimated remaining seconds, from the median time of finished jobs and the number of workers; null before any job
   * is finished.
   */
  readonly secondsLeft: number | null;
}

export interface JobFailure {
  readonly job: string;
  readonly error: string;
}

/** A sweep in a list; a damaged sweep has its name and its fault. */
export type SweepSummary =
  | (SweepProgress & { readonly problem?: undefined })
  | { readonly name: string; readonly problem: string };

export interface ShownJob {
  readonly id: string;
  readonly setting: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly state: "done" | "failed" | "running" | "waiting";
  /** Name of its run in the lab, sweep/run, once it has started. */
  readonly run?: string;
}

export interface ShownSweep {
  readonly status: SweepProgress & { readonly failures: readonly JobFailure[] };
  readonly createdAt: string;
  readonly argv: readonly string[];
  readonly jobs: readonly ShownJob[];
}
