/** @file The other sweeps beside one: which of its jobs they have done, or are doing. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Standing } from "./claims.ts";
import { SweepFolder, sweepsOf } from "./sweepFolder.ts";

/** Where a job stands in another sweep: the folder of its finished run, or that somebody works on it. */
export type Elsewhere = { readonly run: string } | "running" | undefined;

export class OtherSweeps {
  readonly #own: SweepFolder;
  readonly #jobs: ReadonlySet<string>;
  /** The sweeps that have a job of this one, by job. */
  readonly #having = new Map<string, SweepFolder[]>();
  readonly #known = new Set<string>();

  constructor(own: SweepFolder, jobs: readonly { readonly id: string }[]) {
    this.#own = own;
    this.#jobs = new Set(jobs.map(({ id }) => id));
    this.#known.add(own.name);
  }

  /** Looks at the folder of sweeps again: there may be new ones. */
  look(): void {
    const root = dirname(this.#own.dir);
    for (const name of sweepsOf(root)) {
      if (this.#known.has(name)) continue;
      this.#known.add(name);
      try {
        const sweep = new SweepFolder(join(root, name));
        for (const { id } of sweep.jobs())
          if (this.#jobs.has(id)) this.#having.set(id, [...(this.#having.get(id) ?? []), sweep]);
      } catch {
        // a damaged sweep, or one of another version: it answers for none of these jobs
      }
    }
  }

  of(job: string): Elsewhere {
    for (const sweep of this.#having.get(job) ?? []) {
      const run = sweep.isDone(job) ? sweep.runOf(job) : undefined;
      if (run !== undefined && existsSync(join(run, "run.json"))) return { run };
      if (isWorkedOn(sweep, job)) return "running";
    }
    return undefined;
  }
}

function isWorkedOn(sweep: SweepFolder, job: string): boolean {
  let standing: Standing | undefined;
  // The first claim of a name stays below those that followed it.
  for (let round = 0; sweep.claims.exists({ name: job, round }); round++) standing = { name: job, round };
  return standing !== undefined && sweep.claims.death(standing) === undefined;
}
