/** @file Sweeps as the page shows them: how far each is, and its jobs with their values and runs. */
import { basename, join } from "node:path";
import { type SweepStatus, sweepStatus } from "../runner/sweeps/sweepStatus.ts";
import { openSweep, type SweepFolder, sweepsOf } from "../sweeps/sweepFolder.ts";
import { NotFoundError } from "./notFound.ts";

/** chosen: jobs that a page shows; those of a larger sweep are counted. */
const MOST_JOBS = 5000;

export interface ShownJob {
  readonly id: string;
  readonly setting: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly state: "done" | "failed" | "running" | "waiting";
  /** The run as the other addresses name it: sweep/run. */
  readonly run?: string;
}

export interface ShownSweep {
  readonly status: Omit<SweepStatus, "folder">;
  readonly createdAt: string;
  readonly argv: readonly string[];
  readonly jobs: readonly ShownJob[];
}

/** All sweeps of a folder, damaged ones with what is wrong. */
export function listSweeps(
  root: string,
): (Omit<SweepStatus, "folder" | "failures"> | { name: string; problem: string })[] {
  return sweepsOf(root).map((name) => {
    try {
      const { folder: _, failures: __, ...status } = sweepStatus(openSweep(join(root, name), root), 0);
      return status;
    } catch (error) {
      return { name, problem: (error as Error).message };
    }
  });
}

/** @throws NotFoundError where there is none of this name; Error where it is damaged */
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
