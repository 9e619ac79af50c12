/**
 * @file A run as a folder that other tools can read (docs/formats.md, "Run folder"): run.json, config.json,
 * metrics.jsonl, trajectories.csv, snapshots/, records/, checkpoints/, best/, moments/, report.html. One process writes
 * a run; any number may read it meanwhile, since every file but metrics.jsonl and trajectories.csv is replaced as a
 * whole.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import type { Snapshot } from "../measure/snapshot.ts";
import type { Moments } from "../moments/moments.ts";
import { decodeMoments } from "../moments/momentsFile.ts";
import { ANALYSIS_SCHEMA, type AnalysisRecord, checkedAnalysis } from "./analysisRecord.ts";
import type { LinesFile } from "./linesFile.ts";
import { type MetricRow, metricsFile } from "./metricsFile.ts";
import { processStart } from "./processRuns.ts";
import { parseRecord } from "./recordSchemas.ts";
import { runId } from "./runId.ts";
import { type RunInfo, readConfig, readRunInfo, withLivingStatus } from "./runInfo.ts";
import { parseSnapshot } from "./snapshotSchema.ts";
import { type StepFile, StepFiles } from "./stepFiles.ts";
import { type TrajectoryRow, trajectoriesFile } from "./trajectoriesFile.ts";
import { dropAbandoned, makeFolder, syncPath, temporarySuffix, writeWhole, writing } from "./writeFile.ts";

export interface NewRun {
  /** Its name, which must be unused. Default: an unused name from date, setting and a hash. */
  readonly id?: string;
  readonly setting: string;
  /** The word in the default name. Default: the setting. */
  readonly name?: string;
  readonly seed: number;
  /** Every resolved parameter. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly steps: number;
  readonly argv: readonly string[];
  readonly versions: RunInfo["versions"];
  readonly notes?: readonly string[];
  readonly now?: Date;
}

/** Values to change in run.json; undefined removes a key. */
export type RunPatch = { readonly [Key in keyof RunInfo]?: RunInfo[Key] | undefined };

/** chosen: two earlier checkpoints are kept, in case the newest is damaged. */
const KEPT_CHECKPOINTS = 3;

const FOLDERS = ["snapshots", "records", "checkpoints", "best", "moments", "figures"];

/** chosen: names tried before giving up; two runs collide only if 24 bits of their hashes agree. */
const MAX_ATTEMPTS = 100;

/**
 * Creates the folder of a new run, with run.json (status "running", this process) and config.json.
 *
 * @param root folder of all runs; created if missing
 * @throws WriteError in one line if the folder cannot be written
 */
export function createRun(root: string, run: NewRun): RunFolder {
  const { setting, seed, config, steps, argv, versions, notes, now = new Date() } = run;
  makeFolder(root);
  const fullConfig = { setting, ...config };
  const { id, dir } =
    run.id === undefined
      ? claimFolder(root, run.name ?? setting, fullConfig, now)
      : { id: run.id, dir: namedFolder(root, run.id) };
  const start = processStart(process.pid);
  const info: RunInfo = {
    schema: "crh-lab/run@1",
    id,
    setting,
    status: "running",
    seed,
    steps,
    step: 0,
    argv: [...argv],
    pid: process.pid,
    ...(start === undefined ? {} : { processStart: start }),
    host: hostname(),
    versions,
    startedAt: now.toISOString(),
    ...(notes === undefined ? {} : { notes: [...notes] }),
  };
  writeJson(join(dir, "config.json"), fullConfig);
  writeJson(join(dir, "run.json"), info);
  syncPath(root);
  return new RunFolder(dir);
}

/** Opens an existing run. @throws Error if the folder holds no run or its run.json is damaged */
export function openRun(dir: string): RunFolder {
  if (!existsSync(join(dir, "run.json")))
    throw new Error(`runs: expected a run folder with a run.json, got ${dir}; crh runs lists the runs`);
  const run = new RunFolder(dir);
  run.info();
  run.dropAbandoned();
  return run;
}

