/** @file The measurements to explain: of a run, of an analysis, or of a document in a file. */
import { existsSync, statSync } from "node:fs";
import { readBytes } from "../../disk/readBytes.ts";
import type { FollowedRun } from "../../findings/twopoint/twopointRecord.ts";
import { completeRecord } from "../../measure/earlierRecords.ts";
import type { Snapshot } from "../../measure/snapshot.ts";
import { findRun } from "../../runs/listRuns.ts";
import { startAndEnd } from "./runMeasurements.ts";
import { followedRun } from "./twopointRecord.ts";

/** The data to explain: the last measurement, the first, and the record of the two-point theory. */
export interface Measurements {
  readonly final?: Snapshot;
  readonly initial?: Snapshot;
  readonly decay?: unknown;
  /** Whether the model was trained elsewhere: its step may be unknown. */
  readonly isAnalysis?: boolean;
  readonly twopoint?: FollowedRun;
}

/** The last and, if different, the first measurement of a run or a snapshot file. */
export async function measurementsOf(which: string, root: string): Promise<Measurements> {
  if (existsSync(which) && statSync(which).isFile()) return snapshotIn(which);
  const run = findRun(root, which);
  const measured = await startAndEnd(run);
  const twopoint = followedRun(run);
  if (measured === undefined && twopoint !== undefined) return { twopoint };
  if (measured === undefined)
    throw new Error(`explain: expected a run with a measurement, got none in ${run.dir}; continue it with crh resume`);
  const { decay } = run.config();
  const found = {
    final: measured.last,
    decay,
    isAnalysis: run.analysis() !== undefined,
    ...(twopoint && { twopoint }),
  };
  return measured.start ? { ...found, initial: measured.start } : found;
}

function snapshotIn(path: string): { final: Snapshot; initial?: Snapshot } {
  let value: Partial<Snapshot> & { final?: Snapshot; initial?: Snapshot; snapshots?: Snapshot[] };
  try {
    value = JSON.parse(new TextDecoder().decode(readBytes(path))) as typeof value;
  } catch {
    value = {};
  }
  const { final, snapshots, initial = Array.isArray(snapshots) ? snapshots[0] : undefined, ...rest } = value;
  const found = final ?? (Array.isArray(snapshots) ? snapshots.at(-1) : undefined) ?? rest;
  if (![found, initial ?? found].every((one) => one.schema === "crh-lab/snapshot@1" && Array.isArray(one.layers)))
    throw new Error(
      `explain: expected a run or the JSON of a measurement (crh analyze .. --json), got "${path}", which is neither`,
    );
  return { final: completeRecord(found as Snapshot), ...(initial ? { initial: completeRecord(initial) } : {}) };
}
