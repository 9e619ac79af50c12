/**
 * @file A run as its view knows it: read once, then followed. New rows and measurements arrive as they are written and
 * are shown at most twice a second. If files were truncated, everything is read again.
 */
import { useEffect, useState } from "react";
import type { Snapshot } from "../../measure/snapshot.ts";
import { isAnalysis, type ReportData } from "../../report/reportData.ts";
import type { RunSummary } from "../../runs/listRuns.ts";
import type { MetricSeries } from "../../runs/metricSeries.ts";
import type { MetricRow } from "../../runs/metricsFile.ts";
import type { RunDetails, RunSource } from "../source/runSource.ts";
import { appendRows, POINTS, rowsOf } from "./liveSeries.ts";

export interface WatchedRun {
  readonly summary: RunSummary;
  readonly frame: ReportData;
  readonly momentSteps: readonly number[];
  readonly series: readonly MetricSeries[];
  /** By ascending step. */
  readonly snapshots: readonly Snapshot[];
  /** Whether all measurements found at the start have been read. */
  readonly isWhole: boolean;
  /** Why some measurements could not be read; the others are shown. */
  readonly problem?: string;
  readonly isConnected: boolean;
  readonly isRemoved: boolean;
  /** Grows with every change of measurements or metrics. */
  readonly version: number;
}

/** chosen: milliseconds between two updates of a followed run. */
const PERIOD = 500;

/** @returns the run, or the reason why it cannot be read; neither while it is being read */
export function useRun(source: RunSource, id: string): { readonly run?: WatchedRun; readonly error?: Error } {
  const [state, setState] = useState<{ readonly run?: WatchedRun; readonly error?: Error }>({});
  useEffect(() => {
    setState({});
    return new Watch(source, id, setState).start();
  }, [source, id]);
  return state;
}

class Watch {
  readonly #source: RunSource;
  readonly #id: string;
  readonly #tell: (state: { readonly run?: WatchedRun; readonly error?: Error }) => void;
  #run: WatchedRun | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #told = Number.NEGATIVE_INFINITY;
  #hasEnded = false;
  /** Number of the current reading; an earlier one that ends later is ignored. */
  #reading = 0;
  readonly #asked = new Set<number>();
  /** Rows that arrived before the run itself was read. */
  #early: MetricRow[] = [];

  constructor(
    source: RunSource,
    id: string,
    tell: (state: { readonly run?: WatchedRun; readonly error?: Error }) => void,
  ) {
    this.#source = source;
    this.#id = id;
    this.#tell = tell;
  }

