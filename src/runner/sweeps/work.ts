/**
 * @file A worker of a sweep: takes one free job after the other, until none is left. Any number of workers may run at
 * once, on any machines that share the folder.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Claim } from "../../sweeps/claims.ts";
import { OtherSweeps } from "../../sweeps/elsewhere.ts";
import { listedJobs, sharedBy } from "../../sweeps/jobList.ts";
import type { Job } from "../../sweeps/jobs.ts";
import type { Share, SweepFolder, SweepState } from "../../sweeps/sweepFolder.ts";
import { train } from "../../train/train.ts";
import { LayerPool } from "../../workers/layerPool.ts";
import type { Watcher } from "../observer.ts";
import type { StartedRun } from "../training/createTraining.ts";
import { replicable } from "../training/replicable.ts";
import { trainIntoRun } from "../training/trainIntoRun.ts";
import { trainReplicatesIntoRuns } from "../training/trainReplicatesIntoRuns.ts";
import { HeldJob, stopped } from "./heldJob.ts";

export interface WorkOptions {
  /** Threads of one operator. */
  readonly threads: number;
  /** Data folder, if different from that of the plan. */
  readonly data?: string;
  /** Ids of the jobs that this worker may take. Default: all. */
  readonly only?: readonly string[];
  /** The part of these jobs that this worker may take. Default: all. */
  readonly share?: Share;
  /**
   * Most networks trained in one graph, where that is faster; results equal those of single training up to rounding.
   */
  readonly together?: number;
  /** Whether to wait for jobs of other workers, and take them over if those die. */
  readonly wait: boolean;
}

/** chosen: a job in which this many workers died in a row counts as the cause of their deaths. */
const MOST_DEATHS = 10;
/** chosen: seconds between checks for jobs whose workers have died. */
const LOOK_SECONDS = 2;
/** chosen: listings of a hundred thousand jobs take a tenth of a second. */
const LISTING_SECONDS = 30;

/**
 * Works until no job is left.
 *
 * @throws Interrupted where the user stops it; WriteError where the disk refuses. The job is free again, nothing is
 *   lost
 */
export async function work(sweep: SweepFolder, options: WorkOptions, watcher: Watcher): Promise<void> {
  const { only, share = { index: 0, of: 1 } } = options;
  const all = sweep.jobs();
  const jobs = sharedBy(only === undefined ? all : listedJobs(all, only), share);
  const others = new OtherSweeps(sweep, jobs);
  const start = Math.floor(Math.random() * jobs.length); // workers with different starts seldom compete for a job
  const measuring = new LayerPool(options.threads); // shared by all jobs, so that threads are started once
  const means = { others, options, watcher, measuring };
  try {
    for (;;) {
      if (!sweep.record.again) others.look();
      const did = await pass(sweep, [...jobs.slice(start), ...jobs.slice(0, start)], means);
      const state = sweep.state();
      if (isOver(sweep, state) || jobs.every(({ id }) => state.done.has(id) || state.failed.has(id))) return;
      if (did) continue;
      if (!options.wait) return;
      await wait(LOOK_SECONDS, watcher.signal);
    }
  } finally {
    await measuring.close();
  }
}

const isOver = (sweep: SweepFolder, { failed }: SweepState): boolean => sweep.record.failFast && failed.size > 0;

/** One pass over the jobs. @returns whether one was done or tried */
async function pass(sweep: SweepFolder, jobs: readonly Job[], means: Means): Promise<boolean> {
  let state = sweep.state();
  let listed = performance.now();
  let did = false;
  /** The job, now held by this worker; undefined if another worker has it or it is done. */
  const take = (job: Job): HeldJob | undefined => {
    if (state.done.has(job.id) || state.failed.has(job.id)) return undefined;
    if (!sweep.record.again && means.others.of(job.id) === "running") return undefined;
    const standing = state.claimed.get(job.id);
    const claim = standing === undefined ? sweep.claims.take(job.id) : sweep.claims.takeOver(standing);
    return (
      claim &&
      heldJob(sweep, claim, job, means, () => {
        did = true;
      })
    );
  };
  for (const [at, job] of jobs.entries()) {
    if (means.watcher.signal.aborted) throw stopped(sweep);
    if (performance.now() - listed > 1000 * LISTING_SECONDS) {
      state = sweep.state();
      listed = performance.now();
    }
    if (isOver(sweep, state)) return did;
    const first = take(job);
    if (first === undefined) continue;
    await doJobs([first, ...alike(first, jobs, at + 1, take, means.options)], means);
    did = true;
    // An old listing suffices, since a job is checked again when it is claimed.
    if (sweep.record.failFast) state = sweep.state();
  }
  return did;
}

