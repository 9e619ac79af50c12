/** @file The batch script that Slurm runs for each task of a sweep's array. */
import { commandLine, shellQuote } from "../../formats/shellQuote.ts";

export interface BatchScript {
  /** The program that starts a worker ("crh worker"), with absolute paths. */
  readonly program: readonly string[];
  /** Absolute path of the sweep's folder. */
  readonly sweep: string;
  /** Absolute path of the list of jobs, of which each task does a share. */
  readonly list: string;
  readonly tasks: number;
  /** Most small networks that a task trains in one graph. */
  readonly together: number;
  /** Absolute path of the data, if different from that of the plan. */
  readonly data?: string;
  /** The command of submission, as a comment for readers. */
  readonly command: readonly string[];
  /** Most threads of a worker. */
  readonly mostThreads: number;
}

/**
 * A script for bash. It starts a worker and waits. On USR1, which Slurm sends before the time limit, and on TERM it
 * stops the worker, which writes a checkpoint and releases its job. After USR1 it then requeues its own task. After
 * TERM it does not: preemption requeues a task, and cancelling must not.
 */
export function batchScript({
  program,
  sweep,
  list,
  tasks,
  together,
  data,
  command,
  mostThreads,
}: BatchScript): string {
  const words = [...program, sweep, "--list", list].map(shellQuote).join(" ");
  const folder = data === undefined ? "" : ` --data ${shellQuote(data)}`;
  const graph = together === 1 ? "" : ` --together ${together}`;
  return `#!/bin/bash
# A task of an array of Slurm. Its worker does the jobs in lines $task + 1, $task + 1 + ${tasks}, .. of the list. Submitted by
#   ${commandLine(command)}
task=\${SLURM_ARRAY_TASK_ID:?expected a task of an array; submit this file as the line above does}
threads=\${SLURM_CPUS_PER_TASK:-\${SLURM_CPUS_ON_NODE:-1}}
if [ "$threads" -gt ${mostThreads} ]; then threads=${mostThreads}; fi

worker= signalled= requeue=
stop() {
  signalled=yes
  if [ -n "$worker" ]; then kill -TERM "$worker" 2>/dev/null; fi
}
trap 'requeue=yes; stop' USR1 # the time limit is near
trap stop TERM # cancelled, pre-empted, or at the time limit

echo "$(date '+%F %T') task $task of ${tasks} on $(hostname), start $((\${SLURM_RESTART_COUNT:-0} + 1))"
${words} --share "$task/${tasks}" --threads "$threads"${graph}${folder} &
worker=$!
if [ -n "$signalled" ]; then stop; fi
code=
while :; do
  signalled=
  wait "$worker"
  status=$?
  # A signal ends a wait early. A worker that was waited for already is unknown (127): the first answer counts.
  if [ "$status" -ne 127 ] || [ -z "$code" ]; then code=$status; fi
  if [ -z "$signalled" ]; then break; fi
done
worker=

if [ -n "$requeue" ] && [ "$code" -gt 128 ]; then
  for pause in 5 15 0; do
    if scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$task"; then
      echo "$(date '+%F %T') back in the queue before the time limit"
      exit 0
    fi
    sleep "$pause"
  done
  echo "Slurm did not put the task back into the queue: crh sweep resume --slurm submits what is not done"
fi
exit "$code"
`;
}
