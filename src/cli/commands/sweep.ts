/** @file `crh sweep`: many runs of a setting over values of its parameters, on this machine or on a cluster. */
import { formatBytes, formatCount, formatDuration } from "../../formats/quantities.ts";
import { EXIT_FAILED, UsageError } from "../../runner/errors.ts";
import { type PlannedSweep, planSweep, writeSweep } from "../../runner/sweeps/planSweep.ts";
import { runSweep } from "../../runner/sweeps/runSweep.ts";
import { SlurmError } from "../../runner/sweeps/slurm/programs.ts";
import { type SlurmStatus, slurmStatus } from "../../runner/sweeps/slurm/slurmStatus.ts";
import { type SweepStatus, sweepStatus } from "../../runner/sweeps/sweepStatus.ts";
import { MOST_WORKERS } from "../../runner/training/runOptions.ts";
import { openSweep, type SweepFolder } from "../../sweeps/sweepFolder.ts";
import type { Io } from "../io.ts";
import { terminalObserver } from "../progress.ts";
import type { SlurmOptions } from "../slurmOptions.ts";
import { renderStatus } from "../sweepTable.ts";
import { WORKER } from "../workerProgram.ts";
import { type SlurmMeans, slurmMeans, submitCommand } from "./slurmSweep.ts";

