/** @file Submits to Slurm the unfinished jobs of a sweep that are not in its queue. */
import { setTimeout as sleep } from "node:timers/promises";
import { dealt } from "../../../sweeps/jobList.ts";
import { batchScript } from "../../../sweeps/slurm/batchScript.ts";
import { type SubmissionFiles, Submissions } from "../../../sweeps/slurm/submissions.ts";
import { parseTimeLimit, signalLead } from "../../../sweeps/slurm/timeLimit.ts";
import type { SweepFolder } from "../../../sweeps/sweepFolder.ts";
import { UsageError } from "../../errors.ts";
import { MOST_THREADS } from "../../training/runOptions.ts";
import { type ClusterConfig, cancel, defaultLimit, queue, SlurmError, submit } from "./programs.ts";

/** Options of sbatch, in its own terms. */
export interface SlurmRequest {
  readonly partition?: string | undefined;
  readonly time?: string | undefined;
  readonly cpusPerTask?: number | undefined;
  readonly gres?: string | undefined;
  readonly account?: string | undefined;
  /** Further arguments of sbatch, passed unchanged. */
  readonly arguments: readonly string[];
  /** Most simultaneous tasks. Default: no limit. */
  readonly atOnce?: number | undefined;
  /** Small networks that a task trains in one graph. Default: 1. */
  readonly together?: number | undefined;
  /** Folder of the data, by an absolute path. */
  readonly data?: string | undefined;
  /** The program that starts a worker: "crh worker". */
  readonly program: readonly string[];
}

/** What was done. */
export interface Submitted {
  /** Slurm's number of the array; undefined if nothing was left to submit. */
  readonly array?: string;
  readonly tasks: number;
  readonly jobs: number;
  /** Unfinished jobs that tasks in the queue will do. */
  readonly queued: number;
  /** Notes from sbatch. */
  readonly notes: readonly string[];
}

/** Arguments of sbatch that have their own option here. */
const OWN: readonly (readonly [RegExp, string])[] = [
  [/^(--partition(=|$)|-p)/, "--partition"],
  [/^(--time(=|$)|-t)/, "--time"],
  [/^(--cpus-per-task(=|$)|-c)/, "--cpus-per-task"],
  [/^--gres(=|$)/, "--gres"],
  [/^(--account(=|$)|-A)/, "--account"],
  [/^(--array(=|$)|-a)/, "--jobs"],
];
/** Arguments that would lose tasks, their logs, or the answer of sbatch. */
const REFUSED = new RegExp(
  "^(--(output|error|wrap|wait|parsable|test-only|clusters?|chdir|no-requeue|open-mode|help|usage|version)(=|$)" +
    "|-[oeWMDhV]|--?$)",
);

/** @throws UsageError naming an argument that cannot be passed on */
export function checkRequest({ arguments: words, time }: SlurmRequest): void {
  if (time !== undefined && parseTimeLimit(time) === undefined)
    throw new UsageError(
      `sweep: expected --time as Slurm writes it, such as 90 (minutes), 2:00:00 or 1-12:00:00, got "${time}"`,
    );
  for (const word of words) {
    const own = OWN.find(([pattern]) => pattern.test(word))?.[1];
    if (own !== undefined) throw new UsageError(`sweep: expected ${own} in place of --slurm-arg ${word}`);
    if (!word.startsWith("-"))
      throw new UsageError(`sweep: expected an option of sbatch as --slurm-arg, such as --qos=long, got "${word}"`);
    if (REFUSED.test(word))
      throw new UsageError(`sweep: expected an option of sbatch that asks for resources, got ${word}; leave it out`);
  }
}

/**
 * Submits one array with a task for each job, or for as many jobs as are trained together. If the cluster's arrays are
 * too small, tasks do several jobs in sequence.
 *
 * @param note receives notes on slow operations
 * @throws SlurmError where Slurm refuses; the sweep is then unchanged
 */
