/** @file The page of a run, and what it is made from. */
import { type ReportData, renderReport } from "../../report/report.ts";
import { isAnalysis } from "../../report/reportData.ts";
import type { AnalysisRecord } from "../../runs/analysisRecord.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import { analysisReport } from "../analysis/analysisFolder.ts";
import { picturesOf } from "./pictures.ts";
import { runMeasurements } from "./runMeasurements.ts";
import { followedRun } from "./twopointRecord.ts";
import { watchedOf } from "./watched.ts";

/** Writes report.html, unless there is nothing to report yet. */
export async function writeReport(folder: RunFolder): Promise<string | undefined> {
  const data = await reportData(folder);
  return isEmpty(data) ? undefined : folder.writeReport(renderReport(data));
}

/** Whether there is nothing to report yet: neither a measurement nor a look at followed points or watched numbers. */
export function isEmpty(data: ReportData): boolean {
  if (isAnalysis(data)) return data.snapshots.length === 0;
  const watches = data.watched !== undefined && data.metrics.length > 0;
  return data.snapshots.length === 0 && data.twopoint === undefined && !watches;
}

/** Everything that the report of a run is made from. */
export async function reportData(run: RunFolder): Promise<ReportData> {
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
    snapshots: await runMeasurements(run),
    ...(moments === undefined ? {} : { moments }),
    ...(twopoint === undefined ? {} : { twopoint }),
    ...(watched === undefined ? {} : { watched }),
    ...(pictures === undefined ? {} : { pictures }),
  };
}

async function analysisData(run: RunFolder, record: AnalysisRecord): Promise<ReportData> {
  return analysisReport(run.info(), record, {
    config: run.config(),
    snapshots: await runMeasurements(run),
    metrics: run.metrics(),
    initial: run.initial(),
    moments: run.moments(),
  });
}
