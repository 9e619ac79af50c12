/**
 * @file A worker of a sweep: takes one job after the other that nobody works on, until none is left. Any number of
 * workers do so at once, on any machines that share the folder.
 */
import { existsSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openRun } from "../../runs/runFolder.ts";
import { WriteError } from "../../runs/writeFile.ts";
import type { Claim } from "../../sweeps/claims.ts";
import { OtherSweeps } from "../../sweeps/elsewhere.ts";
import { listedJobs, sharedBy } from "../../sweeps/jobList.ts";
import type { Job } from "../../sweeps/jobs.ts";
import type { Share, SweepFolder, SweepState } from "../../sweeps/sweepFolder.ts";
import { Interrupted, reportOf } from "../errors.ts";
import type { Watcher } from "../observer.ts";
import { createTraining, type StartedRun } from "../training/createTraining.ts";
import { resumeTraining } from "../training/resumeTraining.ts";
import { trainIntoRun } from "../training/trainIntoRun.ts";

export interface WorkOptions {
  /** Threads of one operator. */
  readonly threads: number;
  /** Folder of the data, where it is not that of the plan. */
  readonly data?: string;
  /** The ids of the jobs that this worker is for. Default: all. */
  readonly only?: readonly string[];
  /** The part of these that this worker is for. Default: all. */
  readonly share?: Share;
  /** Whether to wait for what other workers do, and take it over should they die. */
  readonly wait: boolean;
}

/** chosen: a job in which so many workers died one after the other is the reason why they do. */
const MOST_DEATHS = 10;
/** chosen: seconds between looks for jobs whose workers have died. */
const LOOK_SECONDS = 2;
/** chosen: listings of a hundred thousand jobs take a tenth of a second. */
const LISTING_SECONDS = 30;

/**
 * Works until no job is left.
 *
 * @throws Interrupted where the user stops it; WriteError where the disk refuses: the job is free again, nothing is
 *   lost
 */
export async function work(sweep: SweepFolder, options: WorkOptions, watcher: Watcher): Promise<void> {
  const { only, share = { index: 0, of: 1 } } = options;
  const all = sweep.jobs();
  const jobs = sharedBy(only === undefined ? all : listedJobs(all, only), share);
  const others = new OtherSweeps(sweep, jobs);
  const start = Math.floor(Math.random() * jobs.length); // workers that begin apart seldom want the same job
  for (;;) {
    if (!sweep.record.again) others.look();
    const did = await pass(sweep, [...jobs.slice(start), ...jobs.slice(0, start)], others, options, watcher);
    const state = sweep.state();
    if (isOver(sweep, state) || jobs.every(({ id }) => state.done.has(id) || state.failed.has(id))) return;
    if (did) continue;
    if (!options.wait) return;
    await wait(LOOK_SECONDS, watcher.signal);
  }
}

const isOver = (sweep: SweepFolder, { failed }: SweepState): boolean => sweep.record.failFast && failed.size > 0;

/** Once through the jobs. @returns whether one was done, or tried */
async function pass(
  sweep: SweepFolder,
  jobs: readonly Job[],
  others: OtherSweeps,
  options: WorkOptions,
  watcher: Watcher,
): Promise<boolean> {
  let state = sweep.state();
  let listed = performance.now();
  let did = false;
  for (const job of jobs) {
    if (watcher.signal.aborted) throw stopped(sweep);
    if (performance.now() - listed > 1000 * LISTING_SECONDS) {
      state = sweep.state();
      listed = performance.now();
    }
    if (state.done.has(job.id) || state.failed.has(job.id)) continue;
    if (isOver(sweep, state)) return did;
    if (!sweep.record.again && others.of(job.id) === "running") continue;
    const standing = state.claimed.get(job.id);
    const claim = standing === undefined ? sweep.claims.take(job.id) : sweep.claims.takeOver(standing);
    if (claim === undefined) continue;
    if (await claimed(sweep, claim, job, { others, options, watcher })) {
      did = true;
      state = sweep.state();
      listed = performance.now();
    }
  }
  return did;
}

interface Means {
  readonly others: OtherSweeps;
  readonly options: WorkOptions;
  readonly watcher: Watcher;
}

