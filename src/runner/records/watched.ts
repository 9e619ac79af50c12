/** @file What a run watches, as a record of its run folder. */
import { WATCHED_SCHEMA, type WatchedRecord } from "../../findings/watchedRecord.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import type { Watch } from "../../train/watch.ts";

/** What is watched, in words. */
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

/** The record of a run that watches something. */
export function watchedOf(folder: RunFolder): WatchedRecord | undefined {
  return folder.record<WatchedRecord>("watched", WATCHED_SCHEMA);
}