export class RunFolder {
  readonly dir: string;
  readonly #metrics: LinesFile<MetricRow>;
  readonly #trajectories: LinesFile<TrajectoryRow>;
  readonly #snapshots: StepFiles;
  readonly #checkpoints: StepFiles;
  readonly #best: StepFiles;
  readonly #moments: StepFiles;

  /** Use createRun or openRun. */
  constructor(dir: string) {
    this.dir = resolve(dir);
    this.#metrics = metricsFile(join(this.dir, "metrics.jsonl"));
    this.#trajectories = trajectoriesFile(join(this.dir, "trajectories.csv"));
    this.#snapshots = new StepFiles(join(this.dir, "snapshots"), "json");
    this.#checkpoints = new StepFiles(join(this.dir, "checkpoints"), "safetensors");
    this.#best = new StepFiles(join(this.dir, "best"), "safetensors");
    this.#moments = new StepFiles(join(this.dir, "moments"), "safetensors");
  }

  /** run.json, with status "interrupted" if it says "running" but its process is gone. */
  info(): RunInfo {
    return withLivingStatus(readRunInfo(join(this.dir, "run.json")));
  }

  config(): Record<string, unknown> {
    return readConfig(join(this.dir, "config.json"));
  }

  /** Changes values of run.json and returns the new one. */
  update(patch: RunPatch): RunInfo {
    const path = join(this.dir, "run.json");
    const info = { ...readRunInfo(path), ...patch } as RunInfo;
    writeJson(path, info);
    return info;
  }

  /**
   * Takes the run over for this process to continue it: sets status "running", removes the entries of its end, deletes
   * partly written files.
   *
   * @throws Error if it is still running, or if run.json says so and names another machine, where this cannot be
   *   checked
   */
  takeOver(argv: readonly string[]): RunInfo {
    const { status, pid, host, id } = this.info();
    if (status === "running") {
      const cure =
        host === hostname()
          ? `stop it first (kill ${pid})`
          : `stop it there; if that machine is gone, set "status" to "interrupted" in ${join(this.dir, "run.json")}`;
      throw new Error(
        `runs: expected a run that has stopped, got ${id}, which process ${pid} on ${host} runs; ${cure}`,
      );
    }
    this.dropHalfWritten();
    const own = { pid: process.pid, processStart: processStart(process.pid), host: hostname() };
    const ended = { endedAt: undefined, error: undefined };
    return this.update({ ...own, ...ended, status: "running", argv: [...argv] });
  }

