/** @file Jobs of a sweep that other sweeps in the same folder have done or are doing. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Standing } from "./claims.ts";
import { SweepFolder, sweepsOf } from "./sweepFolder.ts";

/** State of a job in another sweep: the folder of its finished run, or "running". */
export type Elsewhere = { readonly run: string } | "running" | undefined;

export class OtherSweeps {
  readonly #own: SweepFolder;
  readonly #jobs: ReadonlySet<string>;
  /** Other sweeps that contain a job of this one, by job. */
  readonly #having = new Map<string, SweepFolder[]>();
  readonly #known = new Set<string>();

  constructor(own: SweepFolder, jobs: readonly { readonly id: string }[]) {
    this.#own = own;
    this.#jobs = new Set(jobs.map(({ id }) => id));
    this.#known.add(own.name);
  }

  /** Reads the folder of sweeps again for new ones. */
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
        // a damaged sweep, or one of another version, counts for none of these jobs
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
  // Earlier claims of a name remain beside later ones.
  for (let round = 0; sweep.claims.exists({ name: job, round }); round++) standing = { name: job, round };
  return standing !== undefined && sweep.claims.death(standing) === undefined;
}
