/** @file Keeps an analysis as it was asked for: its run folder, the report, the moments. */
import "../../figuresNode/linkedomDocument.ts";
import { resolve } from "node:path";
import type { Snapshot } from "../../measure/snapshot.ts";
import { encodeMoments, misfitWords } from "../../moments/momentsFile.ts";
import { analysisReport } from "../../report/analysisReport.ts";
import { renderReport } from "../../report/report.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import { writeWhole } from "../../runs/writeFile.ts";
import {
  type About,
  addMeasurement,
  createAnalysis,
  type Ending,
  endAnalysis,
  metricsOf,
  unsavedInfo,
} from "./analysisFolder.ts";
import type { AnalysisOutputs } from "./analyzeOptions.ts";
import type { Snapshots } from "./measuredSnapshots.ts";

/** How an analysis ended: whether the user stopped it, and the line with which it failed, where it did. */
export interface Ended {
  readonly isStopped: boolean;
  readonly error?: string | undefined;
}

/** When an analysis began, and how it ended. */
export interface Course extends Ended {
  readonly startedAt: Date;
}

/** The measurements of an analysis, by step, and the folder that has them already. */
export interface Measured extends Snapshots {
  readonly folder: RunFolder | undefined;
  readonly snapshots: Snapshot[];
}

/** An analysis that is kept: what was found, and of what. */
export interface Kept extends Measured {
  readonly about: About;
  /** Bytes of the moments in its folder. */
  readonly momentBytes: number;
  /** Why the moments that were asked for are not written. */
  readonly misfit?: string | undefined;
}

/** Keeps one measurement. */
export function keepMeasurement(found: Snapshots, about: About, course: Course, outputs: AnalysisOutputs): Kept {
  const folder = outputs.save ? createAnalysis(outputs.runs, about, course.startedAt) : undefined;
  if (folder) addMeasurement(folder, found.result);
  return keepAnalysis({ ...found, folder, snapshots: [found.result] }, about, course, outputs);
}

/** Writes what stands beside the measurements. */
export function keepAnalysis(found: Measured, about: About, course: Course, outputs: AnalysisOutputs): Kept {
  const { folder, snapshots, result, initial, total } = found;
  const { startedAt, isStopped, error } = course;
  const now = new Date();
  const ending: Ending = {
    status: error !== undefined ? "failed" : isStopped ? "interrupted" : "finished",
    error,
    endedAt: now.toISOString(),
    durationMs: now.getTime() - startedAt.getTime(),
    ...{ total, isWhole: total.layers.length === result.layers.length, initial },
  };
  const misfit = outputs.moments === undefined ? undefined : misfitWords(total);
  if (outputs.moments !== undefined && misfit === undefined)
    writeWhole(resolve(outputs.moments), encodeMoments(total), { where: "moments" });
  const momentBytes = folder ? endAnalysis(folder, ending) : 0;
  if (folder !== undefined || outputs.out !== undefined) {
    const info = folder?.info() ?? unsavedInfo(about, ending);
    const { config } = about;
    const html = renderReport(
      analysisReport(info, about.record, { config, snapshots, metrics: metricsOf(snapshots), initial, moments: total }),
    );
    folder?.writeReport(html);
    if (outputs.out !== undefined) writeWhole(resolve(outputs.out), html, { where: "report" });
  }
  return { ...found, about, momentBytes, misfit };
}
