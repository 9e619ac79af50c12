/** @file The data of an analysis report. */
import type { Snapshot } from "../measure/snapshot.ts";
import type { Moments } from "../moments/moments.ts";
import type { AnalysisRecord } from "../runs/analysisRecord.ts";
import type { MetricRow } from "../runs/metricRow.ts";
import type { RunInfo } from "../runs/runInfoForm.ts";
import type { AnalysisReport, RunReport } from "./reportData.ts";

/** The data of an analysis report, from one measurement or from several over steps. */
export function analysisReport(
  info: RunInfo,
  record: Omit<AnalysisRecord, "schema">,
  found: {
    readonly config: Readonly<Record<string, unknown>>;
    readonly snapshots: Snapshot[];
    readonly metrics: MetricRow[];
    readonly initial: Snapshot | undefined;
    readonly moments: Moments | undefined;
  },
): AnalysisReport | RunReport {
  const { models, initial: file, ...files } = record;
  const { config, snapshots, metrics, initial, moments } = found;
  const measured = {
    config: { ...config },
    notes: info.notes ?? [],
    snapshots,
    ...(moments && { moments }),
  };
  const analysis = {
    ...files,
    ...(models.length > 0 && { model: models.map((one) => one.file).join(", ") }),
    ...(initial !== undefined && file !== undefined && { initial: file }),
    measuredAt: info.endedAt ?? info.startedAt,
    ...(info.durationMs !== undefined && { durationMs: info.durationMs }),
    versions: info.versions,
    argv: info.argv,
  };
  if (models.length > 1 || snapshots.length > 1) return { ...measured, info, metrics, series: analysis };
  return { ...measured, analysis, ...(initial && { initial }) };
}
