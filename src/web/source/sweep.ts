/** @file Sweeps as the server sends them. */

/** How far a sweep is. */
export interface SweepSummary {
  readonly name: string;
  readonly jobs: number;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  readonly waiting: number;
  readonly secondsLeft: number | null;
  /** What is wrong with it, in place of all but the name. */
  readonly problem?: string;
}

export interface ShownJob {
  readonly id: string;
  readonly setting: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly state: "done" | "failed" | "running" | "waiting";
  /** Its run, once it was begun. */
  readonly run?: string;
}

export interface ShownSweep {
  readonly status: SweepSummary & { readonly failures: readonly { readonly job: string; readonly error: string }[] };
  readonly createdAt: string;
  readonly argv: readonly string[];
  readonly jobs: readonly ShownJob[];
}
