/**
 * @file Trains an experiment into its run folder: metrics, snapshots, moments and checkpoints as they come, the report
 * at the end, and whatever happens an honest status. What `crh run` and `crh resume` share.
 */
import { nodeEngineOn } from "../../engineNode/nodeEngine.ts";
import { formatDuration } from "../../formats/quantities.ts";
import type { PairTraining } from "../../measure/network/pairs.ts";
import type { Snapshot, SnapshotOptions } from "../../measure/snapshot.ts";
import type { Moments } from "../../moments/moments.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import type { RunInfo } from "../../runs/runInfo.ts";
import type { Setting } from "../../settings/setting.ts";
import { DivergedError } from "../../train/diverged.ts";
import { type Milestones, milestones } from "../../train/milestones.ts";
import type { Schedule } from "../../train/schedule.ts";
import { train } from "../../train/train.ts";
import { trainedRate } from "../../train/trainedRate.ts";
import type { TrainResult } from "../../train/trainOptions.ts";
import { LayerPool } from "../../workers/layerPool.ts";
import { SnapshotInParts } from "../../workers/snapshotInParts.ts";
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
import { leftOut, leftOutAtLast, measuringShare, sizesOf } from "./measuringShare.ts";
import type { RunPlan } from "./runPlan.ts";

export interface TrainJob {
  readonly folder: RunFolder;
  readonly setting: Setting;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly plan: RunPlan;
  /** Whether the run may take more than an hour. */
  readonly confirmed: boolean;
  /** Whether a report is written at the end. Default true. */
  readonly report?: boolean;
  /** Bytes of the checkpoint to go on from, and its step. */
  readonly resume?: { readonly bytes: Uint8Array; readonly step: number };
}

/** What a run shares with others that train beside it. */
export interface Surroundings {
  /** Takes the place of `train`. */
  readonly train: typeof train;
  /** Threads that measure, closed by whoever made them. */
  readonly measuring: LayerPool;
}

/**
 * Trains, and writes everything.
 *
 * @param shared Default: a run by itself
 * @throws Interrupted where the run was stopped before its end; what it did is kept
 */
export async function trainIntoRun(
  job: TrainJob,
  experiment: ReturnType<Setting["build"]>,
  { observer, signal: stopped }: Watcher,
  shared?: Surroundings,
): Promise<void> {
  const { folder, resume } = job;
  const steps = job.parameters.steps as number;
  const progress = observer.progress(folder.info().setting, steps, {
    start: resume?.step ?? 0,
    endRate: false, // what measuring took is in it; the rate of the steps alone is said below
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
    const stepsPerSecond = result.trainedSteps > 0 ? result.trainedSteps / result.trainingSeconds : undefined;
    const done = result.step === steps;
    if (done && experiment.pictures !== undefined)
      folder.writeRecord("pictures", picturesRecord(experiment.pictures.of(result.parameters), result.step));
    if (experiment.follow !== undefined) {
      progress.activity("fitting the two-point theory");
      recordTwopoint(folder);
    }
    const before: Partial<RunInfo> = resume === undefined ? {} : folder.info();
    folder.update({
      status: done ? "finished" : "interrupted",
      step: result.step,
      endedAt: new Date().toISOString(),
      durationMs: Math.round((before.durationMs ?? 0) + performance.now() - started),
      trainingMs: Math.round((before.trainingMs ?? 0) + 1000 * result.trainingSeconds),
      measuringMs: Math.round((before.measuringMs ?? 0) + cost.measuringMs),
      stepsPerSecond,
    });
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
          `run: stopped at step ${result.step} of ${steps}, nothing is lost; go on with crh resume ${name}`,
        )
      );
  } catch (error) {
    if (!(error instanceof Interrupted)) await fail(job, error as Error);
    throw error;
  } finally {
    progress.end(completed);
  }
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

/**
 * What the measurement at a step holds: all at the last one, or what the user asked for; before, what training leaves
 * time for.
 */
function contentsOf(
  { plan, parameters }: TrainJob,
  { network, positions }: ReturnType<Setting["build"]>,
  { measure }: Milestones,
): (step: number) => Pick<SnapshotOptions, "cost" | "exponentSeconds" | "cubicSeconds"> {
  const { cost } = plan;
  if (cost !== null) return () => ({ cost });
  const { passing, last } = measuringShare(sizesOf(network, parameters, positions), measure.length);
  return (step) => (step === parameters.steps ? last : passing);
}

