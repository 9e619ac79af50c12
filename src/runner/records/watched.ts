/** @file The watched quantities of a run, as a record of its run folder. */
import { WATCHED_SCHEMA, type WatchedRecord } from "../../findings/watchedRecord.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import type { Watch } from "../../train/watch.ts";

/** Descriptions of the watched quantities. */
export function watchedRecord({ groups }: Watch): WatchedRecord {
  return {
    schema: WATCHED_SCHEMA,
    groups: groups.map(({ title, axis, log = false, quantities, expected = {} }) => ({
      ...{ title, axis, log },
      quantities: Object.entries(quantities).map(([name, meaning]) => ({ name, meaning })),
      expected: Object.entries(expected).map(([meaning, value]) => ({ meaning, value })),
    })),
  };
}

/** The record of a run, if it watches quantities. */
export function watchedOf(folder: RunFolder): WatchedRecord | undefined {
  return folder.record<WatchedRecord>("watched", WATCHED_SCHEMA);
}
