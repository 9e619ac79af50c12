/** @file A job held by a worker: prepares its run, keeps its claim alive, and marks the outcome. */
import { existsSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { openRun } from "../../runs/runFolder.ts";
import { WriteError } from "../../runs/writeFile.ts";
import type { Claim } from "../../sweeps/claims.ts";
import type { Job } from "../../sweeps/jobs.ts";
import type { SweepFolder } from "../../sweeps/sweepFolder.ts";
import { Interrupted, reportOf } from "../errors.ts";
import type { Watcher } from "../observer.ts";
import { createTraining, type StartedRun } from "../training/createTraining.ts";
import { resumeTraining } from "../training/resumeTraining.ts";

export interface Held {
  readonly claim: Claim;
  readonly job: Job;
  /** Folder of its run, which may not exist. */
  readonly dir: string;
}

export class HeldJob {
  readonly job: Job;
  /** Aborted when the user stops the work, or the claim is lost. */
  readonly signal: AbortSignal;
  readonly #sweep: SweepFolder;
  readonly #claim: Claim;
  readonly #dir: string;
  readonly #observer: Watcher["observer"];
  readonly #lost = new AbortController();
  readonly #beating: NodeJS.Timeout;

  constructor(sweep: SweepFolder, { claim, job, dir }: Held, { observer, signal }: Watcher) {
    this.job = job;
    this.signal = AbortSignal.any([signal, this.#lost.signal]);
    this.#sweep = sweep;
    this.#claim = claim;
    this.#dir = dir;
    this.#observer = observer;
    this.#beating = setInterval(() => {
      if (!sweep.claims.beat(claim)) this.#lost.abort();
    }, sweep.claims.beatMs);
  }

  /**
   * The run prepared for training, from its last checkpoint if unfinished; undefined if it is finished.
   *
   * @param options.threads threads of a new run; unfinished runs keep theirs
   */
  async begun(options: { readonly threads: number; readonly data?: string }): Promise<StartedRun | undefined> {
    const [job, dir] = [this.job, this.#dir];
    const runs = join(this.#sweep.dir, "runs");
    const { data: planned, moments, ...choices } = job.options ?? this.#sweep.record.options;
    const data = options.data ?? planned;
    if (existsSync(join(dir, "run.json"))) {
      const folder = openRun(dir);
      const { status } = folder.info();
      if (status === "finished") return undefined; // its worker died before marking it
      if (status === "running") folder.update({ status: "interrupted" }); // by the claim, no process runs it
      return resumeTraining(folder, { runs, yes: true, ...(data !== undefined && { data }) });
    }
    rmSync(dir, { recursive: true, force: true }); // its worker died while creating it
    const assignments = Object.entries(job.values).map(([key, value]) => `${key}=${String(value)}`);
    return createTraining(job.setting, assignments, {
      ...{ id: basename(dir), runs, yes: true, device: "cpu", keepBest: "none", keep: 1, threads: options.threads },
      ...{ moments, ...choices },
      ...(job.preset !== undefined && { preset: job.preset }),
      ...(data !== undefined && { data }),
    });
  }

  /**
   * Marks the outcome of the run.
   *
   * @param error undefined if it finished
   * @throws Interrupted where the user stopped it; WriteError where the disk refuses. The job is then unchanged
   */
  settle(error?: unknown): void {
    const { claims } = this.#sweep;
    if (this.#lost.signal.aborted || !claims.holds(this.#claim)) {
      const isFenced = this.#sweep.runOf(this.job.id) !== this.#dir; // the other worker has its own folder
      if (isFenced) rmSync(this.#dir, { recursive: true, force: true });
      this.#lost.abort();
      this.#observer.note(`${this.job.id}: another worker has taken it over, because this one was silent for too long`);
    } else if (error === undefined) {
      const { durationMs = 0 } = openRun(this.#dir).info();
      this.#sweep.markDone(this.job.id, basename(this.#dir), durationMs / 1000);
    } else {
      if (error instanceof Interrupted) throw stopped(this.#sweep);
      if (error instanceof WriteError) throw error;
      const { line } = reportOf(error);
      this.#sweep.markFailed(this.job.id, line);
      this.#observer.note(`${this.job.id}: failed: ${line}`);
    }
  }

  /** Releases the job, if it is still held. */
  end(): void {
    clearInterval(this.#beating);
    if (!this.#lost.signal.aborted) this.#sweep.claims.release(this.#claim);
  }
}

export function stopped(sweep: SweepFolder): Interrupted {
  return new Interrupted(`worker: stopped, nothing is lost; crh sweep resume ${sweep.dir} does the rest`);
}