interface TrainingParts {
  readonly schedule: Milestones;
  readonly cost: Confirmation;
  readonly signal: AbortSignal;
  readonly shared: Surroundings | undefined;
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
  let begun = performance.now();
  const earlier = new EarlierMoments(folder, plan, {
    steps,
    measured: schedule.measure,
    ...(resume && { resumedFrom: resume.step }),
  });
  let initial: Snapshot | undefined = resume === undefined ? undefined : folder.snapshots()[0];
  let inParts: SnapshotInParts | undefined;
  const contents = contentsOf(job, experiment, schedule);
  /** What a snapshot takes from the run around it. */
  const around = (step: number): SnapshotOptions => ({
    ...contents(step),
    training: trainingConstants(parameters, experiment, step, earlier.previous?.step),
    ...(initial && { initial }),
    ...(earlier.previous && { previous: earlier.previous }),
    ...(earlier.half(step) && { half: earlier.half(step)! }),
    ...(earlier.start && { start: earlier.start }),
  });
  const followed = experiment.follow && new Followed(experiment, experiment.follow, parameters.layer);
  if (followed !== undefined) folder.writeRecord("followed", followed.record);
  if (experiment.watch !== undefined) folder.writeRecord("watched", watchedRecord(experiment.watch));
  const written = (found: Snapshot): void => {
    if (plan.cost === null && found.layers.length > 0) {
      const isLast = found.step === steps;
      const missing = isLast ? leftOutAtLast(found.layers, contents(steps)) : leftOut(found.layers);
      if (missing !== undefined) found.leftOut = missing;
      if (missing !== undefined && (isLast || initial === undefined)) progress.say(missing);
    }
    initial ??= found;
    folder.writeSnapshot(found);
  };
  const keep = (step: number, total: Moments, isWhole = true): void => {
    const misfit = earlier.measured(step, total, isWhole);
    if (misfit !== undefined) progress.say(`moments of step ${step}: ${misfit}, not kept`);
  };
  const result = (shared?.train ?? train)(nodeEngineOn(plan.device), experiment, {
    steps,
    threads: plan.threads,
    ...(plan.keepBest === "none" ? {} : { best: bestSoFar(folder, plan.keepBest) }),
    ...(plan.checkpointMinutes === null ? {} : { checkpointMinutes: plan.checkpointMinutes }),
    signal,
    milestones: schedule,
    ...(resume === undefined ? {} : { resume: resume.bytes }),
    observer: {
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
      ...(followed && { onFollowed: (steps) => folder.appendTrajectories(followed.rows(steps)) }),
      onMeasuring(_, share) {
        if (share === 0) {
          begun = performance.now();
          cost.pause("measuring");
        }
        progress.activity(underWay("measuring", share, begun));
      },
      onEvaluating() {
        progress.activity("evaluating");
        cost.pause("evaluating");
      },
      async onMeasurement(step, measurement) {
        const layers = measurement.total.layers.length;
        begun = performance.now();
        const options = { ...measurement, ...around(step) };
        const found = await measuring.snapshot(measurement.total, options, (done) =>
          progress.activity(underWay("layers", done / layers, begun)),
        );
        written(found);
        keep(step, measurement.total);
        cost.goOn("measuring");
      },
      parts: {
        async onPart(step, part, network) {
          inParts ??= new SnapshotInParts(measuring, network);
          await inParts.add(part.groups, { ...part, ...around(step) });
        },
        onEnd(step, summary) {
          const { isKept } = inParts!;
          const { snapshot, kept } = inParts!.finished({ ...summary, ...around(step) });
          inParts = undefined;
          written(snapshot);
          keep(step, kept, isKept);
          cost.goOn("measuring");
        },
      },
      onBest(step, bytes) {
        earlier.beforeCheckpoint();
        folder.writeBest(step, bytes);
        earlier.afterCheckpoint();
        cost.goOn();
      },
      onCheckpoint(step, bytes) {
        earlier.beforeCheckpoint();
        folder.writeCheckpoint(step, bytes, plan.keep === null ? {} : { keepLast: plan.keep });
        folder.update({ step });
        earlier.afterCheckpoint();
        cost.goOn();
      },
    },
  });
  try {
    const done = await result;
    if (done.step === steps) earlier.finished();
    return done;
  } finally {
    if (shared === undefined) await measuring.close();
  }
}

/**
 * What residuals and drifts are computed with: the rate that stands for those which the weights remember, those since
 * the measurement before, and the setting's optimizer.
 */
function trainingConstants(
  { decay: given, momentum, batch, optimizer }: Readonly<Record<string, unknown>>,
  { schedule, syre }: ReturnType<Setting["build"]>,
  step: number,
  previous: number | undefined,
): PairTraining {
  // A decay behind the optimizer's step is not summed up by momentum, as the gradient is (theory.md Eq. 119).
  const decay = (given as number) * (syre === undefined ? 1 : 1 - (momentum as number));
  return {
    lr: trainedRate(schedule, step, { decay, momentum: momentum as number }),
    decay,
    momentum: momentum as number,
    batch: batch as number,
    optimizer: optimizer as string,
    ...(previous !== undefined && previous < step && { since: meanRates(schedule, previous, step) }),
  };
}

/** Means of the rate and of its square over the steps between two measurements. */
function meanRates(schedule: Schedule, from: number, to: number): { rate: number; square: number } {
  let [rate, square] = [0, 0];
  for (let step = from; step < to; step++) {
    rate += schedule(step) / (to - from);
    square += schedule(step) ** 2 / (to - from);
  }
  return { rate, square };
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
    // The disk may be the reason of the failure; the first error is the one to show.
  }
}

/** chosen: a share reached in less says nothing of the time left. */
const SETTLED_SECONDS = 2;

/** "measuring 34 %, 1 min 20 s left" of what began at a time of performance.now(). */
function underWay(what: string, share: number, begun: number): string {
  const seconds = (performance.now() - begun) / 1000;
  const left = share > 0 && share < 1 && seconds > SETTLED_SECONDS ? (seconds * (1 - share)) / share : undefined;
  return `${what} ${Math.round(100 * share)} %${left === undefined ? "" : `, ${formatDuration(left * 1000)} left`}`;
}
