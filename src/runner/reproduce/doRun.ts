/** @file Does one run of a study as `crh run` and `crh resume` would, without their tables. */

import { DivergedError } from "../../train/diverged.ts";
import type { RunOptions } from "../../cli/commandOptions.ts";
import { resumeCommand } from "../../cli/commands/resume.ts";
import { runCommand } from "../../cli/commands/run.ts";
import type { Io } from "../../cli/io.ts";
import { type Found, readsData } from "./plannedRuns.ts";

export interface DoOptions {
  /** Folder of the runs. */
  readonly out: string;
  readonly data?: string;
  readonly quiet: boolean;
}

/**
 * Starts a missing run, or goes on with one that was begun from its last checkpoint (anew where it has none).
 *
 * @throws Interrupted where the user stops it; a loss that is no number any more is no error here, the run's folder
 *   says it
 */
export async function doRun({ planned, state, folder }: Found, { out, data, quiet }: DoOptions, io: Io): Promise<void> {
  const silent: Io = { ...io, stdout: { write: () => true }, interruption: () => io.interruption() };
  const { run, parameters } = planned;
  try {
    if (state === "begun" && folder !== undefined) {
      await resumeCommand(folder.dir, { in: out, yes: true, quiet, ...(data && { data }) }, silent);
      return;
    }
    const assignments = Object.entries(run.parameters ?? {}).map(([key, value]) => `${key}=${value}`);
    const options: RunOptions = {
      ...{ seed: run.seed, out, quiet, yes: true, device: "cpu" as const, keep: 1 },
      ...{ moments: run.keepsMoments ? ("final" as const) : ("none" as const), keepBest: "none" as const },
      every: run.measured === "often" ? "log" : (parameters.steps as number), // the first and the last step
      ...(run.preset === undefined ? {} : { preset: run.preset }),
      ...(run.follow === undefined ? {} : { follow: run.follow }),
      ...(run.followEvery === undefined ? {} : { followEvery: run.followEvery }),
      ...(data !== undefined && readsData(planned) ? { data } : {}),
    };
    await runCommand(run.setting, assignments, options, silent);
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    io.stderr.write(`${run.label}: ${error.message}\n`);
  }
}
