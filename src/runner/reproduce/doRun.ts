/** @file Does one run of a study as `crh run` and `crh resume` would. */
import { DivergedError } from "../../train/diverged.ts";
import type { Watcher } from "../observer.ts";
import { createTraining, type StartedRun } from "../training/createTraining.ts";
import { resumeTraining } from "../training/resumeTraining.ts";
import type { RunOptions } from "../training/runOptions.ts";
import { trainIntoRun } from "../training/trainIntoRun.ts";
import { type Found, readsData } from "./plannedRuns.ts";

export interface DoOptions {
  /** Folder of the runs. */
  readonly runs: string;
  readonly data?: string;
}

/**
 * Starts a missing run, or goes on with one that was begun from its last checkpoint (anew where it has none).
 *
 * @throws Interrupted where the user stops it; a loss that is no number any more is no error here, the run's folder
 *   says it
 */
export async function doRun(found: Found, options: DoOptions, watcher: Watcher): Promise<void> {
  try {
    const { job, experiment } = await startedRun(found, options);
    await trainIntoRun(job, experiment, watcher);
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    watcher.observer.note(`${found.planned.run.label}: ${error.message}`);
  }
}

function startedRun({ planned, state, folder }: Found, { runs, data }: DoOptions): Promise<StartedRun> {
  if (state === "begun" && folder !== undefined)
    return resumeTraining(folder, { runs, yes: true, ...(data && { data }) });
  const { run, parameters } = planned;
  const assignments = Object.entries(run.parameters ?? {}).map(([key, value]) => `${key}=${value}`);
  const options: RunOptions = {
    ...{ seed: run.seed, runs, yes: true, device: "cpu" as const, keep: 1 },
    ...{ moments: run.keepsMoments ? ("final" as const) : ("none" as const), keepBest: "none" as const },
    every: run.measured === "often" ? "log" : (run.measured ?? (parameters.steps as number)), // or the first and the last
    ...(run.preset === undefined ? {} : { preset: run.preset }),
    ...(run.follow === undefined ? {} : { follow: run.follow }),
    ...(run.followEvery === undefined ? {} : { followEvery: run.followEvery }),
    ...(data !== undefined && readsData(planned) ? { data } : {}),
  };
  return createTraining(run.setting, assignments, options);
}
