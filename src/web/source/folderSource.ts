/**
 * @file Runs in folders that were dropped on the page. Files are read on request. Runs are not followed, since a page
 * sees a file as it was when dropped.
 */

import { PICTURES_SCHEMA, type PicturesRecord } from "../../findings/picturesRecord.ts";
import { FOLLOWED_SCHEMA, type FollowedRecord } from "../../findings/twopoint/followedRecord.ts";
import {
  type FollowedRun,
  fitFollowed,
  TWOPOINT_SCHEMA,
  type TwopointRecord,
} from "../../findings/twopoint/twopointRecord.ts";
import { WATCHED_SCHEMA, type WatchedRecord } from "../../findings/watchedRecord.ts";
import type { Snapshot } from "../../measure/snapshot.ts";
import { analysisReport } from "../../report/analysisReport.ts";
import type { ReportData } from "../../report/reportData.ts";
import { ANALYSIS_SCHEMA, type AnalysisRecord, checkedAnalysis } from "../../runs/analysisRecord.ts";
import type { RunSummary } from "../../runs/listRuns.ts";
import { decodeMetricRow, type MetricRow } from "../../runs/metricRow.ts";
import { seriesOf } from "../../runs/metricSeries.ts";
import { parseRecord } from "../../runs/recordSchemas.ts";
import { parseConfig, parseRunInfo } from "../../runs/runInfoForm.ts";
import { parseSnapshot } from "../../runs/snapshotSchema.ts";
import { decodeTrajectoryRow, TRAJECTORY_HEADER, type TrajectoryRow } from "../../runs/trajectoryRow.ts";
import { readMatrix } from "../run/matrixThread.ts";
import type { RunDetails, RunSource } from "./runSource.ts";

/** chosen: most bytes of a text file that a page reads as a whole. */
const MOST_TEXT = 2 ** 28;

/** The runs in a folder, and their names. */
export interface FolderSource extends RunSource {
  readonly ids: readonly string[];
}

/**
 * @param files by path
 * @param roots paths of the run folders among them, each ending in a slash; "" if run.json is not in a folder
 */
export function folderSource(files: ReadonlyMap<string, File>, roots: readonly string[]): FolderSource {
  const runs = new Map<string, Folder>();
  for (const root of roots) {
    const id = idOf(root);
    runs.set(runs.has(id) ? root : id, new Folder(files, root)); // folders with the same name are told apart by path
  }
  const at = (id: string): Folder => {
    const found = runs.get(id);
    if (found === undefined) throw new Error(`open: expected a run of the folder, got ${id}; drop its folder`);
    return found;
  };
  return {
    ids: [...runs.keys()],
    details: (id) => at(id).details(id),
    metrics: async (id, options = {}) => seriesOf(await at(id).metrics(), options),
    snapshot: (id, step) => at(id).snapshot(step),
    momentsPlace: (id, step) => at(id).momentsFile(step),
    matrix: async (id, { step, layer, ...which }) => readMatrix({ file: at(id).momentsFile(step), layer, which }),
    follow: () => () => {},
  };
}

/** The last part of a path. */
const idOf = (root: string): string => root.split("/").at(-2) ?? "run";

class Folder {
  readonly #files: ReadonlyMap<string, File>;
  readonly #root: string;
  #metrics: Promise<MetricRow[]> | undefined;

  constructor(files: ReadonlyMap<string, File>, root: string) {
    this.#files = files;
    this.#root = root;
  }

