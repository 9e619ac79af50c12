/**
 * @file `GET /api/stream`: changes as server-sent events. An event's id encodes the reader's position in the files, so
 * a page that lost its connection, or whose server was restarted, continues where it was. No event is kept in memory,
 * and none is lost. A slow reader delays no other.
 */
import type { SSEStreamingApi } from "hono/streaming";
import type { RunSummary } from "../runs/listRuns.ts";
import type { RunReader } from "./runReader.ts";

/** Position of a reader of one run. */
interface Cursor {
  /** Inode of the metrics file, which changes if it is replaced. */
  readonly inode: number;
  readonly offset: number;
  /** The last measured step that was sent, -1 for none. */
  readonly snapshot: number;
  /** The run's state: modification time of run.json in ms, a different number once its process has died. */
  readonly info: number;
}

/** chosen: milliseconds between reads of the files. */
const PERIOD = 250;

/** chosen: milliseconds after which an idle stream sends a heartbeat. */
const ALIVE = 15_000;

/** chosen: milliseconds in which the head of a response is sent. */
const HELLO = 20;

/** chosen: most bytes of metrics in one event; a reader that is behind gets several. */
const MOST_BYTES = 256 * 1024;

/** Streams one run: its metrics as they are written, its measurements, its state. */
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

/** The next event after a cursor; undefined if there is none. A new reader first gets the run. */
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

/** Undefined if the run was removed since its state was read. */
function summaryOf(reader: RunReader, id: string): RunSummary | undefined {
  try {
    return reader.summary(id);
  } catch {
    return undefined;
  }
}

/** The state of a removed run. */
const GONE = 0;

const START: Cursor = { inode: 0, offset: 0, snapshot: -1, info: -1 };

/** chosen: milliseconds by which the clocks of machine and disks may differ; a state may be sent twice. */
const SKEW = 10_000;

/** Streams all runs: new, changed and removed ones. */
export async function streamRuns(
  reader: RunReader,
  stream: SSEStreamingApi,
  lastEventId: string | undefined,
): Promise<void> {
  const since = lastEventId === undefined ? Number.NaN : Number(lastEventId);
  const known = new Map<string, string>();
  let isFirst = true;
  await stream.write(`id: ${Date.now()}\n\n`); // the position of a reader that has received nothing yet
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
    if (isFirst && !Number.isNaN(since)) await say("runs", [...states.keys()]); // so that the page drops the others
    for (const id of known.keys())
      if (!states.has(id)) {
        known.delete(id);
        await say("removed", { id });
      }
    isFirst = false;
    return told;
  });
}

/** Reads the files until the reader disconnects. @param look returns whether it sent anything */
async function everyPeriod(stream: SSEStreamingApi, look: () => Promise<boolean>): Promise<void> {
  let quiet = 0;
  await stream.write("retry: 1000\n\n");
  await stream.sleep(HELLO); // the page learns that it is connected before the first read, which takes longest
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

/** Undefined for a foreign id; the reader then gets everything from the start. */
function readCursor(id: string | undefined): Cursor | undefined {
  const [inode, offset, snapshot, info] = (id ?? "").split("/").map(Number);
  const all = [inode, offset, snapshot, info];
  if (!all.every((value) => Number.isFinite(value)) || (offset as number) < 0) return undefined;
  return { inode, offset, snapshot, info } as Cursor;
}
