/** @file The source of runs: a server, or a folder that was dropped on the page. Views know only this interface. */
import type { Snapshot } from "../../measure/snapshot.ts";
import type { Convention, Side } from "../../moments/moments.ts";
import type { ReportData } from "../../report/reportData.ts";
import type { RunSummary } from "../../runs/listRuns.ts";
import type { MetricSeries } from "../../runs/metricSeries.ts";
import type { MetricRow } from "../../runs/metricsFile.ts";

/** One run without its measurements. */
export interface RunDetails {
  readonly summary: RunSummary;
  /** The data of its report, with empty snapshots and metrics. */
  readonly frame: ReportData;
  readonly snapshotSteps: readonly number[];
  /** Steps whose second moments were kept. */
  readonly momentSteps: readonly number[];
}

export type MatrixName = "H" | "G" | "Z";

export interface MatrixPlace {
  readonly step: number;
  readonly layer: string;
  readonly side: Side;
  readonly name: MatrixName;
  readonly convention: Convention;
}

/** A square matrix, row after row. */
export interface SquareMatrix {
  readonly d: number;
  readonly values: Float32Array;
}

/** The moments file of a step, for threads to read: its full address, or the file itself. */
export type MomentsPlace = string | File;

/** Receives the events of a followed run. */
export interface RunFollower {
  run?(summary: RunSummary): void;
  metrics?(rows: readonly MetricRow[]): void;
  snapshot?(step: number): void;
  /** Its files were truncated (the run was resumed from an earlier step), so everything must be read again. */
  reset?(): void;
  removed?(): void;
  /** Whether the source can be reached. */
  connected?(isConnected: boolean): void;
}

export interface RunSource {
  details(id: string): Promise<RunDetails>;
  /** @param points most points of a series */
  metrics(id: string, options?: { names?: readonly string[]; from?: number; points?: number }): Promise<MetricSeries[]>;
  snapshot(id: string, step: number): Promise<Snapshot>;
  /** All measurements at once, as a report reads them, if that is less work than one by one. */
  measurements?(id: string): Promise<Snapshot[]>;
  /** @throws Error if they were not kept, where this is known */
  momentsPlace(id: string, step: number): MomentsPlace;
  /** @throws Error if it was not kept */
  matrix(id: string, place: MatrixPlace): Promise<SquareMatrix>;
  /** Reports events from now on. @returns a function that ends this */
  follow(id: string, follower: RunFollower): () => void;
}
