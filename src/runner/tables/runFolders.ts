/**
 * @file The runs named by words: a run, a folder of runs, or the folder of a sweep, whose runs are in `runs/` beside
 * `plan.json`.
 */
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { isAnalysisRun } from "../../runs/analysisRecord.ts";
import { findRun } from "../../runs/listRuns.ts";
import { openRun } from "../../runs/runFolder.ts";
import { openSweep } from "../../sweeps/sweepFolder.ts";
import type { RunSource } from "../../tables/table.ts";

/**
 * Folders of runs.
 *
 * @param root  folder of runs that are given by name only
 * @param which paths of run folders, of folders of runs, of sweeps; names of runs
 * @param note  receives the progress of unfinished sweeps
 * @returns each folder once, sorted by name within a word
 * @throws Error in one line where a word names no run
 */
export function runFolders(root: string, which: readonly string[], note: (text: string) => void): string[] {
  const found = which.flatMap((word) => foldersOf(root, word, note));
  const real = new Map(found.map((dir) => [realpathSync(dir), dir]));
  return [...real.values()];
}

/** Whether a word names a folder that contains runs and is not a run. */
export function hasRuns(word: string): boolean {
  return isFolder(word) && !isRun(word) && runsIn(word).length > 0;
}

function foldersOf(root: string, word: string, note: (text: string) => void): string[] {
  if (isRun(word)) return [word];
  if (word === root && !existsSync(root))
    throw new Error(`runs: expected a folder of runs, got ${root}, which does not exist; crh run creates it`);
  if (!isFolder(word)) return [findRun(root, word).dir];
  if (isSweep(word)) tellSweep(word, note);
  const inside = runsIn(word);
  if (inside.length > 0) return inside;
  if (existsSync(join(root, word, "run.json"))) return [join(root, word)];
  throw new Error(
    `runs: expected a run, a folder of runs or a sweep, got ${word}, a folder without any run; crh runs lists the runs`,
  );
}

function runsIn(folder: string): string[] {
  const root = isSweep(folder) ? join(folder, "runs") : folder;
  if (!isFolder(root)) return [];
  const names = readdirSync(root).sort();
  return (isSweep(folder) ? lastTakes(names) : names).map((name) => join(root, name)).filter(isRun);
}

/** Of a job taken over from a dead worker, "<job>.1" and so on, the last attempt counts (docs/formats.md). */
function lastTakes(names: readonly string[]): string[] {
  const last = new Map<string, { readonly name: string; readonly take: number }>();
  for (const name of names) {
    const [, job = name, digit = "0"] = /^(.+)\.([1-9])$/.exec(name) ?? [];
    if (Number(digit) >= (last.get(job)?.take ?? 0)) last.set(job, { name, take: Number(digit) });
  }
  return [...last.values()].map(({ name }) => name);
}

/** Notes the progress of an unfinished sweep. */
function tellSweep(folder: string, note: (text: string) => void): void {
  const sweep = openSweep(folder, folder);
  const { done, failed } = sweep.state();
  const { jobs } = sweep.record;
  if (done.size < jobs) note(`${sweep.name}: ${done.size} of ${jobs} jobs are done, ${failed.size} failed`);
}

const isSweep = (folder: string): boolean => existsSync(join(folder, "plan.json"));
const isRun = (path: string): boolean => path !== "" && existsSync(join(path, "run.json"));
const isFolder = (path: string): boolean =>
  path !== "" && (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);

/** One run as a source of tables. @throws Error naming the file if run.json or config.json is damaged */
export function runSource(dir: string): RunSource {
  const folder = openRun(dir);
  const info = folder.info();
  return {
    folder: dir,
    info,
    config: folder.config(),
    isAnalysis: isAnalysisRun(info),
    metrics: () => folder.metrics(),
    trajectories: () => folder.trajectories(),
    snapshots: () => folder.eachSnapshot(),
    snapshot: (step) => folder.snapshot(step),
    snapshotSteps: () => folder.snapshotSteps(),
    initial: () => folder.initial(),
  };
}

/** The result of reading a run: the run, or the reason why it cannot be read. */
export type Opened = { readonly run: RunSource } | { readonly problem: string };

/** Runs one by one, read lazily; a run with damaged run.json or config.json gives the problem. */
export function* openRuns(folders: readonly string[]): Generator<Opened> {
  const seen = new Map<string, string>();
  for (const dir of folders) {
    let opened: Opened;
    try {
      opened = { run: runSource(dir) };
    } catch (error) {
      opened = { problem: (error as Error).message };
    }
    if ("run" in opened) refuseTwice(opened.run, seen);
    yield opened;
  }
}

/** Refuses two runs of the same name, which tables could not distinguish. */
function refuseTwice({ folder, info }: RunSource, seen: Map<string, string>): void {
  const before = seen.get(info.id);
  if (before !== undefined)
    throw new Error(`runs: expected different runs, got ${info.id} in ${before} and in ${folder}; name one of them`);
  seen.set(info.id, folder);
}
