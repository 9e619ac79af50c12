/** @file A run to be trained: its folder and its options. */
import type { RunFolder } from "../../runs/runFolder.ts";
import type { Setting } from "../../settings/setting.ts";
import type { RunPlan } from "./runPlan.ts";

export interface TrainJob {
  readonly folder: RunFolder;
  readonly setting: Setting;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly plan: RunPlan;
  /** Whether the run may take more than an hour. */
  readonly confirmed: boolean;
  /** Whether a report is written at the end. Default true. */
  readonly report?: boolean;
  /** Bytes of the checkpoint to continue from, and its step. */
  readonly resume?: { readonly bytes: Uint8Array; readonly step: number };
}
