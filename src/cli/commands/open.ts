/** @file `crh open`: opens the report of a run or an analysis, or an existing page, in the browser. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeReport } from "../../runner/records/runReport.ts";
import { findRun } from "../../runs/listRuns.ts";
import { openPage } from "../browser.ts";
import type { Io } from "../io.ts";

export interface OpenOptions {
  readonly runs: string;
}

/** @throws Error in one line if there is no such run, or nothing to show yet */
export async function openCommand(which: string, options: OpenOptions, io: Io): Promise<void> {
  if (/\.html?$/i.test(which) && existsSync(which) && statSync(which).isFile()) {
    await openPage(which, io);
    return;
  }
  const run = findRun(options.runs, which);
  const path = run.hasReport() ? join(run.dir, "report.html") : await writeReport(run);
  if (path === undefined)
    throw new Error(`open: expected a run with a measurement, got none in ${run.dir}; continue it with crh resume`);
  await openPage(path, io);
}
