import type { ClaimData } from "../findings/claims/claim.ts";
import { counted, listed } from "../findings/numbers.ts";
import type { PicturesRecord } from "../findings/picturesRecord.ts";
import type { FollowedRun } from "../findings/twopoint/twopointRecord.ts";
import type { WatchedRecord } from "../findings/watchedRecord.ts";
import type { LayerSnapshot, Snapshot } from "../measure/snapshot.ts";
import { isMap, type Moments } from "../moments/moments.ts";
import type { MetricRow } from "../runs/metricsFile.ts";
import type { RunInfo } from "../runs/runInfo.ts";

/** Data that every report has. */
interface Reported {
  /** Every parameter of a run, or every option of an analysis. */
  config: Record<string, unknown>;
  /** Sources and chosen values. */
  notes: string[];
  /** All measurements of a run, in any order; the one of an analysis. */
  snapshots: Snapshot[];
  /** The last moments kept, for matrices and entries. */
  moments?: Moments;
}

/** A training run. */
export interface RunReport extends Reported {
  info: RunInfo;
  metrics: MetricRow[];
  /** For runs that follow points. */
  twopoint?: FollowedRun;
  /** For runs that watch numbers besides loss and moments; the values are among the metrics. */
  watched?: WatchedRecord;
  /** For runs whose network makes images. */
  pictures?: PicturesRecord;
  /** For checkpoints that were trained elsewhere and measured here, one step each. */
  series?: AnalysisInfo;
}

/** One measurement, of a given model or from moments made elsewhere. */
export interface AnalysisReport extends Reported {
  analysis: AnalysisInfo;
  /** The network before training on the same samples, where its file was given. */
  initial?: Snapshot;
}

/**
 * What was measured, and how. Objective, samples, loss and accuracy are those of the snapshot. Files have the names
 * that the reader knows.
 */
export interface AnalysisInfo {
  title: string;
  model?: string;
  inputs?: readonly string[];
  targets?: readonly string[];
  /** The model before training, whose values are shown as the start. */
  initial?: string;
  /** Moments files or raw captures, where these were read instead of a model. */
  captures?: readonly string[];
  /** Samples that should have been measured, where the measurement was stopped early. */
  plannedSamples?: number;
  /** ISO 8601, UTC. */
  measuredAt: string;
  durationMs?: number;
  versions: RunInfo["versions"];
  /** The command that reproduces it. */
  argv: readonly string[];
}

export type ReportData = RunReport | AnalysisReport;

export function isAnalysis(data: ReportData): data is AnalysisReport {
  return "analysis" in data;
}

/** Whether the report is of a run that trained a network here. */
export function trained(data: ReportData): data is RunReport {
  return !isAnalysis(data) && data.series === undefined;
}

/** The followed points of a run, if it has any. */
export function followedOf(data: ReportData): FollowedRun | undefined {
  return isAnalysis(data) ? undefined : data.twopoint;
}

/** Whether it is a run that follows points and measures nothing else: its page has no sections on alignments. */
export function followsAlone(data: ReportData): boolean {
  return followedOf(data) !== undefined && data.snapshots.length === 0;
}

/**
 * The data for findings: of a run its measurements, parameters, losses and rates, of an analysis the measurements only.
 */
export function courseOf(data: ReportData): ClaimData {
  const { snapshots } = data;
  if (isAnalysis(data)) return data.initial ? { snapshots, initial: data.initial } : { snapshots };
  const { config, metrics, info } = data;
  return { snapshots, config, metrics, step: info.step, steps: info.steps };
}

/** "20 maps", "20 maps and 8 attention heads". */
export function layersInWords(layers: readonly LayerSnapshot[]): string {
  const count = (wanted: (layer: LayerSnapshot) => boolean, noun: string) => {
    const found = layers.filter(wanted).length;
    return found > 0 ? [counted(found, noun)] : [];
  };
  const parts = [
    ...count(isMap, "map"),
    ...count(({ kind }) => kind === "head", "attention head"),
    ...count(({ kind }) => kind === "block", "block"),
  ];
  return parts.length > 0 ? listed(parts) : "no layer";
}

/** All measurements, that of the network before training first where an analysis has it: both may say step 0. */
export function withStart(data: ReportData): readonly Snapshot[] {
  return isAnalysis(data) && data.initial ? [data.initial, ...data.snapshots] : data.snapshots;
}
