/** @file `crh resume`: goes on with a run from its last checkpoint, as if it had never stopped. */
import { resolve } from "node:path";
import { parseParameters } from "../../parameters/parse.ts";
import { commandLine } from "../../report/closing.ts";
import { isAnalysisRun } from "../../runs/analysisRecord.ts";
import { findRun } from "../../runs/listRuns.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import { findSetting } from "../../settings/settings.ts";
import { stepOfCheckpoint } from "../../train/checkpoint.ts";
import { augmentThreads } from "../../workers/augmentThreads.ts";
import type { ResumeOptions } from "../commandOptions.ts";
import { checkDevice } from "../devices.ts";
import { following } from "../followed.ts";
import type { Io } from "../io.ts";
import { readBytes } from "../readBytes.ts";
import { readingRun } from "../readingRun.ts";
import { runName } from "../runName.ts";
import { parsePlan } from "../runPlan.ts";
import { surroundings } from "../surroundings.ts";
import { present, trainIntoRun, writeReport } from "../trainIntoRun.ts";

export async function resumeCommand(which: string, options: ResumeOptions, io: Io): Promise<void> {
  const folder = findRun(options.in, which);
  if (isAnalysisRun(folder.info()))
    throw new Error(
      `resume: expected a training run, got ${folder.info().id}, which is an analysis; ${commandLine(folder.info().argv)} makes it again`,
    );
  if (folder.info().status === "finished") {
    io.stderr.write(`resume: ${folder.info().id} is finished already\n`);
    await readingRun(which, () => {
      if (!folder.hasReport()) {
        folder.dropHalfWritten(); // it was killed while it wrote the report
        writeReport(folder);
      }
      present(folder, options, io);
    });
    return;
  }
  const { setting: name, run, preset: _, smaller: __, ...rest } = folder.config(); // the parameters hold what these say
  const setting = await findSetting(String(name));
  const parameters = parseParameters(setting, rest);
  const plan = parsePlan(run);
  const resume = chosenCheckpoint(folder, options.from);
  const data = options.data === undefined ? plan.data : resolve(options.data);
  const built = setting.build(parameters as never, { ...surroundings(data), augment: augmentThreads });
  await checkDevice(plan.device, "resume");
  const experiment = await following(built, plan, parameters.steps as number);
  folder.takeOver(["resume", which]);
  // Checkpoints first: while a later one is there, resuming goes on from it, and must find what was recorded before it.
  folder.dropCheckpoints(resume?.step ?? -1);
  folder.truncateMetrics(resume?.step ?? -1);
  folder.truncateTrajectories(resume?.step ?? 0);
  folder.dropSnapshots(resume?.step ?? -1);
  const job = { folder, setting, parameters, plan, confirmed: plan.confirmed || options.yes === true };
  await trainIntoRun(resume === undefined ? job : { ...job, resume }, experiment, options, io);
}

/**
 * The newest checkpoint, or the one of the step asked for, which may be the best; none if the run was stopped before its first.
 *
 * @throws Error in one line when it is torn, naming the newest earlier one
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
        ? "start the run anew"
        : `go on from an earlier one with crh resume ${runName(folder, folder.info().id)} --from ${earlier.step}`;
    throw new Error(
      `resume: expected a whole checkpoint, got a damaged ${chosen.path} (${(error as Error).message}); ${cure}`,
    );
  }
}
