/**
 * @file A sweep as a folder (docs/formats.md, "Sweep folder"): plan.json, jobs.jsonl, claims/, done/, failed/ and runs/
 * with a run folder for each job. Any number of workers, on any machines that share the disk, do its jobs. File names
 * show which jobs are done, so that ten thousand jobs are counted by listing three folders.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { z } from "zod";
import { schemaFault } from "../formats/schemaFault.ts";
import { makeFolder, writeWhole, writing } from "../runs/writeFile.ts";
import { type ClaimOptions, Claims, type Standing } from "./claims.ts";
import type { Job } from "./jobs.ts";
import { checkedChoices, type RunChoices } from "./plan.ts";

export const SWEEP_SCHEMA = "crh-lab/sweep@1";

const count = z.int().nonnegative();
const planSchema = z.looseObject({
  schema: z.literal(SWEEP_SCHEMA),
  name: z.string().min(1),
  createdAt: z.iso.datetime(),
  argv: z.array(z.string()),
  jobs: count,
  /** Whether the first failure stops the sweep. */
  failFast: z.boolean(),
  /** Whether jobs are repeated that another sweep has done. */
  again: z.boolean(),
  options: z.record(z.string(), z.unknown()),
  versions: z.looseObject({ crh: z.string() }),
});

/** plan.json. */
export interface SweepRecord {
  readonly schema: typeof SWEEP_SCHEMA;
  readonly name: string;
  readonly createdAt: string;
  readonly argv: readonly string[];
  readonly jobs: number;
  readonly failFast: boolean;
  readonly again: boolean;
  readonly options: RunChoices;
  readonly versions: { readonly crh: string };
}

const jobSchema = z.object({
  id: z.string().regex(/^[\w.-]{1,200}$/),
  setting: z.string(),
  preset: z.string().optional(),
  values: z.record(z.string(), z.unknown()),
  options: z.record(z.string(), z.unknown()).optional(),
});

const doneSchema = z.looseObject({ seconds: z.number(), run: z.string() });
const failedSchema = z.looseObject({ error: z.string() });

/** States of the jobs, by id. */
export interface SweepState {
  readonly done: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  /** Neither done nor failed. */
  readonly claimed: ReadonlyMap<string, Standing>;
}

/** The jobs of one of `of` workers: those whose position equals `index` modulo `of`. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** chosen: this many workers lost without a trace are not a coincidence. */
const MOST_FENCES = 9;

const FOLDERS = ["claims", "done", "failed", "runs", "logs"] as const;

/**
 * Creates the folder of a new sweep.
 *
 * @param root folder of all sweeps
 * @param jobs written one by one, so that a hundred thousand need no memory
 * @throws Error if a sweep of that name exists
 */
export function createSweep(
  root: string,
  record: Omit<SweepRecord, "schema" | "jobs">,
  jobs: readonly Job[],
): SweepFolder {
  makeFolder(root, "sweep");
  const dir = join(root, record.name);
  writing("sweep", root, () => {
    try {
      mkdirSync(dir);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new Error(
        `sweep: expected a new name in ${root}, got ${record.name}; choose another with --name, or continue with crh sweep resume ${dir}`,
      );
    }
  });
  try {
    for (const name of FOLDERS) makeFolder(join(dir, name), "sweep");
    const lines = jobs.map(({ id, setting, preset, values, options }) =>
      JSON.stringify({ id, setting, preset, values, options }),
    );
    writeWhole(join(dir, "jobs.jsonl"), `${lines.join("\n")}\n`, { sync: true, where: "sweep" });
    const full: SweepRecord = { schema: SWEEP_SCHEMA, ...record, jobs: jobs.length };
    // Last, so that an incomplete folder, without plan.json, is not a sweep.
    writeWhole(join(dir, "plan.json"), `${JSON.stringify(full, undefined, 2)}\n`, { sync: true, where: "sweep" });
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
  return new SweepFolder(dir);
}

/**
 * Opens a sweep by its path or, in a folder of sweeps, by its name or "latest".
 *
 * @throws Error if there is none, or it is damaged or of a newer version
 */
export function openSweep(which: string, root: string, claims: ClaimOptions = {}): SweepFolder {
  const found = [which, join(root, which)].find((dir) => existsSync(join(dir, "plan.json")));
  if (found !== undefined) return new SweepFolder(found, claims);
  const names = sweepsOf(root);
  if (which === "latest" && names.length > 0) return new SweepFolder(join(root, names.at(-1)!), claims);
  const shown = names.slice(-3).reverse().join(", ") || "there is none";
  const what = existsSync(which) ? `${which}, which has no plan.json` : `"${which}"`;
  throw new Error(`sweep: expected the folder of a sweep (in ${root}: ${shown}), got ${what}; crh sweep makes one`);
}

/** Names of the sweeps in a folder, in order of names, which begin with dates by default. */
export function sweepsOf(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => existsSync(join(root, name, "plan.json")))
    .sort();
}

export class SweepFolder {
  readonly dir: string;
  readonly record: SweepRecord;
  readonly claims: Claims;

  /** @throws Error where plan.json is damaged or of a newer version. Use createSweep or openSweep. */
  constructor(dir: string, claims: ClaimOptions = {}) {
    this.dir = resolve(dir);
    this.record = readPlan(join(this.dir, "plan.json"));
    this.claims = new Claims(join(this.dir, "claims"), claims);
  }

  get name(): string {
    return basename(this.dir);
  }

