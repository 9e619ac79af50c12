/**
 * @file Runs a sweep on this machine: in this process, or by several parallel workers, which this process starts,
 * watches and replaces if they die.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { SweepFolder } from "../../sweeps/sweepFolder.ts";
import { Interrupted } from "../errors.ts";
import type { Progress, Watcher } from "../observer.ts";
import { work } from "./work.ts";

export interface RunSweepOptions {
  /** Number of parallel workers. */
  readonly jobs: number;
  /** Threads of all workers together. Default: the available parallelism of the machine. */
  readonly threads?: number;
  readonly data?: string;
  /** Most networks that a worker trains in one graph, where that is faster. Default 1. */
  readonly together?: number;
  /** The program that starts a worker: "crh worker". */
  readonly program: readonly string[];
}

/** chosen: a second between checks, each of which lists three folders. */
const LOOK_MS = 1000;
/** chosen: this many worker deaths in a row without a finished job indicate a problem of this machine. */
const MOST_DEATHS = 10;

/**
 * Runs all unfinished jobs.
 *
 * @throws Interrupted where the user stops it; Error with a worker's last line where workers keep dying
 */
export async function runSweep(sweep: SweepFolder, options: RunSweepOptions, watcher: Watcher): Promise<void> {
  const { jobs, data, together = 1, threads = availableParallelism() } = options;
  const state = sweep.state();
  const total = sweep.record.jobs;
  const progress = watcher.observer.progress(sweep.name, total, {
    unit: "jobs",
    start: state.done.size + state.failed.size,
  });
  const own = together > 1 ? 1 : Math.max(1, Math.floor(threads / jobs)); // one was fastest for several in one graph
  const each = { threads: own, wait: true, together, ...(data !== undefined && { data }) };
  const told = new Set(state.failed);
  const watching = watch(sweep, told, progress, jobs > 1);
  try {
    if (jobs === 1) await work(sweep, each, { signal: watcher.signal, observer: within(progress) });
    else await workers(sweep, { ...options, ...each }, watcher.signal);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const { done, failed } = sweep.state();
    const left = total - done.size - failed.size;
    throw new Interrupted(
      `sweep: stopped, nothing is lost: ${left} of ${total} jobs are not done; continue with crh sweep resume ${sweep.dir}`,
    );
  } finally {
    watching.end();
    const { done, failed } = sweep.state();
    progress.end(done.size + failed.size === total);
  }
}

/** Shows the progress of the current run of a worker in this process. The sweep reports everything else itself. */
function within(progress: Progress): Watcher["observer"] {
  const none = (): void => {};
  return {
    note: none,
    progress: (label, total) => ({
      pace: undefined,
      update: (done) => progress.activity(`${label} ${Math.floor((100 * done) / Math.max(1, total))} %`),
      activity: (text) => progress.activity(`${label} ${text}`),
      ...{ evaluated: none, say: none, end: none },
    }),
  };
}

/** Reports what any worker finishes while the sweep runs. */
function watch(sweep: SweepFolder, told: Set<string>, progress: Progress, counted: boolean): { end(): void } {
  const look = (): void => {
    const { done, failed, claimed } = sweep.state();
    for (const job of failed) {
      if (told.has(job)) continue;
      told.add(job);
      progress.say(`${job}: failed: ${sweep.errorOf(job)}`);
    }
    progress.update(done.size + failed.size);
    if (counted) progress.activity(`${claimed.size} at work${failed.size > 0 ? `, ${failed.size} failed` : ""}`);
  };
  const timer = setInterval(look, LOOK_MS);
  return {
    end() {
      clearInterval(timer);
      look();
    },
  };
}

type Means = RunSweepOptions & { readonly threads: number; readonly together: number };

async function workers(sweep: SweepFolder, options: Means, signal: AbortSignal): Promise<void> {
  const { done, failed } = sweep.state();
  const left = sweep.record.jobs - done.size - failed.size;
  const stop = new AbortController();
  const stopping = AbortSignal.any([signal, stop.signal]);
  let [deaths, doneBefore] = [0, done.size];
  /** Starts one worker after the other, until no job is left. */
  const place = async (): Promise<void> => {
    for (;;) {
      const { code, line, killed } = await worker(sweep, options, stopping);
      if (signal.aborted) throw new Interrupted("sweep: stopped");
      if (stop.signal.aborted || code === 0) return;
      const now = sweep.state().done.size;
      deaths = now > doneBefore ? 1 : deaths + 1;
      doneBefore = now;
      if (!killed || deaths >= MOST_DEATHS) {
        stop.abort();
        throw new Error(
          killed
            ? `sweep: expected workers to survive, got ${deaths} that were killed one after the other (memory?); ` +
                `crh sweep resume ${sweep.dir} --jobs 1 continues with fewer at once`
            : line.replace(/^crh worker: /, "sweep: "),
        );
      }
      await sleep(LOOK_MS, undefined, { signal: stopping }).catch(() => {});
    }
  };
  const places = Array.from({ length: Math.min(options.jobs, Math.max(1, left)) }, place);
  const ended = await Promise.allSettled(places);
  for (const one of ended) if (one.status === "rejected") throw one.reason;
}

interface Ended {
  readonly code: number | null;
  /** Its last line of stderr. */
  readonly line: string;
  /** Ended by a signal from outside. */
  readonly killed: boolean;
}

function worker(sweep: SweepFolder, { program, threads, together, data }: Means, signal: AbortSignal): Promise<Ended> {
  const [command, ...words] = program;
  const flags = [
    "--threads",
    String(threads),
    "--together",
    String(together),
    "--quiet",
    ...(data === undefined ? [] : ["--data", data]),
  ];
  const child = spawn(command!, [...words, sweep.dir, ...flags], {
    stdio: ["ignore", "ignore", "pipe", "ipc"], // the end of the channel tells a worker that this process has died
    detached: true, // Ctrl-C of the terminal goes to this process, which passes it on once
  });
  const stop = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  let text = "";
  child.stderr!.setEncoding("utf8");
  child.stderr!.on("data", (piece: string) => {
    text = (text + piece).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, by) => {
      signal.removeEventListener("abort", stop);
      const line = text.trim().split("\n").at(-1) || `crh worker: expected a working worker, got exit code ${code}`;
      resolve({ code, line, killed: by !== null || (code !== null && code > 128 && code !== 130) });
    });
  });
}
