/** @file `crh worker`: joins a sweep from any machine that shares its folder. */
import { availableParallelism } from "node:os";
import { work } from "../../runner/sweeps/work.ts";
import { readJobList } from "../../sweeps/jobList.ts";
import { ownTask } from "../../sweeps/slurm/ownTask.ts";
import type { Share } from "../../sweeps/sweepFolder.ts";
import { openSweep } from "../../sweeps/sweepFolder.ts";
import type { Io } from "../io.ts";
import { terminalObserver } from "../progress.ts";

export interface WorkerOptions {
  readonly sweeps: string;
  readonly threads?: number;
  readonly together: number;
  readonly data?: string;
  /** A file with the ids of the jobs that this worker may take, one per line. */
  readonly list?: string;
  readonly share?: Share;
  /** False: ends when all remaining jobs are being done by others. */
  readonly wait: boolean;
  /** Seconds of silence after which another worker counts as dead. */
  readonly stale?: number;
  readonly quiet?: boolean;
}

export async function workerCommand(which: string, options: WorkerOptions, io: Io): Promise<void> {
  const { threads = availableParallelism(), together, data, list, share, wait, stale, quiet } = options;
  const task = ownTask(io.env);
  const sweep = openSweep(which, options.sweeps, {
    ...(stale !== undefined && { staleSeconds: stale }),
    ...(task !== undefined && { task }),
  });
  const asked = io.interruption();
  const parent = new AbortController();
  process.once("disconnect", () => parent.abort()); // its parent has ended
  process.channel?.unref();
  await work(
    sweep,
    {
      ...{ threads, wait, together },
      ...(data !== undefined && { data }),
      ...(list !== undefined && { only: readJobList(list) }),
      ...(share && { share }),
    },
    { observer: terminalObserver(io, { quiet }), signal: AbortSignal.any([asked, parent.signal]) },
  );
}