  /** All jobs in the order of the plan. @throws Error naming the line that is damaged, or how many are missing */
  jobs(): Job[] {
    const path = join(this.dir, "jobs.jsonl");
    const lines = readText(path, "jobs.jsonl").split("\n");
    const jobs = lines.flatMap((line, at): Job[] => {
      if (line === "") return [];
      const job = jobSchema.safeParse(json(line));
      if (!job.success)
        throw new Error(`sweep: expected a job in line ${at + 1} of ${path}, got something else; restore that file`);
      const { preset, options, ...rest } = job.data;
      return [
        { ...rest, ...(preset !== undefined && { preset }), ...(options && { options: checkedChoices(options) }) },
      ];
    });
    if (jobs.length !== this.record.jobs)
      throw new Error(`sweep: expected ${this.record.jobs} jobs in ${path}, got ${jobs.length}; restore that file`);
    return jobs;
  }

  /** The states of all jobs, from three listings. */
  state(): SweepState {
    const done = new Set(this.#names("done"));
    const failed = new Set(this.#names("failed"));
    const claimed = Claims.standing(this.#list("claims"));
    for (const name of claimed.keys()) if (done.has(name) || failed.has(name)) claimed.delete(name);
    return { done, failed, claimed };
  }

  isDone(job: string): boolean {
    return existsSync(join(this.dir, "done", `${job}.json`));
  }

  isFailed(job: string): boolean {
    return existsSync(join(this.dir, "failed", `${job}.json`));
  }

  /** @param run its folder in runs/ */
  markDone(job: string, run: string, seconds: number): void {
    this.#mark("done", job, { seconds, run });
    this.forget(job);
  }

  markFailed(job: string, error: string): void {
    this.#mark("failed", job, { error });
  }

  /** Removes the mark of a failed job, so that it is tried again. */
  forget(job: string): void {
    rmSync(join(this.dir, "failed", `${job}.json`), { force: true });
  }

  /** Duration in seconds of a finished job; undefined if its mark cannot be read. */
  secondsOf(job: string): number | undefined {
    const mark = doneSchema.safeParse(json(textOr(join(this.dir, "done", `${job}.json`))));
    return mark.success ? mark.data.seconds : undefined;
  }

  errorOf(job: string): string {
    const mark = failedSchema.safeParse(json(textOr(join(this.dir, "failed", `${job}.json`))));
    return mark.success ? mark.data.error : "its record in failed/ cannot be read";
  }

  /** The folder of a job's run, in runs/, if it was started; the last one if it was fenced. */
  runOf(job: string): string | undefined {
    const take = this.#take(job);
    return take === undefined ? undefined : this.#run(job, take);
  }

  /** Path for the run of a job that has not started. */
  newRunOf(job: string): string {
    return this.#run(job, 0);
  }

  /**
   * Fences a worker that may still be alive by renaming its run's folder: if it returns, it finds no folder to write
   * to, or creates one that is never read.
   *
   * @returns the run's new folder, which may not exist, or undefined if the limit of fencings is reached
   */
  fence(job: string): string | undefined {
    const take = this.#take(job);
    if (take === MOST_FENCES) return undefined;
    const next = this.#run(job, (take ?? 0) + 1);
    if (take !== undefined) writing("sweep", this.dir, () => renameSync(this.#run(job, take), next));
    return next;
  }

  #take(job: string): number | undefined {
    for (let take = MOST_FENCES; take >= 0; take--) if (existsSync(this.#run(job, take))) return take;
    return undefined;
  }

  #run(job: string, take: number): string {
    return join(this.dir, "runs", take === 0 ? job : `${job}.${take}`);
  }

  /** Adopts the run of another sweep that did the same job. */
  adopt(job: string, run: string): void {
    const path = join(this.dir, "runs", job);
    writing("sweep", this.dir, () => {
      if (!existsSync(path)) symlinkSync(relative(dirname(path), run), path);
    });
  }

  #mark(folder: "done" | "failed", job: string, value: object): void {
    // Not synced: a mark lost in a power cut is made again from the run, which is on the disk.
    writeWhole(join(this.dir, folder, `${job}.json`), `${JSON.stringify(value)}\n`, { where: "sweep" });
  }

  #names(folder: "done" | "failed"): string[] {
    return this.#list(folder).flatMap((name) =>
      name.endsWith(".json") && !name.startsWith(".") ? [name.slice(0, -5)] : [],
    );
  }

  #list(folder: (typeof FOLDERS)[number]): string[] {
    const path = join(this.dir, folder);
    try {
      return readdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      makeFolder(path, "sweep"); // removed by hand: its jobs will be done
      return [];
    }
  }
}

function readPlan(path: string): SweepRecord {
  const cure = "restore that file, or plan the sweep again";
  const value = json(readText(path, "plan.json"));
  const found = planSchema.safeParse(value);
  if (found.success) return { ...found.data, options: checkedChoices(found.data.options) } as SweepRecord;
  const { schema } = (value ?? {}) as { schema?: unknown };
  if (typeof schema === "string" && /^crh-lab\/sweep@\d+$/.test(schema) && schema !== SWEEP_SCHEMA)
    throw new Error(
      `sweep: expected a sweep of schema ${SWEEP_SCHEMA} in ${path}, got ${schema}; use the version of crh that made it, or a newer one`,
    );
  const { place, fault } = schemaFault(found.error.issues, "the document");
  throw new Error(`sweep: expected a plan in ${path}, got "${place}" wrong (${fault}); ${cure}`);
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? "unknown reason";
    throw new Error(`sweep: expected a ${what} that can be read at ${path}, got none (${reason}); restore that file`);
  }
}

function textOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
