/**
 * @file `crh report`: the page of a run that is there, written anew; on request its figures as files.
 */
import { resolve } from "node:path";
import { standaloneSvg } from "../../figures/figure.ts";
import { type ReportData, renderReport, reportFigures } from "../../report/report.ts";
import { isAnalysis } from "../../report/reportData.ts";
import type { AnalysisRecord } from "../../runs/analysisRecord.ts";
import { findRun } from "../../runs/listRuns.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import { writeWhole } from "../../runs/writeFile.ts";
import { analysisReport } from "../../runner/analysis/analysisFolder.ts";
import { openPage } from "../browser.ts";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { picturesOf } from "../../runner/records/pictures.ts";
import { runMeasurements } from "../../runner/records/runMeasurements.ts";
import { followedRun } from "../../runner/records/twopointRecord.ts";
import { watchedOf } from "../watched.ts";

export interface ReportOptions {
  readonly in: string;
  /** File to write; "-" is stdout; by default report.html in the run's folder. */
  readonly output?: string;
  /** Also write every figure as SVG and CSV to figures/ in the run's folder. */
  readonly figures?: boolean;
  /** Show it in the browser. */
  readonly open?: boolean;
}

/** Writes the report and prints its path on stdout. */
export async function reportCommand(which: string, options: ReportOptions, io: Io): Promise<void> {
  const run = findRun(options.in, which);
  const data = reportData(run);
  if (isEmpty(data))
    throw new Error(`report: expected a run with a measurement, got none in ${run.dir}; let it run on with crh resume`);
  const { output } = options;
  if (output === "") throw new UsageError("crh report: expected a file after -o, got nothing");
  const html = renderReport(data);
  if (output === "-" && options.open === true)
    throw new UsageError('crh report: expected --open with a file, got "-" for -o; leave one out');
  if (options.figures === true) writeFigures(run, data);
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
  if (options.open === true) await openPage(path, io);
  else io.stdout.write(`${path}\n`);
}

/** Numbered as on the page, so that a folder lists them in its order. */
function writeFigures(run: RunFolder, data: ReportData): void {
  for (const { name, figure } of reportFigures(data)) {
    run.writeFigure(`${name}.svg`, standaloneSvg(figure.svg));
    run.writeFigure(`${name}.csv`, figure.csv);
  }
}

/** Whether there is nothing to report yet: neither a measurement nor a look at followed points or watched numbers. */
export function isEmpty(data: ReportData): boolean {
  if (isAnalysis(data)) return data.snapshots.length === 0;
  const watches = data.watched !== undefined && data.metrics.length > 0;
  return data.snapshots.length === 0 && data.twopoint === undefined && !watches;
}

/** Everything that the report of a run is made from. */
export function reportData(run: RunFolder): ReportData {
  const analysis = run.analysis();
  if (analysis) return analysisData(run, analysis);
  const info = run.info();
  const moments = run.moments();
  const twopoint = followedRun(run);
  const watched = watchedOf(run);
  const pictures = picturesOf(run);
  return {
    info,
    config: run.config(),
    notes: info.notes ?? [],
    metrics: run.metrics(),
    snapshots: runMeasurements(run),
    ...(moments === undefined ? {} : { moments }),
    ...(twopoint === undefined ? {} : { twopoint }),
    ...(watched === undefined ? {} : { watched }),
    ...(pictures === undefined ? {} : { pictures }),
  };
}

function analysisData(run: RunFolder, record: AnalysisRecord): ReportData {
  return analysisReport(run.info(), record, {
    config: run.config(),
    snapshots: runMeasurements(run),
    metrics: run.metrics(),
    initial: run.initial(),
    moments: run.moments(),
  });
}
