/** @file The tasks of arrays in Slurm's queue. */

/** State of a task. "ending" is Slurm's "completing", after which a task is gone or queued again. */
export type TaskState = "running" | "ending" | "queued" | "requeued" | "held";

export interface QueuedTask {
  readonly array: string;
  readonly task: number;
  readonly state: TaskState;
  /** Why it waits, in Slurm's words: "Resources", "Priority", "JobHeldUser" .. */
  readonly reason: string;
  readonly restarts: number;
  /** Path of the script that was submitted. */
  readonly command: string;
}

/**
 * Fields for `squeue --Format`, without --array: one line for tasks that wait alike, "17-39:2%8". With --array Slurm
 * 22.05 omits the last task of such a step. The command is last, because it may contain anything.
 */
export const QUEUE_FORMAT = ["ArrayJobID", "ArrayTaskID", "State", "Reason", "RestartCnt", "Command"]
  .map((field) => `${field}:|`)
  .join(",");

/** States of a task that has ended (man squeue, "JOB STATE CODES"). */
const OVER = new Set([
  ...["BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED"],
  ...["REVOKED", "TIMEOUT"],
]);

/**
 * Parses the output of squeue into single tasks. Jobs that are not tasks of arrays, and tasks that have ended, are left
 * out.
 *
 * @throws Error where the numbers of tasks cannot be read
 */
export function parseQueue(text: string): QueuedTask[] {
  return text.split("\n").flatMap((line): QueuedTask[] => {
    const [array = "", tasks = "", status = "", reason = "", restarts = "", ...command] = line.split("|");
    if (!/^\d+$/.test(array) || tasks === "N/A" || OVER.has(status)) return [];
    const counted = Number(restarts) || 0;
    const shared = {
      ...{ array, state: stateOf(status, reason, counted), reason, restarts: counted },
      command: command.join("|").replace(/\|$/, ""),
    };
    return tasksOf(tasks).map((task) => ({ ...shared, task }));
  });
}

/** "0-2,5,17-39:2%8": ranges, steps, and how many at once. */
function tasksOf(text: string): number[] {
  return text
    .replace(/%\d+$/, "")
    .split(",")
    .flatMap((part) => {
      const [, first, last = first, step = "1"] = /^(\d+)(?:-(\d+)(?::([1-9]\d*))?)?$/.exec(part) ?? [];
      if (first === undefined) throw new Error(`expected numbers of tasks from squeue, got "${text}"`);
      const count = Math.max(0, Math.floor((Number(last) - Number(first)) / Number(step)) + 1);
      return Array.from({ length: count }, (_, i) => Number(first) + i * Number(step));
    });
}

function stateOf(status: string, reason: string, restarts: number): TaskState {
  if (status === "COMPLETING") return "ending";
  if (status === "REQUEUE_HOLD" || status === "SPECIAL_EXIT") return "held";
  if (status === "REQUEUED") return "requeued";
  if (status !== "PENDING") return "running"; // includes configuring, suspended and stopped: Slurm has started it
  if (/held/i.test(reason)) return "held";
  return restarts > 0 ? "requeued" : "queued";
}