/** Options for running a sweep. */
export interface DoSweepOptions extends SlurmOptions {
  /** Folder of the sweeps. */
  readonly sweeps: string;
  /** Default: 1 on this machine, no limit on a cluster. */
  readonly jobs?: number;
  readonly threads?: number;
  readonly together?: number;
  readonly data?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Options of a new sweep. */
export interface SweepOptions extends DoSweepOptions {
  readonly name?: string;
  readonly preset?: string;
  readonly steps?: number;
  readonly draws?: number;
  readonly drawSeed?: number;
  readonly dryRun?: boolean;
  readonly planOnly?: boolean;
  readonly failFast?: boolean;
  readonly again?: boolean;
  /** Options of each run. */
  readonly every?: number | "log";
  readonly evaluateEvery?: number;
  readonly cost?: string;
  readonly moments?: string;
  readonly checkpointEvery?: number;
  readonly follow?: readonly number[];
  readonly followEvery?: number;
}

export async function sweepCommand(
  what: string | undefined,
  assignments: string[],
  options: SweepOptions,
  io: Io,
): Promise<number | undefined> {
  if (what === undefined)
    throw new UsageError("sweep: expected a setting or a YAML file, got none; crh sweep --help has examples");
  const { every, evaluateEvery, cost, moments, checkpointEvery, follow, followEvery, data } = options;
  const planned = await planSweep({
    ...{ what, assignments, name: options.name, preset: options.preset, steps: options.steps },
    ...{ draws: options.draws, drawSeed: options.drawSeed },
    options: { every, evaluateEvery, cost, moments, checkpointEvery, follow, followEvery, data },
  });
  if (options.dryRun === true) {
    showPlan(planned, options, io);
    return undefined;
  }
  if (options.planOnly === true && options.slurm === true)
    throw new UsageError(
      "sweep: expected --slurm or --plan-only, got both; crh sweep resume --slurm submits a planned one",
    );
  const means = await meansOf(options);
  if (options.quiet !== true) io.stderr.write(`${summaryOf(planned, options)}\n`);
  const sweep = writeSweep(planned, options.sweeps, {
    argv: ["sweep", what, ...assignments],
    failFast: options.failFast === true,
    again: options.again === true,
    named: (options.name ?? planned.plan.name) !== undefined,
  });
  if (options.planOnly === true) {
    io.stdout.write(`${sweep.dir}\n`);
    return undefined;
  }
  return means === undefined ? doSweep(sweep, options, io) : submitCommand(sweep, means, options, io);
}

export async function sweepResumeCommand(
  which: string,
  options: DoSweepOptions & { readonly failed?: boolean },
  io: Io,
): Promise<number | undefined> {
  const sweep = openSweep(which, options.sweeps);
  const means = await meansOf(options);
  if (options.failed === true) for (const job of sweep.state().failed) sweep.forget(job);
  return means === undefined ? doSweep(sweep, options, io) : submitCommand(sweep, means, options, io);
}

export async function sweepStatusCommand(
  which: string,
  options: { readonly sweeps: string; readonly json?: boolean },
  io: Io,
): Promise<void> {
  const sweep = openSweep(which, options.sweeps);
  const slurm = await slurmStatus(sweep).catch((error: unknown) => {
    if (!(error instanceof SlurmError)) throw error;
    io.stderr.write(`${error.message.replace(/^sweep: /, "without Slurm's queue: ")}\n`);
    return null;
  });
  show({ ...sweepStatus(sweep), ...(slurm !== undefined && { slurm }) }, options, io);
}

/** Where the jobs run: Slurm, or undefined for this machine. */
function meansOf(options: DoSweepOptions): Promise<SlurmMeans | undefined> {
  const { jobs = 1, slurm } = options;
  if (slurm !== true && jobs > MOST_WORKERS)
    throw new UsageError(`sweep: expected ${MOST_WORKERS} at most as --jobs on one machine, got ${jobs}`);
  return slurmMeans(options, WORKER);
}

async function doSweep(sweep: SweepFolder, options: DoSweepOptions, io: Io): Promise<number | undefined> {
  const { jobs = 1, threads, together, data, quiet } = options;
  await runSweep(
    sweep,
    {
      jobs,
      program: WORKER,
      ...(threads !== undefined && { threads }),
      ...(together !== undefined && { together }),
      ...(data !== undefined && { data }),
    },
    { observer: terminalObserver(io, { quiet }), signal: io.interruption() },
  );
  const status = sweepStatus(sweep);
  show(status, options, io);
  return status.failed > 0 ? EXIT_FAILED : undefined;
}

function show(
  status: SweepStatus & { readonly slurm?: SlurmStatus | null },
  { json }: { readonly json?: boolean },
  io: Io,
): void {
  io.stdout.write(json === true ? `${JSON.stringify(status, undefined, 2)}\n` : renderStatus(status, io));
}

/** "60 jobs (5 repeated ones left out), by 2 at once: an estimated 12 min of training, ..". */
function summaryOf(planned: PlannedSweep, { jobs: workers = 1, slurm }: DoSweepOptions): string {
  const { jobs, repeated, seconds, bytes } = planned;
  const left = repeated === 0 ? "" : ` (${formatCount(repeated)} repeated ones left out)`;
  const together = slurm === true ? 1 : workers;
  const time = formatDuration((1000 * seconds) / together);
  const memory = formatBytes(bytes * together);
  return (
    `${formatCount(jobs.length)} jobs${left}, by ${slurm === true ? "Slurm" : `${workers} at once`}: ` +
    `an estimated ${time} of training${slurm === true ? " in all" : ""}, measurements not counted, ` +
    `and ${memory} of memory${slurm === true ? " a job" : ""}`
  );
}

/** chosen: enough to see how values combine. */
const SHOWN_JOBS = 8;

function showPlan(planned: PlannedSweep, options: SweepOptions, io: Io): void {
  const { name, jobs, repeated, seconds, longest, bytes } = planned;
  if (options.json === true) {
    const plan = { name, jobs: jobs.length, repeated, seconds, longestSeconds: longest, bytes };
    io.stdout.write(`${JSON.stringify(plan)}\n`);
    return;
  }
  const lines = jobs.slice(0, SHOWN_JOBS).map(({ id, values }) => {
    const words = Object.entries(values).map(([key, value]) => `${key}=${String(value)}`);
    return `  ${id}  ${words.join(" ")}`;
  });
  if (jobs.length > SHOWN_JOBS) lines.push(`  and ${formatCount(jobs.length - SHOWN_JOBS)} more`);
  io.stdout.write(`${name}: ${summaryOf(planned, options)}\n${lines.join("\n")}\n`);
}
