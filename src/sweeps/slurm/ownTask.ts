/** @file The Slurm task of this process. */
import type { QueueTask } from "../claims.ts";

/**
 * Reads the environment variables that Slurm sets for a task of an array (man sbatch, "OUTPUT ENVIRONMENT VARIABLES").
 *
 * @returns undefined in any other process
 */
export function ownTask(env: Readonly<Record<string, string | undefined>>): QueueTask | undefined {
  const { SLURM_CLUSTER_NAME: cluster = "", SLURM_ARRAY_JOB_ID: array, SLURM_ARRAY_TASK_ID: task } = env;
  if (array === undefined || task === undefined) return undefined;
  const restarts = Number(env.SLURM_RESTART_COUNT ?? 0);
  return { id: `${cluster}:${array}_${task}`, start: Number.isSafeInteger(restarts) ? restarts + 1 : 1 };
}