interface Means {
  readonly others: OtherSweeps;
  readonly options: WorkOptions;
  readonly watcher: Watcher;
  readonly measuring: LayerPool;
}

/** Further jobs of the same setting, from an index on, to be trained with the first. */
function alike(
  { job: { setting } }: HeldJob,
  jobs: readonly Job[],
  from: number,
  take: (job: Job) => HeldJob | undefined,
  { together = 1 }: WorkOptions,
): HeldJob[] {
  const found: HeldJob[] = [];
  for (let at = from; at < jobs.length && found.length < together - 1; at++) {
    if (jobs[at]!.setting !== setting) continue;
    const held = take(jobs[at]!);
    if (held !== undefined) found.push(held);
  }
  return found;
}

/**
 * A claimed job, unless another worker was faster, another sweep has done it, or too many workers died in it.
 *
 * @param onMarked called where the job is marked done or failed without being done here
 */
function heldJob(
  sweep: SweepFolder,
  claim: Claim,
  job: Job,
  { others, watcher }: Means,
  onMarked: () => void,
): HeldJob | undefined {
  let isKept = false;
  try {
    if (sweep.isDone(job.id) || sweep.isFailed(job.id)) return undefined;
    const elsewhere = sweep.record.again ? undefined : others.of(job.id);
    if (elsewhere === "running") return undefined;
    if (elsewhere !== undefined) {
      sweep.adopt(job.id, elsewhere.run);
      sweep.markDone(job.id, job.id, 0);
      onMarked();
      return undefined;
    }
    const dir = claim.after?.certain === false ? sweep.fence(job.id) : (sweep.runOf(job.id) ?? sweep.newRunOf(job.id));
    if (claim.round >= MOST_DEATHS || dir === undefined) {
      sweep.markFailed(
        job.id,
        `${claim.round} workers died while they did it; crh sweep resume --failed tries it again`,
      );
      onMarked();
      return undefined;
    }
    isKept = true;
    return new HeldJob(sweep, { claim, job, dir }, watcher);
  } finally {
    if (!isKept) sweep.claims.release(claim);
  }
}

/** Runs the jobs held by this worker, those of one form in one graph, and marks them. */
async function doJobs(all: readonly HeldJob[], { options, watcher: { observer }, measuring }: Means): Promise<void> {
  try {
    const ready: (StartedRun & { readonly held: HeldJob })[] = [];
    for (const held of all) {
      try {
        const run = await held.begun(options);
        if (run === undefined) held.settle();
        else ready.push({ job: { ...run.job, report: false }, experiment: run.experiment, held });
      } catch (error) {
        held.settle(error);
      }
    }
    for (const { runs } of replicable(ready)) {
      const watcher = (i: number): Watcher => ({ observer, signal: runs[i]!.held.signal });
      const results =
        runs.length > 1
          ? await trainReplicatesIntoRuns(runs, watcher, measuring)
          : await Promise.allSettled([
              trainIntoRun(runs[0]!.job, runs[0]!.experiment, watcher(0), { train, measuring }),
            ]);
      const stops = results.flatMap((result, i) => {
        try {
          runs[i]!.held.settle(result.status === "rejected" ? result.reason : undefined);
          return [];
        } catch (error) {
          return [error];
        }
      });
      if (stops.length > 0) throw stops[0];
    }
  } finally {
    for (const held of all) held.end();
  }
}

async function wait(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(1000 * seconds * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
}
