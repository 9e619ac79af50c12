/** @file `crh resume`: continues a run from its last checkpoint, as if it had never stopped. */
import { commandLine } from "../../report/pageEnd.ts";
import { readingRun } from "../../runner/records/readingRun.ts";
import { writeReport } from "../../runner/records/runReport.ts";
import { resumeTraining } from "../../runner/training/resumeTraining.ts";
import type { ResumeOptions } from "../../runner/training/runOptions.ts";
import { trainIntoRun } from "../../runner/training/trainIntoRun.ts";
import { isAnalysisRun } from "../../runs/analysisRecord.ts";
import { findRun } from "../../runs/listRuns.ts";
import type { Presentation } from "../commandOptions.ts";
import type { Io } from "../io.ts";
import { presentRun } from "../presentRun.ts";
import { terminalObserver } from "../progress.ts";

export async function resumeCommand(which: string, options: ResumeOptions & Presentation, io: Io): Promise<void> {
  const folder = findRun(options.runs, which);
  if (isAnalysisRun(folder.info()))
    throw new Error(
      `resume: expected a training run, got ${folder.info().id}, which is an analysis; ${commandLine(folder.info().argv)} makes it again`,
    );
  if (folder.info().status === "finished") {
    await readingRun(which, async () => {
      if (!folder.hasReport()) {
        folder.dropHalfWritten(); // it was killed while writing the report
        await writeReport(folder);
      }
      await presentRun(folder, options, io);
    });
    io.stderr.write(`crh resume: ${folder.info().id} is finished already\n`);
    return;
  }
  const { job, experiment } = await resumeTraining(folder, options, which);
  const observer = terminalObserver(io, { quiet: options.quiet });
  await trainIntoRun(job, experiment, { observer, signal: io.interruption() });
  await presentRun(folder, options, io);
}
