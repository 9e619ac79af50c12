/** @file The progress of a sweep, for the terminal. */
import { formatCount, formatDuration } from "../formats/quantities.ts";
import type { SlurmStatus } from "../runner/sweeps/slurm/slurmStatus.ts";
import type { SweepStatus } from "../runner/sweeps/sweepStatus.ts";
import { hasColour, type Io, widthOf } from "./io.ts";
import { dimmer, renderTable } from "./table.ts";

/** chosen: most failures shown, which are often alike; all are in failed/. */
const SHOWN_FAILURES = 5;

/** Counts, failures with their error lines, and the next step. */
export function renderStatus(status: SweepStatus & { readonly slurm?: SlurmStatus | null }, io: Io): string {
  const { name, folder, jobs, done, failed, running, waiting, secondsLeft, failures } = status;
  const counts = [
    `${formatCount(done)} of ${formatCount(jobs)} jobs done`,
    ...(failed > 0 ? [`${formatCount(failed)} failed`] : []),
    ...(running > 0 ? [`${formatCount(running)} claimed by workers`] : []),
    ...(waiting > 0 ? [`${formatCount(waiting)} waiting`] : []),
    ...(secondsLeft !== null && secondsLeft > 0 ? [`about ${formatDuration(1000 * secondsLeft)} left`] : []),
  ];
  const rows = failures.slice(0, SHOWN_FAILURES).map(({ job, error }) => [job, error]);
  const table = renderTable([{ header: "failed" }, { header: "why", shrinkTo: 20 }], rows, {
    width: widthOf(io.stdout),
    dim: dimmer(hasColour(io.stdout, io.env)),
  });
  const more = failed > SHOWN_FAILURES ? `and ${formatCount(failed - SHOWN_FAILURES)} more in ${folder}/failed\n` : "";
  const retry = failed > 0 ? `crh sweep resume ${folder} --failed   tries failed ones again\n` : "";
  const { slurm } = status;
  const next = slurm
    ? nextOf(slurm, folder)
    : waiting > 0 && running === 0
      ? `crh sweep resume ${folder}   does the remaining jobs\n`
      : "";
  const compare = done > 0 ? `crh compare ${folder} --x PARAMETER --y MEASURE   shows the results\n` : "";
  return `${name}: ${counts.join(", ")}\n${slurm ? renderQueue(slurm) : ""}${failed > 0 ? `${table}${more}` : ""}${next}${retry}${compare}`;
}

/** "Slurm: 3 tasks running, 12 queued, 2 held (JobHeldUser: 2); arrays 17, 18". */
function renderQueue({ arrays, running, ending, queued, requeued, held, reasons }: SlurmStatus): string {
  const counts = Object.entries({ running, ending, queued, requeued, held }).filter(([, count]) => count > 0);
  const tasks = counts.map(([state, count]) => `${formatCount(count)} ${state}`).join(", ") || "no task in the queue";
  const why = reasons.map(({ reason, tasks: count }) => `${reason}: ${formatCount(count)}`).join(", ");
  return `Slurm: ${tasks}${why && ` (${why})`}; ${arrays.length === 1 ? "array" : "arrays"} ${arrays.join(", ")}\n`;
}

function nextOf({ left, held, heldArrays }: SlurmStatus, folder: string): string {
  const release = held > 0 ? `scontrol release ${heldArrays.join(",")}   lets held tasks start\n` : "";
  return left > 0
    ? `${release}crh sweep resume ${folder} --slurm   submits the ${formatCount(left)} jobs that are in no queue\n`
    : release;
}