export async function submitSweep(
  sweep: SweepFolder,
  request: SlurmRequest,
  cluster: ClusterConfig,
  note: (text: string) => void = () => {},
): Promise<Submitted> {
  checkRequest(request);
  checkFolder(sweep.dir);
  const submissions = new Submissions(sweep);
  return submissions.alone(async () => {
    const { left, queued } = await leftJobs(sweep, submissions, cluster, note);
    if (left.length === 0) return { tasks: 0, jobs: 0, queued, notes: [] };
    const { program, data, together = 1 } = request;
    const tasks = Math.min(Math.ceil(left.length / together), cluster.mostTasks);
    const files = submissions.begin(dealt(left, tasks));
    try {
      const words = await sbatchWords(sweep, submissions, files, { ...request, tasks });
      const command = ["sbatch", ...words];
      submissions.writeScript(
        files,
        batchScript({
          ...{ program, sweep: sweep.dir, list: files.list, tasks, together, command, mostThreads: MOST_THREADS },
          ...(data !== undefined && { data }),
        }),
      );
      const { array, notes } = await submit(words);
      const about = { cluster: cluster.cluster, tasks, jobs: left.length, command };
      try {
        submissions.record(files, { array, ...about, submittedAt: new Date().toISOString() });
      } catch (error) {
        await cancel(array); // it would be unknown, and its jobs would be submitted again
        throw error;
      }
      return { array, tasks, jobs: left.length, queued, notes };
    } catch (error) {
      if (error instanceof SlurmError) submissions.drop(files);
      throw error;
    }
  });
}

/** Slurm expands some characters in log names, and squeue writes one line per task. */
function checkFolder(dir: string): void {
  if (/[\\\p{Cc}]/u.test(dir))
    throw new UsageError(
      `sweep: expected a folder without backslashes and control characters for Slurm, got ${JSON.stringify(dir)}; move the sweep`,
    );
}

async function sbatchWords(
  sweep: SweepFolder,
  { logs }: Submissions,
  { script }: SubmissionFiles,
  request: SlurmRequest & { readonly tasks: number },
): Promise<string[]> {
  const { tasks, atOnce, partition, time, cpusPerTask, gres, account } = request;
  const limit = time === undefined ? await defaultLimit(partition) : parseTimeLimit(time);
  const resources = { partition, time, "cpus-per-task": cpusPerTask, gres, account };
  return [
    "--parsable",
    `--job-name=${sweep.name}`,
    `--array=0-${tasks - 1}${atOnce === undefined ? "" : `%${atOnce}`}`,
    "--requeue",
    `--signal=B:USR1@${signalLead(limit)}`,
    `--chdir=${sweep.dir}`,
    `--output=${logs.replaceAll("%", "%%")}/slurm-%A_%a.out`,
    "--open-mode=append", // a requeued task appends to its log
    ...Object.entries(resources).flatMap(([key, value]) => (value === undefined ? [] : [`--${key}=${value}`])),
    ...request.arguments,
    script,
  ];
}

/** chosen: KillWait, 30 s by default, plus the time Slurm needs to notice. */
const ENDING_SECONDS = 90;
const LOOK_MS = 2000;

/** The jobs to submit, in the order of the plan, and the number left to tasks in the queue. */
async function leftJobs(
  sweep: SweepFolder,
  submissions: Submissions,
  { cluster }: ClusterConfig,
  note: (text: string) => void,
): Promise<{ left: string[]; queued: number }> {
  const arrays = submissions.of(cluster);
  const jobs = sweep.jobs().map(({ id }) => id);
  for (let waited = 0; ; waited += LOOK_MS) {
    const tasks = arrays.length === 0 ? [] : await queue(arrays);
    // Read after the queue: a task that has left it is done or has released its job.
    const { done, failed } = sweep.state();
    const isLeft = (id: string): boolean => !done.has(id) && !failed.has(id);
    const covered = submissions.jobsOf(tasks);
    const ending = submissions.jobsOf(tasks.filter(({ state }) => state === "ending"));
    const open = [...ending].filter(isLeft).length;
    if (open === 0 || waited >= 1000 * ENDING_SECONDS) {
      const all = jobs.filter(isLeft);
      const left = all.filter((id) => !covered.has(id));
      return { left, queued: all.length - left.length };
    }
    if (waited === 0) note(`waiting until Slurm has ended the tasks of ${open} jobs`);
    await sleep(LOOK_MS);
  }
}
