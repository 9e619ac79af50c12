/**
 * @file Trains an experiment into its run folder: metrics, snapshots, moments and checkpoints during training, the
 * report at the end, and a correct status in every case. Shared by `crh run` and `crh resume`.
 */
import { nodeEngineOn } from "../../engineNode/nodeEngine.ts";
import type { RunInfo } from "../../runs/runInfo.ts";
import type { Setting } from "../../settings/setting.ts";
import { DivergedError } from "../../train/diverged.ts";
import { type Milestones, milestones } from "../../train/milestones.ts";
import { train } from "../../train/train.ts";
import type { TrainObserver, TrainResult } from "../../train/trainOptions.ts";
import { LayerPool } from "../../workers/layerPool.ts";
import { Interrupted } from "../errors.ts";
import type { Progress, Watcher } from "../observer.ts";
import { picturesRecord } from "../records/pictures.ts";
import { runName } from "../records/runName.ts";
import { writeReport } from "../records/runReport.ts";
import { recordTwopoint } from "../records/twopointRecord.ts";
import { watchedRecord } from "../records/watched.ts";
import { Confirmation } from "./confirmation.ts";
import { CostEstimate } from "./costEstimate.ts";
import { EarlierMoments } from "./earlierMoments.ts";
import { bestSoFar, evaluatedIn } from "./evaluations.ts";
import { Followed } from "./followed.ts";
import { Measurements } from "./measurements.ts";
import type { RunPlan } from "./runPlan.ts";
import type { TrainJob } from "./trainJob.ts";

/** Resources that a run shares with others that train at the same time. */
export interface SharedResources {
  /** Replaces `train`. */
  readonly train: typeof train;
  /** Measuring threads, closed by their creator. */
  readonly measuring: LayerPool;
}

/**
 * Trains and writes all results.
 *
 * @param shared resources shared with other runs. Default: none
 * @throws Interrupted where the run was stopped early; its results so far are kept
 */
export async function trainIntoRun(
  job: TrainJob,
  experiment: ReturnType<Setting["build"]>,
  { observer, signal: stopped }: Watcher,
  shared?: SharedResources,
): Promise<void> {
  const { folder, resume } = job;
  const steps = job.parameters.steps as number;
  const progress = observer.progress(folder.info().setting, steps, {
    start: resume?.step ?? 0,
    endRate: false, // it would include measuring; the rate of the steps is reported below
  });
  const started = performance.now();
  let completed = false;
  try {
    progress.say(`run folder: ${folder.dir}`);
    for (const note of experiment.notes ?? []) progress.say(note);
    const schedule = milestonesOf(job.plan, steps);
    const cost = costOf(job, schedule, progress);
    progress.pace = cost.pace;
    const signal = AbortSignal.any([stopped, cost.signal]);
    const result = await runTraining(job, experiment, progress, { schedule, cost, signal, shared });
    const done = result.step === steps;
    if (done && experiment.pictures !== undefined)
      folder.writeRecord("pictures", picturesRecord(experiment.pictures.of(result.parameters), result.step));
    if (experiment.follow !== undefined) {
      progress.activity("fitting the two-point theory");
      recordTwopoint(folder);
    }
    recordEnd(job, result, { done, durationMs: performance.now() - started, measuringMs: cost.measuringMs });
    if (job.report !== false) {
      progress.activity("writing the report");
      await writeReport(folder);
    }
    completed = done;
    const name = runName(folder, folder.info().id);
    if (!done)
      throw (
        cost.refusal(name) ??
        new Interrupted(
          `run: stopped at step ${result.step} of ${steps}, nothing is lost; continue with crh resume ${name}`,
        )
      );
  } catch (error) {
    if (!(error instanceof Interrupted)) await fail(job, error as Error);
    throw error;
  } finally {
    progress.end(completed);
  }
}

/** Records how the run ended; times add to those of the run before it was resumed. */
function recordEnd(
  { folder, resume }: TrainJob,
  { step, trainedSteps, trainingSeconds }: TrainResult,
  { done, durationMs, measuringMs }: { done: boolean; durationMs: number; measuringMs: number },
): void {
  const before: Partial<RunInfo> = resume === undefined ? {} : folder.info();
  folder.update({
    status: done ? "finished" : "interrupted",
    step,
    endedAt: new Date().toISOString(),
    durationMs: Math.round((before.durationMs ?? 0) + durationMs),
    trainingMs: Math.round((before.trainingMs ?? 0) + 1000 * trainingSeconds),
    measuringMs: Math.round((before.measuringMs ?? 0) + measuringMs),
    stepsPerSecond: trainedSteps > 0 ? trainedSteps / trainingSeconds : undefined,
  });
}