  async details(id: string): Promise<RunDetails> {
    const rows = await this.metrics();
    const info = parseRunInfo((await this.#text("run.json")) ?? "", "run.json");
    const last = Object.fromEntries(rows.map(({ name, value }) => [name, value]));
    const summary: RunSummary = { id, dir: this.#root, info, last };
    const frame = await this.#frame({ snapshots: [], metrics: [] });
    return { summary, frame, snapshotSteps: this.#steps("snapshots", "json"), momentSteps: this.#momentSteps() };
  }

  metrics(): Promise<MetricRow[]> {
    this.#metrics ??= this.#text("metrics.jsonl").then((text = "") =>
      text.split("\n").flatMap((line) => decodeMetricRow(line) ?? []),
    );
    return this.#metrics;
  }

  async snapshot(step: number): Promise<Snapshot> {
    const path = `snapshots/step-${String(step).padStart(8, "0")}.json`;
    const text = await this.#text(path);
    if (text === undefined) throw new Error(`open: expected a measurement of step ${step}, got none`);
    return parseSnapshot(text, path);
  }

  momentsFile(step: number): File {
    const file = this.#files.get(`${this.#root}moments/step-${String(step).padStart(8, "0")}.safetensors`);
    if (file === undefined)
      throw new Error(`open: expected moments of step ${step}, got none; crh run --moments all keeps them`);
    return file;
  }

  /** The same as from the server (runner/records/runReport.ts). */
  async #frame(measured: { readonly snapshots: Snapshot[]; readonly metrics: MetricRow[] }): Promise<ReportData> {
    const info = parseRunInfo((await this.#text("run.json")) ?? "", "run.json");
    const config = parseConfig((await this.#text("config.json")) ?? "", "config.json");
    const analysis = await this.#record<AnalysisRecord>("analysis", ANALYSIS_SCHEMA);
    if (analysis !== undefined) {
      const text = await this.#text("records/initial.json");
      const initial = text === undefined ? undefined : parseSnapshot(text, "records/initial.json");
      const record = checkedAnalysis(analysis, "records/analysis.json");
      return analysisReport(info, record, { ...measured, config, initial, moments: undefined });
    }
    const [twopoint, watched, pictures] = await Promise.all([
      this.#followed(),
      this.#record<WatchedRecord>("watched", WATCHED_SCHEMA),
      this.#record<PicturesRecord>("pictures", PICTURES_SCHEMA),
    ]);
    const parts = { ...(twopoint && { twopoint }), ...(watched && { watched }), ...(pictures && { pictures }) };
    return { ...measured, info, config, notes: info.notes ?? [], ...parts };
  }

  async #followed(): Promise<FollowedRun | undefined> {
    const followed = await this.#record<FollowedRecord>("followed", FOLLOWED_SCHEMA);
    const text = followed && (await this.#text("trajectories.csv"));
    if (followed === undefined || text === undefined) return undefined;
    const rows: TrajectoryRow[] = text
      .split("\n")
      .flatMap((line) => (line === TRAJECTORY_HEADER ? [] : (decodeTrajectoryRow(line) ?? [])));
    const written = await this.#record<TwopointRecord>("twopoint", TWOPOINT_SCHEMA);
    const fits = written?.step === rows.at(-1)?.step ? written : fitFollowed(followed, rows);
    return fits && { followed, fits, rows };
  }

  async #record<T extends { readonly schema: string }>(name: string, schema: T["schema"]): Promise<T | undefined> {
    const path = `records/${name}.json`;
    const text = await this.#text(path);
    return text === undefined ? undefined : parseRecord<T>(text, path, schema);
  }

  #momentSteps(): number[] {
    return this.#steps("moments", "safetensors");
  }

  /** The steps for which a folder has files, ascending. */
  #steps(folder: string, extension: string): number[] {
    const start = `${this.#root}${folder}/step-`;
    return [...this.#files.keys()]
      .flatMap((path) => {
        const digits = path.startsWith(start) ? /^(\d{8,15})\.(\w+)$/.exec(path.slice(start.length)) : null;
        return digits?.[2] === extension ? [Number(digits[1])] : [];
      })
      .sort((x, y) => x - y);
  }

  /** Undefined if there is no such file. */
  async #text(path: string): Promise<string | undefined> {
    const file = this.#files.get(this.#root + path);
    if (file === undefined) return undefined;
    if (file.size > MOST_TEXT)
      throw new RangeError(
        `open: expected ${path} of at most ${MOST_TEXT / 2 ** 20} MiB, got ${Math.ceil(file.size / 2 ** 20)}; crh lab shows larger runs`,
      );
    return file.text();
  }
}
