/**
 * @file The record of the two-point theory of a run: made once, when its training ends, and read by whatever shows the
 * run.
 */
import { FOLLOWED_SCHEMA, type FollowedRecord } from "../../findings/twopoint/followedRecord.ts";
import {
  type FollowedRun,
  fitFollowed,
  TWOPOINT_SCHEMA,
  type TwopointRecord,
} from "../../findings/twopoint/twopointRecord.ts";
import type { RunFolder } from "../../runs/runFolder.ts";

/** Fits what the run has followed and writes records/twopoint.json; nothing for a run that followed nothing. */
export function recordTwopoint(folder: RunFolder): void {
  const followed = folder.record<FollowedRecord>("followed", FOLLOWED_SCHEMA);
  const fits = followed && fitFollowed(followed, folder.trajectories());
  if (fits !== undefined) folder.writeRecord("twopoint", fits);
}

/**
 * What a run knows of followed points; where its record is not written yet, or older than its trajectories, fitted
 * here.
 */
export function followedRun(folder: RunFolder): FollowedRun | undefined {
  const followed = folder.record<FollowedRecord>("followed", FOLLOWED_SCHEMA);
  if (followed === undefined) return undefined;
  const rows = folder.trajectories();
  const written = folder.record<TwopointRecord>("twopoint", TWOPOINT_SCHEMA);
  const fits = written !== undefined && written.step === rows.at(-1)?.step ? written : fitFollowed(followed, rows);
  return fits && { followed, fits, rows };
}
