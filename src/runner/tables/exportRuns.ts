/**
 * @file Runs in the formats of other programs: tables as Parquet or CSV, event files of TensorBoard, the CSV of a chart
 * of Weights & Biases. Runs are read one by one. Files get their final names when everything is written.
 */
import { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, temporaryBeside } from "../../runs/writeFile.ts";
import { ChartCsv } from "../../tables/layouts/chartCsv.ts";
import { chartMetrics, scalarEvents } from "../../tables/layouts/runScalars.ts";
import { fileVersionRecord, scalarRecord } from "../../tables/layouts/tensorboardEvents.ts";
import { RUNS_TABLE, RunColumns } from "../../tables/runColumns.ts";
import { type RunSource, rowsOf, type Table } from "../../tables/table.ts";
import { tables } from "../../tables/tables.ts";
import { Interrupted } from "../errors.ts";
import type { Watcher } from "../observer.ts";
import type { ExportFormat } from "./exportFormats.ts";
import { openRuns, runFolders } from "./runFolders.ts";
import { csvWriter, parquetWriter, type RowWriter } from "./tableWriters.ts";

export interface ExportOptions {
  readonly format: ExportFormat;
  /** A folder; for wandb-csv a file. */
  readonly out: string;
  /** Whether existing files are replaced. */
  readonly replace: boolean;
  /** Folder of runs that are given by name only. */
  readonly root: string;
}

/** A written file, and its number of rows, events or values. */
export interface Exported {
  readonly path: string;
  readonly count: number;
}

/** Writes runs to files. */
interface Exporter {
  add(run: RunSource): void;
  /** Completes the files, which still have temporary names. */
  finish(): void;
  readonly files: readonly Pending[];
}

/** A file in progress. */
interface Pending {
  readonly path: string;
  readonly temporary: string;
  count: number;
}

/**
 * Writes runs in another format.
 *
 * @throws Error in one line, before anything is written, where a file exists and must not be replaced
 */
export async function exportRuns(
  which: readonly string[],
  options: ExportOptions,
  watcher: Watcher,
): Promise<readonly Exported[]> {
  const folders = runFolders(options.root, which, (text) => watcher.observer.note(text));
  const exporter = await exporterOf(options, folders, watcher);
  const progress = watcher.observer.progress("reading", folders.length, { unit: "runs", patient: true });
  let done = 0;
  try {
    for (const opened of openRuns(folders)) {
      if (watcher.signal.aborted) throw new Interrupted("crh export: interrupted; nothing was written");
      if ("run" in opened) exporter.add(opened.run);
      progress.update(++done);
      await new Promise((resolve) => setImmediate(resolve)); // lets signals be handled
    }
    exporter.finish();
    for (const { temporary, path } of exporter.files) renameSync(temporary, path);
  } finally {
    progress.end(false);
    for (const { temporary } of exporter.files) rmSync(temporary, { force: true });
  }
  return exporter.files.map(({ path, count }) => ({ path, count }));
}

async function exporterOf(options: ExportOptions, folders: readonly string[], watcher: Watcher): Promise<Exporter> {
  const { format, out } = options;
  const columns = new RunColumns();
  const ids: string[] = [];
  for (const opened of openRuns(folders)) {
    if ("problem" in opened) {
      watcher.observer.note(`left out: ${opened.problem}`);
      continue;
    }
    columns.add(opened.run);
    if (format === "tensorboard") ids.push(opened.run.info.id);
  }
  if (format === "wandb-csv") return chartExporter(pending(out, options));
  if (format === "tensorboard") {
    for (const id of ids) if (existsSync(join(out, id))) refuse(join(out, id), options);
    return eventsExporter(options);
  }
  return tablesExporter(columns, options, format === "csv" ? csvWriter : parquetWriter);
}

/** @throws Error where a file exists and must not be replaced */
function pending(path: string, options: ExportOptions): Pending {
  if (existsSync(path)) refuse(path, options);
  return { path, temporary: temporaryBeside(path), count: 0 };
}

function refuse(path: string, { replace }: ExportOptions): void {
  if (!replace)
    throw new Error(
      `export: expected a path that does not exist, got ${path}, which exists; choose another or add --replace`,
    );
}

/** One file per table. */
function tablesExporter(
  columns: RunColumns,
  options: ExportOptions,
  open: (path: string, columns: RunColumns["whole"]) => RowWriter,
): Exporter {
  const fileOf = (name: string) => pending(join(options.out, `${name}.${options.format}`), options);
  const runs = { file: fileOf(RUNS_TABLE), columns: columns.whole };
  const others = tables.map((table) => ({ table, file: fileOf(table.name), columns: columns.of(table) }));
  makeFolder(options.out);
  const writer = open(runs.file.temporary, runs.columns);
  const opened = new Map<Table, { readonly file: Pending; readonly writer: RowWriter }>(
    others.map(({ table, file, columns: own }) => [table, { file, writer: open(file.temporary, own) }]),
  );
  return {
    files: [runs.file, ...others.map(({ file }) => file)],
    add(run) {
      writer.add({ before: [], own: columns.row(run), after: [] });
      runs.file.count++;
      const around = columns.around(run);
      for (const { table, row } of rowsOf(run, tables)) {
        const { writer: own, file } = opened.get(table)!;
        own.add({ ...around, own: row });
        file.count++;
      }
    },
    finish() {
      for (const one of [writer, ...[...opened.values()].map((each) => each.writer)]) one.close();
    },
  };
}

/** One folder per run, by which TensorBoard distinguishes runs. */
function eventsExporter(options: ExportOptions): Exporter {
  const files: Pending[] = [];
  return {
    files,
    add(run) {
      const folder = join(options.out, run.info.id);
      makeFolder(folder);
      const wallTime = Date.parse(run.info.startedAt) / 1000;
      const file = pending(join(folder, `events.out.tfevents.${Math.floor(wallTime)}.crh-lab`), options);
      files.push(file);
      const descriptor = openSync(file.temporary, "w");
      try {
        writeSync(descriptor, fileVersionRecord(wallTime));
        for (const event of scalarEvents(run)) {
          writeSync(descriptor, scalarRecord(event));
          file.count++;
        }
      } finally {
        closeSync(descriptor);
      }
    },
    finish: () => {},
  };
}

/** One file for all runs, with columns for each. */
function chartExporter(file: Pending): Exporter {
  const chart = new ChartCsv();
  return {
    files: [file],
    add(run) {
      chart.add(run.info.id, chartMetrics(run));
    },
    finish() {
      file.count = chart.count;
      const descriptor = openSync(file.temporary, "w");
      try {
        for (const line of chart.lines()) writeSync(descriptor, line);
      } finally {
        closeSync(descriptor);
      }
    },
  };
}
