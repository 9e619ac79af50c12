/** @file Options of `crh run` and `crh resume`, without those of presentation. */
import type { Device } from "../../engine/engine.ts";
import type { Cost } from "../../measure/measured.ts";

/** chosen: more threads than any machine benefits from; ten thousand take minutes to start. */
export const MOST_THREADS = 256;

/** chosen: more processes than any machine benefits from. */
export const MOST_WORKERS = 256;

export interface RunOptions {
  readonly seed?: number;
  readonly steps?: number;
  readonly every?: number | "log";
  /** Steps between evaluations, in addition to those at measurements. */
  readonly evaluateEvery?: number;
  readonly device: Device;
  readonly preset?: string;
  readonly threads?: number;
  readonly data?: string;
  /** Folder of the runs. */
  readonly runs: string;
  /** Name of the run in it. Default: date, setting and a hash. */
  readonly id?: string;
  readonly moments: "none" | "final" | "all";
  /** Extent of every measurement; by default laws are measured at the last step only. */
  readonly cost?: Cost;
  readonly checkpointEvery?: number;
  readonly checkpointMinutes?: number;
  /** The run may take more than an hour. */
  readonly yes?: boolean;
  /** Number of checkpoints kept. */
  readonly keep?: number;
  /** Criterion of the best checkpoint, which is always kept. */
  readonly keepBest: "loss" | "accuracy" | "none";
  /** Indices of held-out samples whose distances are followed. */
  readonly follow?: readonly number[];
  readonly followEvery?: number;
}

export interface ResumeOptions {
  /** Folder of the runs. */
  readonly runs: string;
  /** Step of the checkpoint to continue from. Default: the newest. */
  readonly from?: number;
  /** The run may take more than an hour. */
  readonly yes?: boolean;
  /** Data folder, if it has moved since the run began. */
  readonly data?: string;
}
