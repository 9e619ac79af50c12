/**
 * @file Measures snapshots in worker threads, one layer at a time, so that several cores are used and the terminal
 * stays responsive. Each layer is measured by the same function on the same numbers as without threads: the results are
 * the same to rounding, and the leading eigenvalues of wide layers to the tolerance of their solver.
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import "../engineNode/telemetry.ts"; // before a thread starts: it gets a copy of the environment
import {
  assembleSnapshot,
  type LayerJob,
  type LayerSize,
  type LayerSnapshot,
  layerJobs,
  measureJob,
  type Snapshot,
  type SnapshotOptions,
} from "../measure/snapshot.ts";
import { arraysOfLayer } from "../moments/accumulate/layerSums.ts";
import { type LayerMoments, type Moments, sumsOf } from "../moments/moments.ts";
import type { Request } from "./layerWorker.ts";
import { asLayerJob, type SumsJob } from "./sumsJob.ts";

/** chosen: each worker holds the moments of its layer; more workers gain little and need memory. */
const MOST_WORKERS = 8;

/** chosen: operations below which a snapshot is finished before a thread has started. */
const WORTH_THREADS = 1e6;

/**
 * The compiled program of a worker. Running from sources, as in tests, there is none, and layers are measured in this
 * thread.
 */
const program = fileURLToPath(new URL("./layerWorker.js", import.meta.url));

type Job = LayerJob | SumsJob;

/** Number of threads for layers of these sizes; 0 if threads gain nothing. */
export function workerCount(layers: readonly Pick<LayerSize, "a" | "b">[]): number {
  const work = layers.reduce((sum, { a, b }) => sum + b.d ** 3 + (a?.d ?? 0) ** 3, 0);
  return work < WORTH_THREADS ? 0 : Math.min(MOST_WORKERS, availableParallelism(), layers.length);
}

/** Threads that are reused from one snapshot to the next, until closed. */
export class LayerPool {
  private readonly workers: Worker[] = [];
  private readonly most: number;

  /** @param most most threads. Default: the available parallelism of the machine */
  constructor(most = availableParallelism()) {
    this.most = most;
  }

  /**
   * All measures of all layers, as by `snapshot`. The sums of the groups are transferred to the threads and may be
   * empty afterwards; `total` is unchanged.
   *
   * @param onLayer called with the number of finished layers
   */
  async snapshot(total: Moments, options: SnapshotOptions, onLayer?: (done: number) => void): Promise<Snapshot> {
    return assembleSnapshot(total, options, await this.layers(layerJobs(total, options), onLayer));
  }

  /**
   * The measures of some layers, of either form. The sums of their groups are transferred to the threads, not copied,
   * and may be empty afterwards.
   *
   * @param onLayer called with the number of finished layers
   */
  async layers(jobs: readonly Job[], onLayer?: (done: number) => void): Promise<LayerSnapshot[]> {
    const layers = new Array<LayerSnapshot>(jobs.length);
    let done = 0;
    const put = (index: number, layer: LayerSnapshot): void => {
      layers[index] = layer;
      onLayer?.(++done);
    };
    const count = workerCount(jobs.map(layerOf));
    if (count < 2 || !existsSync(program))
      for (const [index, job] of jobs.entries())
        put(index, await measureJob("sums" in job ? await asLayerJob(job) : job));
    else await this.share(jobs, Math.min(this.most, count), put);
    return layers;
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.terminate()));
  }

  /** Distributes the jobs, widest layers first; a free worker gets the next. */
  private async share(
    jobs: readonly Job[],
    count: number,
    put: (index: number, layer: LayerSnapshot) => void,
  ): Promise<void> {
    const size = (job: Job) => {
      const { dIn, dOut } = layerOf(job);
      return Math.max(dIn, dOut);
    };
    const order = jobs.map((_, index) => index).sort((x, y) => size(jobs[y]!) - size(jobs[x]!) || x - y);
    while (this.workers.length < count) this.workers.push(new Worker(program));
    const work = async (worker: Worker): Promise<void> => {
      for (let index = order.shift(); index !== undefined; index = order.shift())
        put(index, await ask(worker, jobs[index]!));
    };
    const busy = this.workers.slice(0, count);
    await Promise.all(busy.map(work));
    for (const worker of busy) worker.postMessage("forget" satisfies Request);
  }
}

/** What a job is about; its sums may be missing. */
function layerOf(job: Job): LayerMoments {
  return "sums" in job ? job.sums[0]!.layer : (job.total ?? job.groups[0]!);
}

/** One job's result. @throws what went wrong in the worker */
function ask(worker: Worker, job: Job): Promise<LayerSnapshot> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      act();
    };
    const onMessage = (layer: LayerSnapshot) => settle(() => resolve(layer));
    const onError = (error: Error) => settle(() => reject(error));
    const onExit = () => settle(() => reject(new Error("measure: a worker thread ended before its layer was done")));
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    const arrays = "sums" in job ? job.sums.flatMap(arraysOfLayer) : groupSums(job);
    worker.postMessage(
      job satisfies Request,
      arrays.map(({ buffer }) => buffer as ArrayBuffer),
    );
  });
}

/** The sums of a job's groups but for what its total shares; weights are shared by groups and stay. */
function groupSums({ total, groups }: LayerJob): Float64Array[] {
  const staying = new Set(total && sumsOf(total));
  return groups.flatMap(sumsOf).filter((sum) => !staying.has(sum));
}
