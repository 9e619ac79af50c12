/** @file Resumes a run from one of its checkpoints, as if it had never stopped. */
import { resolve } from "node:path";
import { dataFolder } from "../../disk/dataFolder.ts";
import { readBytes } from "../../disk/readBytes.ts";
import { parseParameters } from "../../parameters/parse.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import { findSetting } from "../../settings/settings.ts";
import { stepOfCheckpoint } from "../../train/checkpoint.ts";
import { augmentThreads } from "../../workers/augmentThreads.ts";
import { checkDevice } from "../devices.ts";
import { runName } from "../records/runName.ts";
import type { StartedRun } from "./createTraining.ts";
import { following } from "./followed.ts";
import type { ResumeOptions } from "./runOptions.ts";
import { parsePlan } from "./runPlan.ts";

/**
 * Prepares an unfinished run to continue; records after the checkpoint are dropped.
 *
 * @param named the run as the user named it, for its record
 * @throws Error in one line where its files, its checkpoint or its data cannot be used
 */
export async function resumeTraining(
  folder: RunFolder,
  options: ResumeOptions,
  named = folder.dir,
): Promise<StartedRun> {
  const { setting: name, run, preset: _, smaller: __, ...rest } = folder.config(); // included in the parameters
  const setting = await findSetting(String(name));
  const parameters = parseParameters(setting, rest);
  const plan = parsePlan(run);
  const resume = chosenCheckpoint(folder, options.from);
  const data = options.data === undefined ? plan.data : resolve(options.data);
  const built = setting.build(parameters as never, { ...dataFolder(data), augment: augmentThreads });
  await checkDevice(plan.device, "resume");
  const experiment = await following(built, plan, parameters.steps as number);
  folder.takeOver(["resume", named]);
  // Checkpoints first: while a later one exists, resuming continues from it and needs the records before it.
  folder.dropCheckpoints(resume?.step ?? -1);
  folder.truncateMetrics(resume?.step ?? -1);
  folder.truncateTrajectories(resume?.step ?? 0);
  folder.dropSnapshots(resume?.step ?? -1);
  const job = { folder, setting, parameters, plan, confirmed: plan.confirmed || options.yes === true };
  return { job: resume === undefined ? job : { ...job, resume }, experiment };
}

/**
 * The newest checkpoint, or the one at the requested step, which may be the best; undefined if the run stopped before
 * its first.
 *
 * @throws Error in one line if it is damaged, naming the newest earlier one
 */
function chosenCheckpoint(folder: RunFolder, from: number | undefined) {
  const newest = folder.checkpoints();
  if (from === undefined && newest.length === 0) return undefined;
  const others = folder.bestOnes().filter(({ step }) => newest.every((checkpoint) => checkpoint.step !== step));
  const all = [...newest, ...others].sort((x, y) => y.step - x.step);
  const chosen = from === undefined ? newest[0]! : all.find(({ step }) => step === from);
  if (chosen === undefined)
    throw new Error(
      `resume: expected a checkpoint of step ${from}, got those of steps ${all.map(({ step }) => step).join(", ") || "none"}`,
    );
  const bytes = readBytes(chosen.path);
  try {
    return { bytes, step: stepOfCheckpoint(bytes) };
  } catch (error) {
    const earlier = newest.find(({ step }) => step < chosen.step);
    const cure =
      earlier === undefined
        ? "start the run again"
        : `continue from an earlier one with crh resume ${runName(folder, folder.info().id)} --from ${earlier.step}`;
    throw new Error(
      `resume: expected a whole checkpoint, got a damaged ${chosen.path} (${(error as Error).message}); ${cure}`,
    );
  }
}
