/**
 * @file Tables of runs: columns, and the sources of rows. A table knows no files: the reader of run folders supplies
 * their contents, one run at a time.
 */
import type { Snapshot } from "../measure/snapshot.ts";

/** A value of a table. Numbers are finite; missing values are null. */
export type Cell = string | number | boolean | null;

export type ColumnType = "text" | "integer" | "number" | "boolean";

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** One run as a source of tables. Its files are read lazily, one piece at a time. */
export interface RunSource {
  readonly folder: string;
  readonly info: RunHead;
  /** config.json: parameters and execution options. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Whether its models were trained elsewhere. */
  readonly isAnalysis: boolean;
  metrics(): Iterable<MetricOf>;
  trajectories(): Iterable<TrajectoryOf>;
  /** By ascending step. */
  snapshots(): Iterable<Snapshot>;
  /** The measurement at a step; undefined if that step was not measured. */
  snapshot(step: number): Snapshot | undefined;
  /** Steps that were measured, ascending. */
  snapshotSteps(): readonly number[];
  /** The model before training, if an analysis had one. */
  initial(): Snapshot | undefined;
}

/** The part of run.json used by tables. */
export interface RunHead {
  readonly id: string;
  readonly setting: string;
  readonly status: string;
  readonly seed: number;
  readonly step: number;
  readonly steps: number;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly durationMs?: number;
  readonly trainingMs?: number;
  readonly measuringMs?: number;
  readonly stepsPerSecond?: number;
  readonly error?: string;
  readonly versions: { readonly crh: string };
}

export interface MetricOf {
  readonly step: number;
  readonly name: string;
  readonly value: number;
}

export interface TrajectoryOf {
  readonly step: number;
  readonly pair: string;
  readonly layer: string;
  readonly dh2: number;
  readonly dy2: number;
  readonly w: number;
  readonly loss: number;
}

/** One table: its own columns, and its rows for one run, in order. Columns of the run are added beside them. */
export type Table = TableOfRun | TableOfMeasurements;

interface TableHead {
  readonly name: string;
  /** Meaning of a row. */
  readonly meaning: string;
  readonly columns: readonly Column[];
}

export interface TableOfRun extends TableHead {
  rows(run: RunSource): Iterable<readonly Cell[]>;
}

/** A table whose rows come from measurements, supplied one at a time by ascending step. */
export interface TableOfMeasurements extends TableHead {
  /** @param initial the model before training, if an analysis had one */
  measured(initial: Snapshot | undefined): (snapshot: Snapshot) => Iterable<readonly Cell[]>;
}

/** The rows of some tables of a run; each measurement is read only once. */
export function* rowsOf<T extends Table>(
  run: RunSource,
  tables: readonly T[],
): Generator<{ readonly table: T; readonly row: readonly Cell[] }> {
  const readers = tables.flatMap((table) =>
    "measured" in table ? [{ table, read: table.measured(run.initial()) }] : [],
  );
  for (const table of tables) if ("rows" in table) for (const row of table.rows(run)) yield { table, row };
  if (readers.length === 0) return;
  for (const snapshot of run.snapshots())
    for (const { table, read } of readers) for (const row of read(snapshot)) yield { table, row };
}

/** Columns from names and types: {step: "integer", ..}. */
export function columnsOf(types: Readonly<Record<string, ColumnType>>): Column[] {
  return Object.entries(types).map(([name, type]) => ({ name, type }));
}

/** The number, or null if it is missing or not finite. */
export function finite(value: number | null | undefined): number | null {
  return value !== undefined && value !== null && Number.isFinite(value) ? value : null;
}
