/** @file Progress of a sweep in Slurm: its tasks in the queue, and the jobs that no task will do. */
import type { QueuedTask } from "../../../sweeps/slurm/queue.ts";
import { Submissions } from "../../../sweeps/slurm/submissions.ts";
import type { SweepFolder } from "../../../sweeps/sweepFolder.ts";
import { clusterConfig, queue } from "./programs.ts";

/** Tasks of all arrays of a sweep in Slurm's queue. */
export interface SlurmStatus {
  /** Slurm's numbers of the arrays, in order of submission. */
  readonly arrays: readonly string[];
  readonly running: number;
  /** Ending, or returning to the queue. */
  readonly ending: number;
  /** Waiting for the first time. */
  readonly queued: number;
  /** Waiting to continue after a time limit, a preemption or a node failure. */
  readonly requeued: number;
  /** Held until released by a user. */
  readonly held: number;
  /** Numbers of the arrays with held tasks. */
  readonly heldArrays: readonly string[];
  /** Why tasks wait, in Slurm's words, the most frequent reason first. */
  readonly reasons: readonly { readonly reason: string; readonly tasks: number }[];
  /** Jobs that are neither done nor failed and not assigned to a task in the queue. */
  readonly left: number;
}

/**
 * Queries Slurm. Undefined if no job of the sweep was ever submitted.
 *
 * @throws SlurmError where Slurm is missing or does not answer
 */
export async function slurmStatus(sweep: SweepFolder): Promise<SlurmStatus | undefined> {
  const submissions = new Submissions(sweep);
  if (submissions.all().length === 0) return undefined;
  const { cluster } = await clusterConfig();
  const arrays = submissions.of(cluster);
  const tasks = arrays.length === 0 ? [] : await queue(arrays);
  const { done, failed } = sweep.state();
  const covered = submissions.jobsOf(tasks);
  const left = sweep.jobs().filter(({ id }) => !done.has(id) && !failed.has(id) && !covered.has(id)).length;
  const count = (state: QueuedTask["state"]): number => tasks.filter((task) => task.state === state).length;
  return {
    arrays: arrays.map(({ record }) => record.array),
    ...{ running: count("running"), ending: count("ending"), queued: count("queued"), requeued: count("requeued") },
    ...{ held: count("held"), heldArrays: heldArrays(tasks), reasons: reasonsOf(tasks), left },
  };
}

function heldArrays(tasks: readonly QueuedTask[]): string[] {
  return [...new Set(tasks.filter(({ state }) => state === "held").map(({ array }) => array))];
}

function reasonsOf(tasks: readonly QueuedTask[]): SlurmStatus["reasons"] {
  const counts = new Map<string, number>();
  for (const { state, reason } of tasks)
    if (state !== "running" && state !== "ending") counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => ({ reason, tasks: count })).sort((x, y) => y.tasks - x.tasks);
}
