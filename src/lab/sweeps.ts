/** @file Sweeps for the page: their progress, and their jobs with values and runs. */
import { basename, join } from "node:path";
import { sweepStatus } from "../runner/sweeps/sweepStatus.ts";
import type { ShownJob, ShownSweep, SweepSummary } from "../sweeps/shownSweep.ts";
import { openSweep, type SweepFolder, sweepsOf } from "../sweeps/sweepFolder.ts";
import { NotFoundError } from "./notFound.ts";

/** chosen: most jobs shown; those of a larger sweep are only counted. */
const MOST_JOBS = 5000;

/** All sweeps in a folder; a damaged one states its fault. */
export function listSweeps(root: string): SweepSummary[] {
  return sweepsOf(root).map((name) => {
    try {
      const { folder: _, failures: __, ...status } = sweepStatus(openSweep(join(root, name), root), 0);
      return status;
    } catch (error) {
      return { name, problem: (error as Error).message };
    }
  });
}

/** @throws NotFoundError if no sweep has this name; Error if it is damaged */
export function sweepCalled(root: string, name: string): ShownSweep {
  if (!sweepsOf(root).includes(name))
    throw new NotFoundError(
      `expected the name of a sweep, got ${JSON.stringify(name.slice(0, 100))}; /api/sweeps lists them`,
    );
  const sweep = openSweep(join(root, name), root);
  const { folder: _, ...status } = sweepStatus(sweep);
  const { createdAt, argv } = sweep.record;
  return { status, createdAt, argv, jobs: jobsOf(sweep, name) };
}

function jobsOf(sweep: SweepFolder, name: string): ShownJob[] {
  const { done, failed, claimed } = sweep.state();
  return sweep
    .jobs()
    .slice(0, MOST_JOBS)
    .map(({ id, setting, values }) => {
      const state = done.has(id) ? "done" : failed.has(id) ? "failed" : claimed.has(id) ? "running" : "waiting";
      const dir = sweep.runOf(id);
      return { id, setting, values, state, ...(dir === undefined ? {} : { run: `${name}/${basename(dir)}` }) };
    });
}
