/**
 * @file Snapshots measured in worker threads, a layer at a time, so that both cores of a laptop work and the terminal
 * stays alive. Each layer is measured by the same function on the same numbers as without threads: the results are the
 * same to rounding, and the leading eigenvalues of wide layers to the tolerance of their solver.
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

/** chosen: each worker holds the moments of the layer at hand; more of them gain little and take memory. */
const MOST_WORKERS = 8;

/** chosen: operations below which a snapshot is done before a thread has started. */
const WORTH_THREADS = 1e6;

/** The built program of a worker; running from sources, as tests do, there is none, and layers are measured here. */
const program = fileURLToPath(new URL("./layerWorker.js", import.meta.url));

type Job = LayerJob | SumsJob;

/** Threads that layers of these sizes are shared among; 0 where threads gain nothing. */
export function workerCount(layers: readonly Pick<LayerSize, "a" | "b">[]): number {
  const work = layers.reduce((sum, { a, b }) => sum + b.d ** 3 + (a?.d ?? 0) ** 3, 0);
  return work < WORTH_THREADS ? 0 : Math.min(MOST_WORKERS, availableParallelism(), layers.length);
}

/** Threads that stay up from one snapshot to the next, until they are closed. */
export class LayerPool {
  private readonly workers: Worker[] = [];
  private readonly most: number;

  /** @param most threads. Default: as many as the machine runs at once */
  constructor(most = availableParallelism()) {
    this.most = most;
  }

  /**
   * All measures of all layers, as `snapshot` has them. The sums of the groups are handed to the threads and may be
   * empty then; `total` stays.
   *
   * @param onLayer told how many layers are done
   */
  async snapshot(total: Moments, options: SnapshotOptions, onLayer?: (done: number) => void): Promise<Snapshot> {
    return assembleSnapshot(total, options, await this.layers(layerJobs(total, options), onLayer));
  }

  /**
   * The measures of some layers, of either form. The sums of their groups are handed to the threads instead of copied,
   * and may be empty then.
   *
   * @param onLayer told how many layers are done
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

  /** Hands the jobs out, the widest layers first; a worker that is done gets the next. */
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
