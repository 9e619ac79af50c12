/** @file Writes the requested outputs of an analysis: its run folder, the report, the moments. */
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

/** How an analysis ended: whether the user stopped it, and the error line if it failed. */
export interface Ended {
  readonly isStopped: boolean;
  readonly error?: string | undefined;
}

/** When an analysis began and how it ended. */
export interface Course extends Ended {
  readonly startedAt: Date;
}

/** The measurements of an analysis by step, and the folder that already holds them. */
export interface Measured extends Snapshots {
  readonly folder: RunFolder | undefined;
  readonly snapshots: Snapshot[];
}

/** A kept analysis: the measurements and their description. */
export interface Kept extends Measured {
  readonly about: About;
  /** Bytes of the moments in its folder. */
  readonly momentBytes: number;
  /** Why the requested moments are not written. */
  readonly misfit?: string | undefined;
}

/** Keeps one measurement. */
export function keepMeasurement(found: Snapshots, about: About, course: Course, outputs: AnalysisOutputs): Kept {
  const folder = outputs.save ? createAnalysis(outputs.runs, about, course.startedAt) : undefined;
  if (folder) addMeasurement(folder, found.result);
  return keepAnalysis({ ...found, folder, snapshots: [found.result] }, about, course, outputs);
}

/** Writes everything besides the measurements. */
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
