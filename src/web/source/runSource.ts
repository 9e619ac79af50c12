/**
 * @file Where runs come from: a server, a folder that was dropped on the page, networks that train in it. Views know
 * this interface and no other.
 */
import type { Snapshot } from "../../measure/snapshot.ts";
import type { Convention, Side } from "../../moments/moments.ts";
import type { ReportData } from "../../report/reportData.ts";
import type { RunSummary } from "../../runs/listRuns.ts";
import type { MetricSeries } from "../../runs/metricSeries.ts";
import type { MetricRow } from "../../runs/metricsFile.ts";

/** One run without its measurements. */
export interface RunDetails {
  readonly summary: RunSummary;
  /** What its report is made from, with empty snapshots and metrics. */
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

/** The file of a step's moments, which threads read: its whole address, or the file itself. */
export type MomentsPlace = string | File;

/** What happens to a run that is followed. */
export interface RunFollower {
  run?(summary: RunSummary): void;
  metrics?(rows: readonly MetricRow[]): void;
  snapshot?(step: number): void;
  /** Its files were cut (a run that was resumed earlier): all must be read again. */
  reset?(): void;
  removed?(): void;
  /** Whether the source is reached. */
  connected?(isConnected: boolean): void;
}

export interface RunSource {
  details(id: string): Promise<RunDetails>;
  /** @param points the most points of a series */
  metrics(id: string, options?: { names?: readonly string[]; from?: number; points?: number }): Promise<MetricSeries[]>;
  snapshot(id: string, step: number): Promise<Snapshot>;
  /** All measurements at once as a report reads them, where that is less work than one by one. */
  measurements?(id: string): Promise<Snapshot[]>;
  /** @throws Error where they were not kept, if that is known here */
  momentsPlace(id: string, step: number): MomentsPlace;
  /** @throws Error where it was not kept */
  matrix(id: string, place: MatrixPlace): Promise<SquareMatrix>;
  /** Tells what happens from now on. @returns what ends it */
  follow(id: string, follower: RunFollower): () => void;
}
