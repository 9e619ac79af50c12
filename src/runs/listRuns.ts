/**
 * @file Finds runs: all in a folder, or one by its name, a prefix of its name, its path or "latest".
 */
import { existsSync, readdirSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { lastMetrics } from "./metricsFile.ts";
import { openRun, type RunFolder } from "./runFolder.ts";
import { type RunInfo, readRunInfo, withLivingStatus } from "./runInfo.ts";
import { writing } from "./writeFile.ts";

/** One run of a list; a run with damaged run.json has `problem` instead of `info`. */
export interface RunSummary {
  readonly id: string;
  readonly dir: string;
  readonly info?: RunInfo;
  /** Value of each quantity in the last rows of metrics.jsonl. */
  readonly last?: Readonly<Record<string, number>>;
  readonly problem?: string;
}

/** All runs of a folder, newest first, damaged ones last. A missing folder has none. */
export function listRuns(root: string): RunSummary[] {
  if (!existsSync(root)) return [];
  return writing("runs", root, () => readdirSync(root, { withFileTypes: true }))
    .filter((entry) => !entry.isFile() && existsSync(join(root, entry.name, "run.json")))
    .map((entry) => summarizeRun(resolve(root, entry.name), entry.name))
    .sort(newestFirst);
}

/**
 * One run of a folder.
 *
 * @param which "latest", a run's name, a prefix of it or of its last six digits, or the path of a run folder
 * @throws Error if no run or more than one matches
 */
export function findRun(root: string, which: string): RunFolder {
  if (which === "latest") {
    const latest = listRuns(root).find(({ info }) => info !== undefined);
    if (latest === undefined)
      throw new Error(`runs: expected at least one run in ${root}, got none; crh run makes one`);
    return openRun(latest.dir);
  }
  if (which !== "" && !isAbsolute(which) && existsSync(join(root, which, "run.json")))
    return openRun(join(root, which));
  if (isAbsolute(which) || /[\\/]/.test(which) || existsSync(join(which, "run.json"))) return openRun(which);
  const runs = listRuns(root);
  const matches = runs.filter(({ id }) => which !== "" && (id.startsWith(which) || hashOf(id).startsWith(which)));
  if (matches.length === 1) return openRun(matches[0]!.dir);
  const names = (matches.length > 1 ? matches : runs).map(({ id }) => id);
  const shown = `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`;
  throw new Error(
    matches.length > 1
      ? `runs: expected the name of one run, got "${which}", with which ${names.length} begin (${shown}); write more of it`
      : `runs: expected the name of a run in ${root} (${shown || "there is none"}), got "${which}"; crh runs lists them`,
  );
}

/** The summary of a run; a damaged run has `problem`. */
export function summarizeRun(dir: string, id: string): RunSummary {
  try {
    const info = withLivingStatus(readRunInfo(join(dir, "run.json")));
    return { id, dir, info, last: Object.fromEntries(lastMetrics(join(dir, "metrics.jsonl"))) };
  } catch (error) {
    return { id, dir, problem: (error as Error).message };
  }
}

/** Comparator of a list: newest start first, damaged runs last. */
export function newestFirst(x: RunSummary, y: RunSummary): number {
  const [timeX, timeY] = [x.info?.startedAt ?? "", y.info?.startedAt ?? ""];
  if (timeX !== timeY) return timeX < timeY ? 1 : -1;
  return x.id < y.id ? 1 : -1;
}

function hashOf(id: string): string {
  return id.slice(id.lastIndexOf("-") + 1);
}
