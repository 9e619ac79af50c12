/** @file The report of a run, and its data. */
import "../../figuresNode/linkedomDocument.ts";
import type { Snapshot } from "../../measure/snapshot.ts";
import { analysisReport } from "../../report/analysisReport.ts";
import { type ReportData, renderReport } from "../../report/report.ts";
import { isAnalysis } from "../../report/reportData.ts";
import type { MetricRow } from "../../runs/metricsFile.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import { picturesOf } from "./pictures.ts";
import { runMeasurements } from "./runMeasurements.ts";
import { followedRun } from "./twopointRecord.ts";
import { watchedOf } from "./watched.ts";

/** Writes report.html, unless there is nothing to report yet. */
export async function writeReport(folder: RunFolder): Promise<string | undefined> {
  const data = await reportData(folder);
  return isEmpty(data) ? undefined : folder.writeReport(renderReport(data));
}

/** Whether there is nothing to report yet: no measurement, no look at followed points, no watched numbers. */
export function isEmpty(data: ReportData): boolean {
  if (isAnalysis(data)) return data.snapshots.length === 0;
  const watches = data.watched !== undefined && data.metrics.length > 0;
  return data.snapshots.length === 0 && data.twopoint === undefined && !watches;
}

/** The data of a run's report. */
export async function reportData(run: RunFolder): Promise<ReportData> {
  const moments = run.moments();
  const frame = reportFrame(run, { snapshots: await runMeasurements(run), metrics: run.metrics() });
  return { ...frame, ...(moments === undefined ? {} : { moments }) };
}

/** The same for given measurements and metrics, without moments. */
export function reportFrame(
  run: RunFolder,
  measured: { readonly snapshots: Snapshot[]; readonly metrics: MetricRow[] },
): ReportData {
  const analysis = run.analysis();
  const info = run.info();
  const config = run.config();
  if (analysis !== undefined)
    return analysisReport(info, analysis, { ...measured, config, initial: run.initial(), moments: undefined });
  const twopoint = followedRun(run);
  const watched = watchedOf(run);
  const pictures = picturesOf(run);
  return {
    ...measured,
    info,
    config,
    notes: info.notes ?? [],
    ...(twopoint === undefined ? {} : { twopoint }),
    ...(watched === undefined ? {} : { watched }),
    ...(pictures === undefined ? {} : { pictures }),
  };
}
