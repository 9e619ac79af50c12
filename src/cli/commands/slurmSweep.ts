/** @file `crh sweep .. --slurm`: the jobs of a sweep as an array of Slurm. */
import { resolve } from "node:path";
import { formatCount } from "../../formats/quantities.ts";
import { UsageError } from "../../runner/errors.ts";
import { type ClusterConfig, clusterConfig, SlurmError } from "../../runner/sweeps/slurm/programs.ts";
import { checkRequest, type SlurmRequest, submitSweep } from "../../runner/sweeps/slurm/submitSweep.ts";
import type { SweepFolder } from "../../sweeps/sweepFolder.ts";
import type { Io } from "../io.ts";
import { type SlurmOptions, slurmOption } from "../slurmOptions.ts";

export interface SubmitOptions extends SlurmOptions {
  readonly jobs?: number;
  readonly threads?: number;
  readonly together?: number;
  readonly data?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** A responding cluster, and the options of the submission. */
export interface SlurmMeans {
  readonly request: SlurmRequest;
  readonly cluster: ClusterConfig;
}

/**
 * Finds Slurm before anything is written. Undefined without --slurm.
 *
 * @throws UsageError for contradictory options; SlurmError if Slurm does not answer
 */
export async function slurmMeans(options: SubmitOptions, program: readonly string[]): Promise<SlurmMeans | undefined> {
  if (options.slurm !== true) {
    const given = slurmOption(options);
    if (given !== undefined) throw new UsageError(`sweep: expected ${given} with --slurm, got it alone; add --slurm`);
    return undefined;
  }
  if (options.threads !== undefined)
    throw new UsageError("sweep: expected --cpus-per-task with --slurm, got --threads, which is for this machine");
  const { partition, time, cpusPerTask, gres, account, slurmArg = [], jobs, together, data } = options;
  const request = {
    ...{ partition, time, cpusPerTask, gres, account, arguments: slurmArg, atOnce: jobs, together, program },
    data: data === undefined ? undefined : resolve(data),
  };
  checkRequest(request);
  return { request, cluster: await clusterConfig() };
}

export async function submitCommand(
  sweep: SweepFolder,
  means: SlurmMeans,
  options: SubmitOptions,
  io: Io,
): Promise<undefined> {
  const { request, cluster } = means;
  const say = (text: string): void => {
    if (options.quiet !== true) io.stderr.write(`${text}\n`);
  };
  try {
    const { array, tasks, jobs, queued, notes } = await submitSweep(sweep, request, cluster, say);
    for (const note of notes) io.stderr.write(`Slurm: ${note}\n`);
    if (options.json === true) {
      const found = { name: sweep.name, folder: sweep.dir, array: array ?? null, tasks, jobs, queued };
      io.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
      return undefined;
    }
    const others = queued > 0 ? `, ${formatCount(queued)} are in its queue already` : "";
    const what =
      array === undefined
        ? `nothing to submit${others}`
        : `${formatCount(jobs)} jobs as array ${array} of Slurm${tasks < jobs ? ` with ${formatCount(tasks)} tasks` : ""}${others}`;
    io.stdout.write(`${sweep.name}: ${what}\ncrh sweep status ${sweep.dir}   shows its progress\n`);
    return undefined;
  } catch (error) {
    if (!(error instanceof SlurmError)) throw error;
    throw new SlurmError(`${error.message}; nothing is lost: crh sweep resume ${sweep.dir} --slurm submits the jobs`);
  }
}
