/**
 * @file `crh report`: the page of a run that is there, written anew.
 */
import { resolve } from "node:path";
import { type ReportData, renderReport } from "../../report/report.ts";
import { findRun } from "../../runs/listRuns.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import { writeWhole } from "../../runs/writeFile.ts";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";

export interface ReportOptions {
  readonly in: string;
  /** File to write; "-" is stdout; by default report.html in the run's folder. */
  readonly output?: string;
}

/** Writes the report and prints its path on stdout. */
export async function reportCommand(which: string, options: ReportOptions, io: Io): Promise<void> {
  const run = findRun(options.in, which);
  const data = reportData(run);
  if (data.snapshots.length === 0)
    throw new Error(`report: expected a run with a measurement, got none in ${run.dir}; let it run on with crh resume`);
  const html = renderReport(data);
  const { output } = options;
  if (output === "") throw new UsageError("crh report: expected a file after -o, got nothing");
  if (output === "-") {
    io.stdout.write(html);
    return;
  }
  let path: string;
  if (output === undefined) path = run.writeReport(html);
  else {
    path = resolve(output);
    writeWhole(path, html, { where: "report" });
  }
  io.stdout.write(`${path}\n`);
}

/** Everything that the report of a run is made from. */
export function reportData(run: RunFolder): ReportData {
  const info = run.info();
  const moments = run.moments();
  return {
    info,
    config: run.config(),
    notes: info.notes ?? [],
    metrics: run.metrics(),
    snapshots: run.snapshots(),
    ...(moments === undefined ? {} : { moments }),
  };
}
