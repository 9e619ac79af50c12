/**
 * @file The record of the two-point theory of a run: made once, when its training ends, and read by everything that
 * shows the run.
 */
import { FOLLOWED_SCHEMA, type FollowedRecord } from "../../findings/twopoint/followedRecord.ts";
import {
  type FollowedRun,
  fitFollowed,
  TWOPOINT_SCHEMA,
  type TwopointRecord,
} from "../../findings/twopoint/twopointRecord.ts";
import type { RunFolder } from "../../runs/runFolder.ts";

/** Fits the followed points and writes records/twopoint.json; does nothing for a run that follows no points. */
export function recordTwopoint(folder: RunFolder): void {
  const followed = folder.record<FollowedRecord>("followed", FOLLOWED_SCHEMA);
  const fits = followed && fitFollowed(followed, folder.trajectories());
  if (fits !== undefined) folder.writeRecord("twopoint", fits);
}

/**
 * The followed points of a run with their fits, which are computed here if the record is missing or older than the
 * trajectories.
 */
export function followedRun(folder: RunFolder): FollowedRun | undefined {
  const followed = folder.record<FollowedRecord>("followed", FOLLOWED_SCHEMA);
  if (followed === undefined) return undefined;
  const rows = folder.trajectories();
  const written = folder.record<TwopointRecord>("twopoint", TWOPOINT_SCHEMA);
  const fits = written !== undefined && written.step === rows.at(-1)?.step ? written : fitFollowed(followed, rows);
  return fits && { followed, fits, rows };
}