function milestonesOf({ every, points, evaluateEvery, checkpointEvery }: RunPlan, steps: number): Milestones {
  return milestones({
    steps,
    every,
    ...(points === null ? {} : { points }),
    ...(evaluateEvery === null ? {} : { evaluateEvery }),
    ...(checkpointEvery === null ? {} : { checkpointEvery }),
  });
}

function costOf({ confirmed, parameters, resume }: TrainJob, due: Milestones, progress: Progress): Confirmation {
  const steps = parameters.steps as number;
  const measured = new Set(due.measure);
  const evaluating = (due.evaluate ?? []).filter((step) => !measured.has(step));
  const estimate = new CostEstimate({
    steps,
    start: resume?.step ?? 0,
    pauses: { measuring: due.measure, evaluating },
  });
  return new Confirmation(estimate, { steps, measurements: due.measure.length, confirmed, progress });
}

interface TrainingParts {
  readonly schedule: Milestones;
  readonly cost: Confirmation;
  readonly signal: AbortSignal;
  readonly shared: SharedResources | undefined;
}

async function runTraining(
  job: TrainJob,
  experiment: ReturnType<Setting["build"]>,
  progress: Progress,
  { schedule, cost, signal, shared }: TrainingParts,
): Promise<TrainResult> {
  const { folder, plan, parameters, resume } = job;
  const steps = parameters.steps as number;
  const measuring = shared?.measuring ?? new LayerPool();
  const earlier = new EarlierMoments(folder, plan, {
    steps,
    measured: schedule.measure,
    ...(resume && { resumedFrom: resume.step }),
  });
  const measurements = new Measurements(job, experiment, { schedule, cost, progress, measuring, earlier });
  const followed = experiment.follow && new Followed(experiment, experiment.follow, parameters.layer);
  if (followed !== undefined) folder.writeRecord("followed", followed.record);
  if (experiment.watch !== undefined) folder.writeRecord("watched", watchedRecord(experiment.watch));
  try {
    const done = await (shared?.train ?? train)(nodeEngineOn(plan.device), experiment, {
      steps,
      threads: plan.threads,
      ...(plan.keepBest === "none" ? {} : { best: bestSoFar(folder, plan.keepBest) }),
      ...(plan.checkpointMinutes === null ? {} : { checkpointMinutes: plan.checkpointMinutes }),
      signal,
      milestones: schedule,
      ...(resume === undefined ? {} : { resume: resume.bytes }),
      observer: {
        ...measurements.observer(),
        ...writingObserver(job, { progress, cost, earlier }),
        ...(followed && { onFollowed: (steps) => folder.appendTrajectories(followed.rows(steps)) }),
      },
    });
    if (done.step === steps) earlier.finished();
    return done;
  } finally {
    if (shared === undefined) await measuring.close();
  }
}

/** Writes metrics and checkpoints into the run's folder, and reports progress. */
function writingObserver(
  { folder, plan }: TrainJob,
  { progress, cost, earlier }: { progress: Progress; cost: Confirmation; earlier: EarlierMoments },
): TrainObserver {
  /** Writes a checkpoint. The moments that it needs are saved before; those that none needs are removed after. */
  const checkpoint = (write: () => void): void => {
    earlier.beforeCheckpoint();
    write();
    earlier.afterCheckpoint();
    cost.goOn();
  };
  return {
    onSteps: () => cost.goOn(),
    onProgress(step, loss) {
      progress.update(step, loss);
      cost.trained(step);
    },
    onMetrics(metrics) {
      folder.appendMetrics(metrics);
      progress.evaluated(evaluatedIn(metrics));
      cost.goOn("evaluating");
    },
    onEvaluating() {
      progress.activity("evaluating");
      cost.pause("evaluating");
    },
    onBest: (step, bytes) => checkpoint(() => folder.writeBest(step, bytes)),
    onCheckpoint: (step, bytes) =>
      checkpoint(() => {
        folder.writeCheckpoint(step, bytes, plan.keep === null ? {} : { keepLast: plan.keep });
        folder.update({ step });
      }),
  };
}

/** Records a failure, and still writes the report of what was measured before. */
async function fail({ folder, report }: TrainJob, error: Error): Promise<void> {
  try {
    folder.update({
      status: "failed",
      error: error.message.replace(/\s+/g, " "),
      endedAt: new Date().toISOString(),
      ...(error instanceof DivergedError ? { step: error.step } : {}),
    });
    if (!(error instanceof DivergedError)) return;
    recordTwopoint(folder);
    if (report !== false) await writeReport(folder);
  } catch {
    // The disk may be the cause of the failure; the first error is the one to show.
  }
}
