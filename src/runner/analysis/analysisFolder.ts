/**
 * @file The run folder of an analysis: one measurement, or one for each of several checkpoints. It has the files of any
 * run (docs/formats.md, "Run folder"), so that the commands on runs accept it.
 */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Snapshot } from "../../measure/snapshot.ts";
import { bytesOf, type Moments } from "../../moments/moments.ts";
import { encodeMoments, misfitWords } from "../../moments/momentsFile.ts";
import { ANALYSIS_SCHEMA, type AnalysisKind, type AnalysisRecord } from "../../runs/analysisRecord.ts";
import type { MetricRow } from "../../runs/metricsFile.ts";
import { createRun, type RunFolder } from "../../runs/runFolder.ts";
import type { RunInfo, RunStatus } from "../../runs/runInfo.ts";
import { MOST_KEPT_BYTES } from "../../workers/snapshotInParts.ts";
import { versions } from "../versions.ts";
import type { GivenInput } from "./givenInput.ts";

/** The files of one step. */
export interface StepCaptures {
  readonly step: number;
  readonly files: readonly string[];
}

/** Description of an analysis besides its numbers. */
export interface About {
  readonly kind: AnalysisKind;
  /** Every option. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Notes on conversions of models and data. */
  readonly notes: readonly string[];
  readonly record: Omit<AnalysisRecord, "schema">;
  /** For a series, what was measured at each step, for JSON. */
  readonly series?: { readonly models: AnalysisRecord["models"] } | { readonly captures: readonly StepCaptures[] };
  /** The command that reproduces it. */
  readonly argv: readonly string[];
  readonly seed: number;
  /** The data given to the model's inputs, for JSON. */
  readonly inputs?: readonly GivenInput[];
  /** Number of samples, each of which may have several rows with a loss. */
  readonly examples?: number;
}

/** Whether and where an analysis is kept. */
export interface Saving {
  /** Folder of the runs. */
  readonly runs: string;
  /** False: keep nothing. */
  readonly save: boolean;
}

/**
 * Checked before anything is measured. @throws Error in one line where the folder of the runs cannot be created or
 * written
 */
export function checkSaving({ runs, save }: Saving): void {
  if (!save) return;
  let above = resolve(runs);
  while (!existsSync(above) && dirname(above) !== above) above = dirname(above);
  try {
    if (!statSync(above).isDirectory()) throw Object.assign(new Error(), { code: "a file" });
    accessSync(above, constants.W_OK);
  } catch (error) {
    const { code = "unknown reason" } = error as NodeJS.ErrnoException;
    throw new Error(
      `runs: expected a folder that can be written for the results, got ${resolve(runs)} (${code}); --runs FOLDER names another, --no-save keeps none`,
    );
  }
}

/**
 * Creates the folder, named after its model or the first of its files, with status "running" and no measurement yet.
 */
export function createAnalysis(root: string, about: About, now: Date): RunFolder {
  const { kind, config, notes, record, argv, seed } = about;
  const name = record.title
    .split(/, | to /)[0]!
    .replace(/(\.[A-Za-z]\w*)+$/, "")
    .slice(0, MOST_LETTERS);
  const folder = createRun(root, {
    ...{ setting: kind, name, seed, config, steps: stepsOf(about), argv, notes, now },
    versions: versions(),
  });
  folder.writeRecord("analysis", { ...record, schema: ANALYSIS_SCHEMA });
  return folder;
}

/** Rewrites the description of an analysis in its folder, while a series grows. */
export function describeAnalysis(folder: RunFolder, about: About): void {
  folder.writeRecord("analysis", { ...about.record, schema: ANALYSIS_SCHEMA });
  folder.update({ steps: stepsOf(about), notes: [...about.notes] });
}

/** The last known step. */
function stepsOf({ record, series }: About): number {
  if (series !== undefined && "captures" in series) return series.captures.at(-1)?.step ?? 0;
  return record.models.at(-1)?.step ?? 0;
}

/** chosen: most characters of a folder's name, which tables show. */
const MOST_LETTERS = 40;

/** Adds a measurement, with its loss and accuracy as metrics. */
export function addMeasurement(folder: RunFolder, snapshot: Snapshot): void {
  folder.writeSnapshot(snapshot);
  folder.appendMetrics(metricsOf([snapshot]));
  folder.update({ step: snapshot.step });
}

export function metricsOf(snapshots: readonly Snapshot[]): MetricRow[] {
  return snapshots.flatMap(({ step, loss, accuracy }) => [
    ...(loss.mean === null ? [] : [{ step, name: "eval/loss", value: loss.mean }]),
    ...(accuracy === undefined ? [] : [{ step, name: "eval/accuracy", value: accuracy }]),
  ]);
}

/** How an analysis ended. */
export interface Ending {
  readonly status: Exclude<RunStatus, "running">;
  /** Why it failed, in one line. */
  readonly error?: string | undefined;
  readonly endedAt: string;
  readonly durationMs: number;
  /** Moments of the last measurement, as far as available. */
  readonly total: Moments;
  /** Whether these moments cover all layers. */
  readonly isWhole: boolean;
  readonly initial?: Snapshot | undefined;
}

/**
 * Writes the end of an analysis: the moments, the model before training, the status.
 *
 * @returns bytes of the moments; 0 where they are not kept because they are too large for one file, incomplete, not
 *   finite, or rows instead of sums
 */
export function endAnalysis(folder: RunFolder, ending: Ending): number {
  const { total, isWhole, initial, status, error, endedAt, durationMs } = ending;
  if (initial !== undefined) folder.writeRecord("initial", initial);
  const weights = total.layers.reduce((sum, { W }) => sum + (W?.data.byteLength ?? 0), 0);
  const isKept = isWhole && misfitWords(total) === undefined && bytesOf(total.layers) + weights <= MOST_KEPT_BYTES;
  const bytes = isKept ? encodeMoments(total) : undefined;
  if (bytes !== undefined) folder.writeMoments(total.step, bytes);
  folder.update({ status, error, endedAt, durationMs });
  return bytes?.length ?? 0;
}

/** The content of run.json for an analysis that is not kept. */
export function unsavedInfo(about: About, { status, endedAt, durationMs, total }: Ending): RunInfo {
  const { kind, record, seed, argv, notes } = about;
  return {
    schema: "crh-lab/run@1",
    id: record.title,
    ...{ setting: kind, status, seed, steps: stepsOf(about), step: total.step },
    argv: [...argv],
    pid: process.pid,
    host: "",
    versions: versions(),
    startedAt: endedAt,
    ...{ endedAt, durationMs, notes: [...notes] },
  };
}
