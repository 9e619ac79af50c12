/**
 * @file `GET /api/stream`: what changes, as server-sent events. An event's id says how far its reader has read the
 * files themselves, so a page that lost its connection, or whose server was started anew, goes on where it was: no
 * event is kept in memory, and none is lost. A slow reader reads later, and delays nobody.
 */
import type { SSEStreamingApi } from "hono/streaming";
import type { RunSummary } from "../runs/listRuns.ts";
import type { RunReader } from "./runReader.ts";

/** How far a reader of one run is. */
interface Cursor {
  /** The metrics file: another inode is another file. */
  readonly inode: number;
  readonly offset: number;
  /** The last measured step that was told, -1 for none. */
  readonly snapshot: number;
  /** The run's own state: time of run.json in ms, by another number once its process has died. */
  readonly info: number;
}

/** chosen: milliseconds between looks at the files. */
const PERIOD = 250;

/** chosen: milliseconds after which an idle stream says that it lives. */
const ALIVE = 15_000;

/** chosen: milliseconds in which the head of an answer is on its way. */
const HELLO = 20;

/** chosen: bytes of metrics in one event; a reader that is behind takes several. */
const MOST_BYTES = 256 * 1024;

/** Tells of one run: its metrics as they are written, its measurements, its state. */
export async function streamRun(
  reader: RunReader,
  id: string,
  stream: SSEStreamingApi,
  lastEventId: string | undefined,
): Promise<void> {
  let cursor = readCursor(lastEventId);
  await everyPeriod(stream, async () => {
    let told = false;
    for (;;) {
      const next = step(reader, id, cursor);
      if (next === undefined) return told;
      cursor = next.cursor;
      told = true;
      await stream.writeSSE({ event: next.event, data: JSON.stringify(next.data), id: writeCursor(cursor) });
      if (stream.aborted || next.event === "removed") return told;
    }
  });
}

interface Told {
  readonly event: "run" | "metrics" | "snapshot" | "reset" | "removed";
  readonly data: unknown;
  readonly cursor: Cursor;
}

/** The next thing to tell from a cursor on; undefined where all is told. A new reader is told of the run first. */
function step(reader: RunReader, id: string, cursor: Cursor | undefined): Told | undefined {
  const state = reader.state(id);
  if (state === undefined) {
    if (cursor?.info === GONE) return undefined;
    return { event: "removed", data: { id }, cursor: { ...START, info: GONE } };
  }
  const { info, metrics, snapshots } = state;
  if (cursor === undefined || info !== cursor.info) {
    const data = summaryOf(reader, id);
    return data && { event: "run", data, cursor: { ...(cursor ?? START), info } };
  }
  const isCut = metrics.size < cursor.offset || (cursor.offset > 0 && metrics.inode !== cursor.inode);
  if (isCut || cursor.snapshot > (snapshots.at(-1) ?? -1))
    return { event: "reset", data: { id }, cursor: { ...START, info } };
  if (metrics.size > cursor.offset) {
    const { rows, offset } = reader.rows(id, cursor.offset, MOST_BYTES);
    if (offset > cursor.offset)
      return { event: "metrics", data: rows, cursor: { ...cursor, inode: metrics.inode, offset } };
  }
  const next = snapshots.find((one) => one > cursor.snapshot);
  return next === undefined
    ? undefined
    : { event: "snapshot", data: { step: next }, cursor: { ...cursor, snapshot: next } };
}

/** Undefined where the run was taken away since its state was looked at. */
function summaryOf(reader: RunReader, id: string): RunSummary | undefined {
  try {
    return reader.summary(id);
  } catch {
    return undefined;
  }
}

/** The state of a run that is gone. */
const GONE = 0;

const START: Cursor = { inode: 0, offset: 0, snapshot: -1, info: -1 };

/** chosen: milliseconds by which clocks of machine and disks may differ; a state may be told twice. */
const SKEW = 10_000;

/** Tells of all runs: a run that is new or has changed, and one that is gone. */
export async function streamRuns(
  reader: RunReader,
  stream: SSEStreamingApi,
  lastEventId: string | undefined,
): Promise<void> {
  const since = lastEventId === undefined ? Number.NaN : Number(lastEventId);
  const known = new Map<string, string>();
  let isFirst = true;
  await stream.write(`id: ${Date.now()}\n\n`); // where a reader was that has heard of nothing yet
  await everyPeriod(stream, async () => {
    const states = reader.states();
    let told = false;
    const say = async (event: string, data: unknown) => {
      told = true;
      await stream.writeSSE({ event, data: JSON.stringify(data), id: String(Date.now()) });
    };
    for (const [id, { stamp, changed }] of states) {
      if (known.get(id) === stamp) continue;
      known.set(id, stamp);
      const summary = !isFirst || changed >= since - SKEW ? summaryOf(reader, id) : undefined;
      if (summary !== undefined) await say("run", summary);
    }
    if (isFirst && !Number.isNaN(since)) await say("runs", [...states.keys()]); // so that the page drops others
    for (const id of known.keys())
      if (!states.has(id)) {
        known.delete(id);
        await say("removed", { id });
      }
    isFirst = false;
    return told;
  });
}

/** Looks at the files until the reader goes away. @param look says whether it told anything */
async function everyPeriod(stream: SSEStreamingApi, look: () => Promise<boolean>): Promise<void> {
  let quiet = 0;
  await stream.write("retry: 1000\n\n");
  await stream.sleep(HELLO); // so that a page knows that it is connected before the first look, which takes longest
  while (!stream.aborted) {
    quiet = (await look()) ? 0 : quiet + PERIOD;
    if (quiet >= ALIVE) {
      await stream.write(": alive\n\n");
      quiet = 0;
    }
    await stream.sleep(PERIOD);
  }
}

function writeCursor({ inode, offset, snapshot, info }: Cursor): string {
  return [inode, offset, snapshot, info].join("/");
}

/** Undefined for an id that is none of ours: the reader is told all from the start. */
function readCursor(id: string | undefined): Cursor | undefined {
  const [inode, offset, snapshot, info] = (id ?? "").split("/").map(Number);
  const all = [inode, offset, snapshot, info];
  if (!all.every((value) => Number.isFinite(value)) || (offset as number) < 0) return undefined;
  return { inode, offset, snapshot, info } as Cursor;
}