  start(): () => void {
    void this.#read();
    const leave = this.#source.follow(this.#id, {
      run: (summary) => this.#change({ summary }),
      metrics: (rows) => this.#add(rows),
      snapshot: (step) => void this.#measured(step),
      reset: () => void this.#read(),
      removed: () => this.#change({ isRemoved: true }),
      connected: (isConnected) => this.#change({ isConnected }),
    });
    return () => {
      this.#hasEnded = true;
      clearTimeout(this.#timer);
      leave();
    };
  }

  async #read(): Promise<void> {
    const reading = ++this.#reading;
    try {
      const [details, series] = await Promise.all([
        this.#source.details(this.#id),
        this.#source.metrics(this.#id, { points: POINTS }),
      ]);
      if (reading !== this.#reading || this.#hasEnded) return;
      for (const step of details.snapshotSteps) this.#asked.add(step);
      this.#run = {
        ...details,
        series: appendRows(series, this.#early),
        snapshots: [],
        isWhole: details.snapshotSteps.length === 0,
        isConnected: this.#run?.isConnected ?? true,
        isRemoved: false,
        version: (this.#run?.version ?? 0) + 1,
      };
      this.#early = [];
      this.#show(true);
      await this.#readSnapshots(details, reading);
    } catch (error) {
      if (reading === this.#reading && !this.#hasEnded) this.#tell({ error: error as Error });
    }
  }

  async #readSnapshots({ snapshotSteps }: RunDetails, reading: number): Promise<void> {
    const { found, problem } = await this.#readableSnapshots(snapshotSteps);
    if (reading !== this.#reading) return;
    for (const { step } of found) this.#asked.add(step);
    const snapshots = merged(this.#run?.snapshots ?? [], found);
    this.#change({ snapshots, isWhole: true, ...(problem === undefined ? {} : { problem }) }, true);
  }

  /** All measurements at once; if some are damaged, all others. */
  async #readableSnapshots(steps: readonly number[]): Promise<{ found: readonly Snapshot[]; problem?: string }> {
    try {
      const all = await this.#source.measurements?.(this.#id);
      if (all !== undefined) return { found: all };
    } catch {
      // reported below, for the step concerned
    }
    const read = await Promise.allSettled(steps.map((step) => this.#source.snapshot(this.#id, step)));
    const found = read.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const torn = read.find((one) => one.status === "rejected");
    if (torn === undefined) return { found };
    return { found, problem: `${steps.length - found.length} of ${steps.length} measurements: ${torn.reason.message}` };
  }

  #add(rows: readonly MetricRow[]): void {
    if (this.#run === undefined) this.#early.push(...rows);
    else {
      const series = appendRows(this.#run.series, rows);
      if (series.some((one, i) => one !== this.#run!.series[i])) this.#change({ series });
    }
  }

  async #measured(step: number): Promise<void> {
    if (this.#run === undefined || this.#asked.has(step)) return;
    this.#asked.add(step);
    try {
      const found = await this.#source.snapshot(this.#id, step);
      const details = await this.#source.details(this.#id); // new moments and records may have been written
      if (this.#run === undefined) return;
      const { frame, momentSteps } = details;
      this.#change({ snapshots: merged(this.#run.snapshots, [found]), frame, momentSteps });
    } catch {
      this.#asked.delete(step); // the stream repeats it after reconnecting
    }
  }

  #change(changes: Partial<WatchedRun>, atOnce = false): void {
    if (this.#run === undefined) return;
    const isOld = (Object.keys(changes) as (keyof WatchedRun)[]).every((key) => changes[key] === this.#run![key]);
    if (isOld) return;
    this.#run = { ...this.#run, ...changes, version: this.#run.version + 1 };
    this.#show(atOnce || changes.isConnected !== undefined);
  }

  /** Updates the view, now or at the end of the period. */
  #show(atOnce: boolean): void {
    const show = () => {
      this.#timer = undefined;
      if (this.#hasEnded || this.#run === undefined) return;
      this.#told = performance.now();
      this.#tell({ run: this.#run });
    };
    if (atOnce) {
      clearTimeout(this.#timer);
      show();
    } else if (this.#timer === undefined)
      this.#timer = setTimeout(show, Math.max(0, this.#told + PERIOD - performance.now()));
  }
}

function merged(known: readonly Snapshot[], found: readonly Snapshot[]): readonly Snapshot[] {
  const steps = new Map([...known, ...found].map((snapshot) => [snapshot.step, snapshot]));
  return [...steps.values()].sort((x, y) => x.step - y.step);
}

/** The data of the report. A folder of checkpoints is read as a series. */
export function reportOf({ frame, summary, snapshots, series }: WatchedRun): ReportData {
  const measured = [...snapshots];
  const metrics = rowsOf(series);
  if (!isAnalysis(frame)) {
    const info = summary.info ?? frame.info;
    return { ...frame, info, snapshots: measured, metrics };
  }
  const steps = new Set(measured.map(({ step }) => step)).size;
  if (steps < 2 || summary.info === undefined) return { ...frame, snapshots: measured };
  const { analysis, initial: _, ...rest } = frame;
  return { ...rest, info: summary.info, metrics, snapshots: measured, series: analysis };
}
