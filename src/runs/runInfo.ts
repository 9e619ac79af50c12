/** @file run.json and config.json as files, and whether the process of a run is alive. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { processRuns } from "./processRuns.ts";
import { parseConfig, parseRunInfo, type RunInfo, wrongJson } from "./runInfoForm.ts";

export type { RunInfo, RunStatus } from "./runInfoForm.ts";

/**
 * Reads run.json unchanged, without checking whether the process is alive.
 *
 * @throws Error with the file, its fault and the cure
 */
export function readRunInfo(path: string): RunInfo {
  return parseRunInfo(read(path, "a run.json of schema crh-lab/run@1"), path);
}

/** @throws Error with the file, its fault and the cure */
export function readConfig(path: string): Record<string, unknown> {
  return parseConfig(read(path, "a config.json with a setting"), path);
}

/** The same run with status "interrupted" if it says "running" but its process, on this machine, is gone. */
export function withLivingStatus(info: RunInfo): RunInfo {
  if (info.status !== "running" || info.host !== hostname() || processRuns(info.pid, info.processStart)) return info;
  return { ...info, status: "interrupted" };
}

function read(path: string, expected: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code = "unknown reason" } = error as NodeJS.ErrnoException;
    throw wrongJson(expected, path, `none that can be read (${code})`);
  }
}
