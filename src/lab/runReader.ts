/**
 * @file Reads run folders for the lab. Each file is read again only when it has changed. One reader serves all clients.
 */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { type RunOverview, runOverview } from "../report/runOverview.ts";
import { newestFirst, type RunSummary, summarizeRun } from "../runs/listRuns.ts";
import { decodeMetricRow, type MetricRow } from "../runs/metricRow.ts";
import { openRun, type RunFolder } from "../runs/runFolder.ts";
import { StepFiles } from "../runs/stepFiles.ts";
import { NotFoundError } from "./notFound.ts";

interface Kept<T> {
  readonly stamp: string;
  readonly value: T;
}

/** chosen: most runs whose metrics are cached. */
const MOST_METRICS = 4;

/** Progress of a run. */
export interface RunState {
  /** Modification time of run.json in ms; a different number once its process has died. */
  readonly info: number;
  readonly metrics: { readonly inode: number; readonly size: number };
  /** Steps that were measured, ascending. */
  readonly snapshots: readonly number[];
  /** A value that changes whenever run.json or the metrics do. */
  readonly stamp: string;
  /** Time of their last change, in ms. */
  readonly changed: number;
}

/** chosen: milliseconds for which a read of the files is cached. */
const FRESH = 100;

export class RunReader {
  readonly root: string;
  /** Folder of the sweeps, whose runs are named sweep/run. */
  readonly sweeps: string;
  readonly #states = new Map<string, { at: number; value: RunState }>();
  #all: { at: number; value: Map<string, RunState> } | undefined;
  #read: Kept<{ rows: MetricRow[]; offset: number }> | undefined;
  readonly #summaries = new Map<string, Kept<RunSummary> & { readonly at: number }>();
  readonly #metrics = new Map<string, MetricsTail>();

  constructor(root: string, sweeps: string) {
    this.root = resolve(root);
    this.sweeps = resolve(sweeps);
  }

  /** All runs, newest first, damaged ones last, as in `crh runs --json`. */
  list(): RunSummary[] {
    const ids = this.ids();
    const present = new Set(ids);
    for (const id of this.#summaries.keys()) if (!present.has(id)) this.#summaries.delete(id);
    return ids.map((id) => this.summary(id)).sort(newestFirst);
  }

  /** Names of the folders that hold a run. */
  ids(): string[] {
    if (!existsSync(this.root)) return [];
    return readdirSync(this.root, { withFileTypes: true })
      .filter((entry) => !entry.isFile() && existsSync(join(this.root, entry.name, "run.json")))
      .map(({ name }) => name);
  }

  summary(id: string): RunSummary {
    const known = this.#summaries.get(id);
    if (known !== undefined && performance.now() - known.at < FRESH) return known.value;
    const dir = this.dirOf(id);
    const stamp = stampOf(join(dir, "run.json"), join(dir, "metrics.jsonl"));
    const isOld = known?.stamp !== stamp || known.value.info?.status === "running";
    const value = isOld ? summarizeRun(dir, id) : known.value;
    this.#summaries.set(id, { at: performance.now(), stamp, value });
    return value;
  }

  /** Progress of a run, as its files show it; undefined if it no longer exists. Cached briefly for all clients. */
  state(id: string): RunState | undefined {
    const known = this.#states.get(id);
    if (known !== undefined && performance.now() - known.at < FRESH) return known.value;
    const value = this.#look(id);
    if (value === undefined) this.#states.delete(id);
    else this.#states.set(id, { at: performance.now(), value });
    return value;
  }

  /** The states of all runs. */
  states(): Map<string, RunState> {
    if (this.#all === undefined || performance.now() - this.#all.at >= FRESH) {
      const found = this.ids().flatMap((id): [string, RunState][] => {
        const state = this.state(id);
        return state === undefined ? [] : [[id, state]];
      });
      this.#all = { at: performance.now(), value: new Map(found) };
    }
    return this.#all.value;
  }

  #look(id: string): RunState | undefined {
    const dir = this.#path(id);
    if (dir === undefined) return undefined;
    const info = statSync(join(dir, "run.json"), { throwIfNoEntry: false });
    if (info === undefined) return undefined;
    const found = statSync(join(dir, "metrics.jsonl"), { throwIfNoEntry: false });
    const metrics = { inode: found?.ino ?? 0, size: found?.size ?? 0 };
    const died = this.summary(id).info?.status === "interrupted" ? 0.5 : 0;
    const snapshots = new StepFiles(join(dir, "snapshots"), "json").list().map(({ step }) => step);
    return {
      info: info.mtimeMs + died,
      metrics,
      snapshots,
      stamp: [info.mtimeMs + died, metrics.inode, metrics.size].join(),
      changed: Math.max(info.mtimeMs, found?.mtimeMs ?? 0),
    };
  }

