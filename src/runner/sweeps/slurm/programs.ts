/** @file Slurm's programs, called with lists of words and never through a shell. */
import { execFile } from "node:child_process";
import { quote } from "../../../formats/quote.ts";
import { parseQueue, QUEUE_FORMAT, type QueuedTask } from "../../../sweeps/slurm/queue.ts";
import type { Submission } from "../../../sweeps/slurm/submissions.ts";
import { parseTimeLimit } from "../../../sweeps/slurm/timeLimit.ts";

/** Slurm is missing, does not answer, or refuses; the message is one line. */
export class SlurmError extends Error {
  override readonly name = "SlurmError";
}

export interface ClusterConfig {
  readonly cluster: string;
  /** Most tasks in one array. */
  readonly mostTasks: number;
}

/** chosen: above Slurm's own limit of 10 s for an answer, because its programs retry if the controller is busy. */
const ANSWER_MS = 60_000;
/** chosen: long, because an interrupted submission may have been accepted. */
const SUBMISSION_MS = 600_000;

/** Slurm's default MaxArraySize; task indices stay below it (man slurm.conf). */
const MAX_ARRAY_SIZE = 1001;

export async function clusterConfig(): Promise<ClusterConfig> {
  const { out } = await slurm("scontrol", ["show", "config"]);
  const value = (key: string): string | undefined => new RegExp(`^${key}\\s*=\\s*(.+?)\\s*$`, "m").exec(out)?.[1];
  const size = Number(value("MaxArraySize") ?? MAX_ARRAY_SIZE);
  const scheduler = Number(/\bmax_array_tasks=(\d+)/.exec(value("SchedulerParameters") ?? "")?.[1] ?? size);
  if (size < 1) throw new SlurmError("sweep: expected a cluster that takes arrays of jobs, got MaxArraySize = 0");
  return { cluster: value("ClusterName") ?? "", mostTasks: Math.max(1, Math.min(size, scheduler)) };
}

/**
 * Default time limit in seconds of jobs in these partitions, the smallest of them; undefined where there is none or
 * Slurm does not report it.
 *
 * @param partitions names separated by commas. Default: the cluster's default partition
 */
export async function defaultLimit(partitions?: string): Promise<number | undefined> {
  const { out } = await slurm("scontrol", ["--oneliner", "show", "partition"]);
  const names = partitions?.split(",");
  const limits = out.split("\n").flatMap((line): number[] => {
    const value = (key: string): string => new RegExp(`(?:^| )${key}=(\\S*)`).exec(line)?.[1] ?? "";
    const isMeant = names === undefined ? value("Default") === "YES" : names.includes(value("PartitionName"));
    if (!isMeant) return [];
    const limit = parseTimeLimit(value("DefaultTime")) ?? parseTimeLimit(value("MaxTime"));
    return limit === undefined ? [] : [limit];
  });
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/**
 * Submits an array.
 *
 * @returns its number, and notes from Slurm
 */
export async function submit(words: readonly string[]): Promise<{ array: string; notes: readonly string[] }> {
  const { out, err } = await slurm("sbatch", words, SUBMISSION_MS);
  const array = /^(\d+)(;.*)?$/m.exec(out)?.[1];
  if (array === undefined)
    throw new SlurmError(`sweep: expected the number of an array from sbatch, got ${quote(out.trim(), 200)}`);
  return { array, notes: lines(err) };
}

export async function cancel(array: string): Promise<void> {
  await slurm("scancel", [array]);
}

/**
 * All unfinished tasks of a sweep's arrays, in Slurm's order. Slurm reuses numbers, so the script identifies the owner
 * of a task.
 */
export async function queue(arrays: readonly Submission[]): Promise<QueuedTask[]> {
  const numbers = new Map(arrays.map(({ number, record }) => [record.array, number]));
  const jobs = `--jobs=${[...numbers.keys()].join(",")}`;
  try {
    const { out } = await slurm("squeue", ["--noheader", "--all", jobs, `--Format=${QUEUE_FORMAT}`]);
    return read(out).filter(({ array, command }) => command.endsWith(`/slurm/submit-${numbers.get(array)}.sh`));
  } catch (error) {
    if (error instanceof SlurmError && /Invalid job id/i.test(error.message)) return []; // all have ended
    throw error;
  }
}

function read(out: string): QueuedTask[] {
  try {
    return parseQueue(out);
  } catch (error) {
    throw new SlurmError(`sweep: ${(error as Error).message}`);
  }
}

interface Said {
  readonly out: string;
  readonly err: string;
}

function slurm(program: string, words: readonly string[], timeout = ANSWER_MS): Promise<Said> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, SLURM_BITSTR_LEN: "0" }; // numbers of tasks are otherwise cut off at 64 characters
    execFile(program, [...words], { timeout, maxBuffer: 1 << 30, env }, (error, out, err) => {
      if (error === null) resolve({ out, err });
      else
        reject(new SlurmError(refusal(program, error as NodeJS.ErrnoException & { killed?: boolean }, err, timeout)));
    });
  });
}

function refusal(
  program: string,
  error: NodeJS.ErrnoException & { killed?: boolean },
  err: string,
  timeout: number,
): string {
  if (error.code === "ENOENT")
    return `sweep: expected Slurm on this machine, got no ${program}; go to a machine that submits to the cluster, or leave out --slurm`;
  if (error.killed === true) return `sweep: expected an answer of ${program}, got none in ${timeout / 1000} s`;
  const said = lines(err).join("; ") || error.message;
  return `sweep: expected ${program} to succeed, got ${quote(said, 300)}`;
}

/** The message of a Slurm program, without the program's name. */
function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/^\w+: (error: |fatal: )?/, "").trim())
    .filter((line) => line !== "");
}
