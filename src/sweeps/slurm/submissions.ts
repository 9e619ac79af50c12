/**
 * @file The submissions of a sweep to Slurm (docs/formats.md, "slurm/"). In the folder slurm/, for the n-th array,
 * jobs-n.txt lists the jobs, submit-n.sh is the script, and array-n.json, written last, holds Slurm's job id.
 */

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { schemaFault } from "../../formats/schemaFault.ts";
import { makeFolder, writeWhole } from "../../runs/writeFile.ts";
import { Claims } from "../claims.ts";
import { jobListText, readJobList, sharedBy } from "../jobList.ts";
import type { SweepFolder } from "../sweepFolder.ts";

export const SLURM_SCHEMA = "crh-lab/slurm@1";

const recordSchema = z.looseObject({
  schema: z.literal(SLURM_SCHEMA),
  array: z.string().regex(/^\d+$/),
  cluster: z.string(),
  tasks: z.int().min(1),
  jobs: z.int().min(1),
  submittedAt: z.iso.datetime(),
  command: z.array(z.string()),
});

/** array-n.json. */
export interface ArrayRecord {
  readonly schema: typeof SLURM_SCHEMA;
  /** Slurm's number of the array. */
  readonly array: string;
  /** Job ids are only valid on one cluster. */
  readonly cluster: string;
  readonly tasks: number;
  readonly jobs: number;
  readonly submittedAt: string;
  readonly command: readonly string[];
}

/** An array accepted by Slurm. */
export interface Submission {
  readonly number: number;
  readonly record: ArrayRecord;
}

/** The files of an array to be submitted. */
export interface SubmissionFiles {
  readonly number: number;
  readonly list: string;
  readonly script: string;
}

export class Submissions {
  readonly dir: string;
  readonly #sweep: SweepFolder;

  constructor(sweep: SweepFolder) {
    this.#sweep = sweep;
    this.dir = join(sweep.dir, "slurm");
  }

  /** Folder of the logs of all tasks. */
  get logs(): string {
    return join(this.#sweep.dir, "logs");
  }

  /** The arrays accepted by Slurm, in order of submission. @throws Error naming a damaged record */
  all(): Submission[] {
    return this.#numbers("array-", ".json").map((number) => {
      const path = this.#path("array", number);
      const found = recordSchema.safeParse(json(readFileSync(path, "utf8")));
      if (found.success) return { number, record: found.data };
      const { place, fault } = schemaFault(found.error.issues, "the document");
      throw new Error(
        `sweep: expected the record of an array in ${path}, got "${place}" wrong ` +
          `(${fault}); restore that file, or take it away: the array's tasks are then not joined`,
      );
    });
  }

  /** The arrays accepted by one cluster. */
  of(cluster: string): Submission[] {
    return this.all().filter(({ record }) => record.cluster === cluster);
  }

  /** Ids of the jobs assigned to given tasks of these arrays. */
  jobsOf(tasks: readonly { readonly array: string; readonly task: number }[]): Set<string> {
    const jobs = new Set<string>();
    for (const { number, record } of this.all()) {
      const own = tasks.filter(({ array }) => array === record.array);
      const list = own.length === 0 ? [] : readJobList(this.#path("jobs", number));
      for (const { task } of own) for (const id of sharedBy(list, { index: task, of: record.tasks })) jobs.add(id);
    }
    return jobs;
  }

  /** Writes the list of a new array's jobs, under an unused number. */
  begin(ids: readonly string[]): SubmissionFiles {
    makeFolder(this.dir, "sweep");
    makeFolder(this.logs, "sweep"); // Slurm does not start a task if it cannot open its log
    const number = 1 + Math.max(0, ...this.#numbers("jobs-", ".txt"));
    const [list, script] = [this.#path("jobs", number), this.#path("submit", number)];
    writeWhole(list, jobListText(ids), { sync: true, where: "sweep" });
    return { number, list, script };
  }

  writeScript({ script }: SubmissionFiles, text: string): void {
    writeWhole(script, text, { sync: true, where: "sweep" });
  }

  /** Records that Slurm accepted it. */
  record({ number }: SubmissionFiles, record: Omit<ArrayRecord, "schema">): void {
    const text = `${JSON.stringify({ schema: SLURM_SCHEMA, ...record }, undefined, 2)}\n`;
    writeWhole(this.#path("array", number), text, { sync: true, where: "sweep" });
  }

  /** Removes its files, because Slurm refused it. */
  drop({ list, script }: SubmissionFiles): void {
    for (const path of [list, script]) rmSync(path, { force: true });
  }

  /**
   * Runs work under a lock: two processes that submit the remaining jobs would submit them twice.
   *
   * @throws Error if another process holds the lock
   */
  async alone<T>(submit: () => Promise<T>): Promise<T> {
    makeFolder(this.dir, "sweep");
    const claims = new Claims(this.dir);
    const standing = Claims.standing(readdirSync(this.dir)).get(LOCK);
    const claim = standing === undefined ? claims.take(LOCK) : claims.takeOver(standing);
    if (claim === undefined)
      throw new Error(
        `sweep: expected no other process to submit ${this.#sweep.name}, got another crh sweep that does; ` +
          `wait for it (if there is none any more, take away ${join(this.dir, LOCK)}.*)`,
      );
    try {
      return await submit();
    } finally {
      claims.release(claim);
    }
  }

  #numbers(before: string, after: string): number[] {
    if (!existsSync(this.dir)) return [];
    return readdirSync(this.dir)
      .filter((name) => name.startsWith(before) && name.endsWith(after))
      .map((name) => name.slice(before.length, -after.length))
      .filter((digits) => /^\d+$/.test(digits))
      .map(Number)
      .sort((x, y) => x - y);
  }

  #path(what: "jobs" | "submit" | "array", number: number): string {
    return join(this.dir, `${what}-${number}.${{ jobs: "txt", submit: "sh", array: "json" }[what]}`);
  }
}

const LOCK = "submitting";

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