  /** Deletes files that the previous process left partly written, whether it died or was stopped. */
  dropHalfWritten(): void {
    for (const folder of this.#folders())
      for (const name of readdirSync(folder))
        if (name.endsWith(temporarySuffix)) rmSync(join(folder, name), { force: true });
  }

  /** Deletes files that dead processes of this machine left partly written. */
  dropAbandoned(): void {
    for (const folder of this.#folders()) dropAbandoned(folder);
  }

  #folders(): string[] {
    return ["", ...FOLDERS].map((name) => join(this.dir, name)).filter((folder) => existsSync(folder));
  }

  /** Appends rows to metrics.jsonl; an incomplete last line from an interruption is removed first. */
  appendMetrics(rows: readonly MetricRow[]): void {
    this.#metrics.append(rows);
  }

  metrics(): MetricRow[] {
    return this.#metrics.rows();
  }

  /** Keeps the rows with step <= afterStep, the first action when resuming from a checkpoint of that step. */
  truncateMetrics(afterStep: number): void {
    this.#metrics.truncate(afterStep);
  }

  /** Appends rows of followed points to trajectories.csv; steps ascend. */
  appendTrajectories(rows: readonly TrajectoryRow[]): void {
    this.#trajectories.append(rows);
  }

  trajectories(): TrajectoryRow[] {
    return this.#trajectories.rows();
  }

  /** Keeps the looks before a step, the first action when resuming from a checkpoint of that step. */
  truncateTrajectories(beforeStep: number): void {
    this.#trajectories.truncate(beforeStep - 1);
  }

  /** Writes records/<name>.json: results on the whole run, with their own schema. */
  writeRecord(name: string, record: { readonly schema: string }): void {
    makeFolder(join(this.dir, "records"));
    writeJson(this.#recordPath(name), record);
  }

  /** A record by name; undefined if there is none. @throws Error naming it if it is damaged or has another schema */
  record<T extends { readonly schema: string }>(name: string, schema: T["schema"]): T | undefined {
    const path = this.#recordPath(name);
    if (!existsSync(path)) return undefined;
    return parseRecord<T>(readFileSync(path, "utf8"), path, schema);
  }

  /** The record of an analysis; undefined for a training run. */
  analysis(): AnalysisRecord | undefined {
    const found = this.record<AnalysisRecord>("analysis", ANALYSIS_SCHEMA);
    return found && checkedAnalysis(found, this.#recordPath("analysis"));
  }

  /** The snapshot of the model before training in an analysis, if it had one. @throws Error naming a damaged file */
  initial(): Snapshot | undefined {
    const path = this.#recordPath("initial");
    return existsSync(path) ? readSnapshot({ step: 0, path }) : undefined;
  }

  #recordPath(name: string): string {
    return join(this.dir, "records", `${name}.json`);
  }

  /** Writes the measures of one step; an earlier snapshot of that step is replaced. */
  writeSnapshot(snapshot: Snapshot): void {
    this.#snapshots.write(snapshot.step, `${JSON.stringify(snapshot)}\n`, { sync: true });
  }

  /** All snapshots by ascending step. @throws Error naming a damaged one */
  snapshots(): Snapshot[] {
    return [...this.eachSnapshot()];
  }

  /** The same one by one, read lazily. */
  *eachSnapshot(): Generator<Snapshot> {
    for (const file of this.#snapshots.list()) yield readSnapshot(file);
  }

  /** The snapshot of a step; undefined if that step was not measured. @throws Error naming a damaged one */
  snapshot(step: number): Snapshot | undefined {
    const path = this.#snapshots.path(step);
    return existsSync(path) ? readSnapshot({ step, path }) : undefined;
  }

  /** Deletes the snapshots and moments of later steps. */
  dropSnapshots(afterStep: number): void {
    this.#snapshots.dropAfter(afterStep);
    this.#moments.dropAfter(afterStep);
  }

  /**
   * Writes a checkpoint so that it and all earlier metrics survive a power cut.
   *
   * @param options.keepLast number of checkpoints kept, including this one; Infinity keeps all
   */
  writeCheckpoint(step: number, bytes: Uint8Array, options: { keepLast?: number } = {}): void {
    const { keepLast = KEPT_CHECKPOINTS } = options;
    if (!(keepLast >= 1)) throw new RangeError(`runs: expected to keep at least 1 checkpoint, got ${keepLast}`);
    this.#metrics.sync();
    this.#trajectories.sync();
    this.#checkpoints.write(step, bytes, { sync: true });
    this.#checkpoints.keepLast(keepLast);
    this.#best.keepLast(1);
  }

  /**
   * Writes the checkpoint of the best evaluation so far beside the others. The previous best one is kept until there is
   * a later checkpoint, because a run resumed from the last checkpoint needs it.
   */
  writeBest(step: number, bytes: Uint8Array): void {
    const last = this.checkpoints()[0]?.step ?? -1;
    const before = this.best(last)?.step;
    this.#best.write(step, bytes, { sync: true });
    this.#best.drop((earlier) => earlier !== step && earlier !== before);
  }

  /** All kept checkpoints of best evaluations, the best last; two, if the last regular checkpoint precedes it. */
  bestOnes(): StepFile[] {
    return this.#best.list();
  }

  /**
   * The checkpoint of the best evaluation, of the whole run by default, or up to a step; undefined if none was kept.
   */
  best(upTo = Number.POSITIVE_INFINITY): StepFile | undefined {
    return this.#best.list().findLast(({ step }) => step <= upTo);
  }

  /** The existing checkpoints, newest first. */
  checkpoints(): StepFile[] {
    return this.#checkpoints.list().reverse();
  }

  readCheckpoint(step: number): Uint8Array {
    return readBytes(this.#checkpoints, step, "a checkpoint");
  }

  /** Deletes the checkpoints of later steps, including best ones (used if they are damaged and an older one is not). */
  dropCheckpoints(afterStep: number): void {
    this.#checkpoints.dropAfter(afterStep);
    this.#best.dropAfter(afterStep);
    this.#best.keepLast(1);
  }

  /** @param bytes from encodeMoments */
  writeMoments(step: number, bytes: Uint8Array): void {
    this.#moments.write(step, bytes, { sync: true });
  }

  /** The moments of a step, by default the last that were kept; undefined if none were kept. */
  moments(step?: number): Moments | undefined {
    const last = step ?? this.#moments.list().at(-1)?.step;
    return last === undefined ? undefined : readMoments(this.#moments, last);
  }

  /** The moments of a step as the bytes of their file. @throws Error if they were not kept */
  momentBytes(step: number): Uint8Array {
    return readBytes(this.#moments, step, "moments");
  }

  /** Where the moments of a step are, or would be. */
  momentsPath(step: number): string {
    return this.#moments.path(step);
  }

  /** Steps whose moments were kept, ascending. */
  momentSteps(): number[] {
    return this.#moments.list().map(({ step }) => step);
  }

  /** Deletes the moments of given steps. */
  dropMoments(unwanted: (step: number) => boolean): void {
    this.#moments.drop(unwanted);
  }

  /** Steps that were measured, ascending. */
  snapshotSteps(): number[] {
    return this.#snapshots.list().map(({ step }) => step);
  }

  hasReport(): boolean {
    return existsSync(join(this.dir, "report.html"));
  }

  /** Writes report.html and returns its path. */
  writeReport(html: string): string {
    const path = join(this.dir, "report.html");
    writeWhole(path, html);
    return path;
  }

  /** Writes figures/<name> (with its extension) and returns its path. */
  writeFigure(name: string, content: string): string {
    const folder = join(this.dir, "figures");
    makeFolder(folder);
    const path = join(folder, name.replace(/[^A-Za-z0-9._-]+/g, "-"));
    writeWhole(path, content);
    return path;
  }
}

function namedFolder(root: string, id: string): string {
  const dir = join(root, id);
  writing("runs", root, () => mkdirSync(dir));
  return dir;
}

function claimFolder(root: string, name: string, config: Readonly<Record<string, unknown>>, now: Date) {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const id = runId(name, config, { now, pid: process.pid, attempt });
    const dir = join(root, id);
    if (existsSync(dir)) continue;
    try {
      mkdirSync(dir);
      return { id, dir };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") continue; // another process was faster
      writing("runs", root, () => {
        throw error;
      });
    }
  }
  throw new Error(`runs: expected a free name in ${root}, got ${MAX_ATTEMPTS} taken ones; choose another folder`);
}

function writeJson(path: string, value: unknown): void {
  writeWhole(path, `${JSON.stringify(value, undefined, 2)}\n`, { sync: true });
}

const readSnapshot = ({ path }: StepFile): Snapshot => parseSnapshot(readFileSync(path, "utf8"), path);

function readMoments(files: StepFiles, step: number): Moments {
  const bytes = readBytes(files, step, "moments");
  try {
    return decodeMoments(bytes);
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(`runs: expected moments in ${files.path(step)}, got a damaged file (${reason}); delete that file`, {
      cause: error,
    });
  }
}

function readBytes(files: StepFiles, step: number, what: string): Uint8Array {
  const path = files.path(step);
  if (!existsSync(path)) {
    const steps = files.list().map((file) => file.step);
    throw new Error(
      `runs: expected ${what} of step ${step} in ${files.folder}, got those of steps ${steps.join(", ") || "none"}`,
    );
  }
  return readFileSync(path);
}
