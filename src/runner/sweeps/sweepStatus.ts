/** @file The progress of a sweep, for display. */
import type { JobFailure, SweepProgress } from "../../sweeps/shownSweep.ts";
import type { SweepFolder } from "../../sweeps/sweepFolder.ts";

export interface SweepStatus extends SweepProgress {
  readonly folder: string;
  readonly failures: readonly JobFailure[];
}

/** chosen: enough for a median, and quickly read. */
const TIMED_JOBS = 200;
const SHOWN_FAILURES = 20;

/** @param failures most failures that are read. Default 20 */
export function sweepStatus(sweep: SweepFolder, failures = SHOWN_FAILURES): SweepStatus {
  const { done, failed, claimed } = sweep.state();
  const left = sweep.record.jobs - done.size - failed.size;
  const running = Math.min(claimed.size, left);
  const seconds = left === 0 ? 0 : medianSeconds(sweep, [...done]);
  return {
    name: sweep.name,
    folder: sweep.dir,
    jobs: sweep.record.jobs,
    done: done.size,
    failed: failed.size,
    running,
    waiting: left - running,
    secondsLeft: seconds === undefined ? null : (seconds * left) / Math.max(1, running),
    failures: [...failed]
      .sort()
      .slice(0, failures)
      .map((job) => ({ job, error: sweep.errorOf(job) })),
  };
}

function medianSeconds(sweep: SweepFolder, done: readonly string[]): number | undefined {
  const every = Math.max(1, Math.floor(done.length / TIMED_JOBS));
  const times = done
    .filter((_, at) => at % every === 0)
    .flatMap((job) => sweep.secondsOf(job) ?? [])
    .filter((seconds) => seconds > 0) // runs of another sweep are taken over in no time
    .sort((x, y) => x - y);
  return times[Math.floor(times.length / 2)];
}
