/** @file What `crh run` and `crh resume` are asked for, beside what a face shows of it. */
import type { Device } from "../../engine/engine.ts";
import type { Cost } from "../../measure/measured.ts";

/** chosen: more threads than any machine gains from; ten thousand take minutes to start. */
export const MOST_THREADS = 256;

/** chosen: more processes than any machine gains from. */
export const MOST_WORKERS = 256;

export interface RunOptions {
  readonly seed?: number;
  readonly steps?: number;
  readonly every?: number | "log";
  /** Steps between evaluations beside the measurements. */
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
  /** What every measurement holds; without it laws are measured at the last step alone. */
  readonly cost?: Cost;
  readonly checkpointEvery?: number;
  readonly checkpointMinutes?: number;
  /** The run may take more than an hour. */
  readonly yes?: boolean;
  /** How many checkpoints stay. */
  readonly keep?: number;
  /** By what the checkpoint that always stays is chosen. */
  readonly keepBest: "loss" | "accuracy" | "none";
  /** Places of held-out samples whose distances are followed. */
  readonly follow?: readonly number[];
  readonly followEvery?: number;
}

export interface ResumeOptions {
  /** Folder of the runs. */
  readonly runs: string;
  /** Step of the checkpoint to go on from; the newest by default. */
  readonly from?: number;
  /** The run may take more than an hour. */
  readonly yes?: boolean;
  /** Folder of the data, where it is no longer where the run found it. */
  readonly data?: string;
}