  /** The rows available from an offset on; the last rows read are cached for other readers. */
  rows(id: string, offset: number, most: number): { rows: MetricRow[]; offset: number } {
    const path = join(this.dirOf(id), "metrics.jsonl");
    const { inode, size } = this.state(id)?.metrics ?? { inode: 0, size: 0 };
    const stamp = [id, inode, size, offset].join();
    if (this.#read?.stamp !== stamp)
      this.#read = { stamp, value: readRows(path, offset, Math.min(most, size - offset)) };
    return this.#read.value;
  }

  /** @throws NotFoundError if there is no such run; Error if it is damaged */
  open(id: string): RunFolder {
    return openRun(this.dirOf(id));
  }

  /**
   * The folder of a run, which must be directly inside the runs folder or a sweep's folder.
   *
   * @throws NotFoundError if the name has further parts or belongs to no run
   */
  dirOf(id: string): string {
    const dir = this.#path(id);
    if (dir === undefined || !existsSync(join(dir, "run.json")))
      throw new NotFoundError(
        `expected the name of a run, got ${JSON.stringify(id.slice(0, 100))}; /api/runs lists them`,
      );
    return dir;
  }

  /** Path of a run with this name; undefined for an invalid name. */
  #path(id: string): string | undefined {
    const parts = id.split("/");
    if (parts.length > 2 || !parts.every((part) => part !== "" && !/[\\\0]/.test(part) && !/^\.\.?$/.test(part)))
      return undefined;
    const [sweep, run] = parts as [string, string?];
    return run === undefined ? join(this.root, sweep) : join(this.sweeps, sweep, "runs", run);
  }

  /** @throws Error if the run is damaged */
  overview(id: string): RunOverview {
    const run = this.open(id);
    const last = run.snapshotSteps().at(-1);
    return runOverview(id, run.config(), this.metrics(id), last === undefined ? undefined : run.snapshot(last));
  }

  /** All rows of metrics.jsonl; earlier rows are not read again. */
  metrics(id: string): readonly MetricRow[] {
    const dir = this.dirOf(id);
    const known = this.#metrics.get(id) ?? new MetricsTail(join(dir, "metrics.jsonl"));
    this.#metrics.delete(id);
    this.#metrics.set(id, known); // most recently used last
    for (const oldest of this.#metrics.keys()) if (this.#metrics.size > MOST_METRICS) this.#metrics.delete(oldest);
    return known.read();
  }
}

/** The rows of a growing file. A file that was replaced or truncated is read again. */
class MetricsTail {
  readonly #path: string;
  #rows: MetricRow[] = [];
  #offset = 0;
  #inode = -1;

  constructor(path: string) {
    this.#path = path;
  }

  read(): readonly MetricRow[] {
    if (!existsSync(this.#path)) return [];
    const { ino, size } = statSync(this.#path);
    if (ino !== this.#inode || size < this.#offset) {
      this.#rows = [];
      this.#offset = 0;
      this.#inode = ino;
    }
    const { rows, offset } = readRows(this.#path, this.#offset);
    for (const row of rows) this.#rows.push(row);
    this.#offset = offset;
    return this.#rows;
  }
}

/**
 * Complete lines of a metrics file from an offset on; an incomplete last line is left for later, a damaged one is
 * skipped.
 *
 * @param most most bytes to read
 * @returns the offset after the last complete line
 */
export function readRows(
  path: string,
  offset: number,
  most = Number.POSITIVE_INFINITY,
): { rows: MetricRow[]; offset: number } {
  if (!existsSync(path)) return { rows: [], offset };
  const descriptor = openSync(path, "r");
  try {
    const length = Math.min(fstatSync(descriptor).size - offset, most);
    if (length <= 0) return { rows: [], offset };
    const buffer = Buffer.alloc(length);
    const read = readSync(descriptor, buffer, 0, length, offset);
    const end = buffer.subarray(0, read).lastIndexOf(NEWLINE) + 1;
    const rows = buffer
      .toString("utf8", 0, end)
      .split("\n")
      .flatMap((line) => decodeMetricRow(line) ?? []);
    return { rows, offset: offset + end };
  } finally {
    closeSync(descriptor);
  }
}

const NEWLINE = 0x0a;

function stampOf(...paths: readonly string[]): string {
  return paths
    .map((path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found === undefined ? "-" : `${found.ino}.${found.mtimeMs}.${found.size}`;
    })
    .join(" ");
}
