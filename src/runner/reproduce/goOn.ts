/** @file Continues one run of a study as `crh resume` would. */
import { DivergedError } from "../../train/diverged.ts";
import type { Watcher } from "../observer.ts";
import { resumeTraining } from "../training/resumeTraining.ts";
import { trainIntoRun } from "../training/trainIntoRun.ts";
import type { Found } from "./found.ts";

export interface GoOnOptions {
  /** Folder of the runs. */
  readonly runs: string;
  readonly data?: string;
}

/**
 * Continues an unfinished run from its last checkpoint, or starts it again if it has none.
 *
 * @throws Interrupted where the user stops it; divergence is not an error here, it is recorded in the run's folder
 */
export async function goOn({ planned, folder }: Found, { runs, data }: GoOnOptions, watcher: Watcher): Promise<void> {
  try {
    const { job, experiment } = await resumeTraining(folder!, { runs, yes: true, ...(data && { data }) });
    await trainIntoRun(job, experiment, watcher);
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    watcher.observer.note(`${planned.run.label}: ${error.message}`);
  }
}
