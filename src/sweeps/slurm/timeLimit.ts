/** @file Slurm's time limits, and how long before them a job is signalled. */

/**
 * Seconds of a time limit in Slurm's notation: minutes, minutes:seconds, hours:minutes:seconds, days-hours,
 * days-hours:minutes or days-hours:minutes:seconds (man sbatch, --time). Infinity for UNLIMITED.
 *
 * @returns undefined for anything else, and for zero
 */
export function parseTimeLimit(text: string): number | undefined {
  if (/^(unlimited|infinite)$/i.test(text)) return Number.POSITIVE_INFINITY;
  const [, days, clock = ""] = /^(?:(\d+)-)?(\d+(?::\d+){0,2})$/.exec(text) ?? [];
  if (clock === "") return undefined;
  const parts = clock.split(":").map(Number);
  // After days come hours; without days the first part is minutes, unless there are three parts.
  const [hours, minutes, seconds] =
    days !== undefined || parts.length === 3
      ? [parts[0]!, parts[1] ?? 0, parts[2] ?? 0]
      : [0, parts[0]!, parts[1] ?? 0];
  const total = 86400 * Number(days ?? 0) + 3600 * hours + 60 * minutes + seconds;
  return total > 0 ? total : undefined;
}

/** chosen: a checkpoint of the largest networks here takes seconds, a measurement in progress a minute. */
const LEAD_SECONDS = 120;
/** chosen: four fifths of a short limit are left for work. */
const LEAD_SHARE = 1 / 5;

/**
 * Seconds before the limit at which a job is signalled to write its checkpoint. Slurm checks every 30 s and may signal
 * up to a minute earlier (man sbatch, --signal).
 */
export function signalLead(limitSeconds = Number.POSITIVE_INFINITY): number {
  return Math.max(1, Math.min(LEAD_SECONDS, Math.floor(LEAD_SHARE * limitSeconds)));
}