/** What is to be done with a job that this worker holds. @returns whether it was done, or tried */
async function claimed(sweep: SweepFolder, claim: Claim, job: Job, means: Means): Promise<boolean> {
  let isHeld = true;
  try {
    if (sweep.isDone(job.id) || sweep.isFailed(job.id)) return false; // another was faster, and is through
    const elsewhere = sweep.record.again ? undefined : means.others.of(job.id);
    if (elsewhere === "running") return false;
    if (elsewhere !== undefined) {
      sweep.adopt(job.id, elsewhere.run);
      sweep.markDone(job.id, job.id, 0);
      return true;
    }
    const dir = claim.after?.certain === false ? sweep.fence(job.id) : (sweep.runOf(job.id) ?? sweep.newRunOf(job.id));
    if (claim.round >= MOST_DEATHS || dir === undefined) {
      sweep.markFailed(
        job.id,
        `${claim.round} workers died while they did it; crh sweep resume --failed tries it again`,
      );
      return true;
    }
    isHeld = await doJob(sweep, { claim, job, dir }, means);
    return true;
  } finally {
    if (isHeld) sweep.claims.release(claim);
  }
}

/** A job that this worker holds, and its run's folder, which may not be there. */
interface Held {
  readonly claim: Claim;
  readonly job: Job;
  readonly dir: string;
}

/** Does a job and marks it. @returns whether the claim is still held */
async function doJob(sweep: SweepFolder, held: Held, { options, watcher }: Means): Promise<boolean> {
  const { claim, job, dir } = held;
  const lost = new AbortController();
  const beating = setInterval(() => {
    if (!sweep.claims.beat(claim)) lost.abort();
  }, sweep.claims.beatMs);
  try {
    const run = await begunRun(sweep, held, options);
    if (run !== undefined)
      await trainIntoRun({ ...run.job, report: false }, run.experiment, {
        observer: watcher.observer,
        signal: AbortSignal.any([watcher.signal, lost.signal]),
      });
    if (!sweep.claims.holds(claim)) throw new Error("sweep: expected a claim that is held, got another's");
    sweep.markDone(job.id, basename(dir), (openRun(dir).info().durationMs ?? 0) / 1000);
    return true;
  } catch (error) {
    if (lost.signal.aborted || !sweep.claims.holds(claim)) {
      if (sweep.runOf(job.id) !== dir) rmSync(dir, { recursive: true, force: true }); // the other has its own
      watcher.observer.note(`${job.id}: another worker has taken it over, this one had been silent for too long`);
      return false;
    }
    if (error instanceof Interrupted) throw stopped(sweep);
    if (error instanceof WriteError) throw error;
    const { line } = reportOf(error);
    sweep.markFailed(job.id, line);
    watcher.observer.note(`${job.id}: failed: ${line}`);
    return true;
  } finally {
    clearInterval(beating);
  }
}

/** The job's run made ready to train, from its last checkpoint where it was begun; undefined where it is finished. */
async function begunRun(sweep: SweepFolder, { job, dir }: Held, options: WorkOptions): Promise<StartedRun | undefined> {
  const runs = join(sweep.dir, "runs");
  const { data: planned, moments, ...choices } = job.options ?? sweep.record.options;
  const data = options.data ?? planned;
  if (existsSync(join(dir, "run.json"))) {
    const folder = openRun(dir);
    const { status } = folder.info();
    if (status === "finished") return undefined; // its worker died before it could say so
    if (status === "running") folder.update({ status: "interrupted" }); // the claim says that nobody does
    return resumeTraining(folder, { runs, yes: true, ...(data !== undefined && { data }) });
  }
  rmSync(dir, { recursive: true, force: true }); // its worker died while it made it
  const assignments = Object.entries(job.values).map(([key, value]) => `${key}=${String(value)}`);
  return createTraining(job.setting, assignments, {
    ...{ id: basename(dir), runs, yes: true, device: "cpu", keepBest: "none", keep: 1, threads: options.threads },
    ...{ moments, ...choices },
    ...(job.preset !== undefined && { preset: job.preset }),
    ...(data !== undefined && { data }),
  });
}

function stopped(sweep: SweepFolder): Interrupted {
  return new Interrupted(`worker: stopped, nothing is lost; crh sweep resume ${sweep.dir} does what is not done`);
}

async function wait(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(1000 * seconds * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
}
