/**
 * @file Snapshots measured in worker threads, a layer at a time, so that both cores of a laptop work and the terminal stays alive.
 * Each layer is measured by the same function on the same numbers as without threads: the results are the same to rounding,
 * and the leading eigenvalues of wide layers to the tolerance of their solver.
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Memory } from "../linalg/memory.ts";
import {
  assembled,
  type LayerJob,
  type LayerSnapshot,
  layerJobs,
  measureJob,
  type Snapshot,
  type SnapshotOptions,
} from "../measure/snapshot.ts";
import { type LayerMoments, type Moments, sumsOf } from "../moments/moments.ts";
import type { Done, Request } from "./measuringWorker.ts";

/** chosen: each worker holds the moments of the layer at hand; more of them gain little and take memory. */
const MOST_WORKERS = 8;

/** chosen: operations below which a snapshot is done before a thread has started. */
const WORTH_THREADS = 1e6;

/** The built program of a worker; running from sources, as tests do, there is none, and layers are measured here. */
const program = fileURLToPath(new URL("./measuringWorker.js", import.meta.url));

/** Threads that stay up from one snapshot to the next, until they are closed. */
export class Measuring {
  private readonly memory: Memory | undefined;
  private readonly workers: Worker[] = [];

  /** @param memory where the sums of groups that were measured go, for those of the next */
  constructor(memory?: Memory) {
    this.memory = memory;
  }

  /**
   * All measures of all layers, as `snapshot` has them. The sums of the groups are handed to the threads and may be empty then; `total` stays.
   *
   * @param onLayer told how many layers are done
   */
  async snapshot(total: Moments, options: SnapshotOptions, onLayer?: (done: number) => void): Promise<Snapshot> {
    return assembled(total, options, await this.layers(layerJobs(total, options), onLayer));
  }

  /**
   * The measures of some layers. The sums of their groups are handed to the threads instead of copied, and may be empty then.
   *
   * @param onLayer told how many layers are done
   */
  async layers(jobs: readonly LayerJob[], onLayer?: (done: number) => void): Promise<LayerSnapshot[]> {
    const layers = new Array<LayerSnapshot>(jobs.length);
    let done = 0;
    const put = (index: number, layer: LayerSnapshot): void => {
      layers[index] = layer;
      onLayer?.(++done);
    };
    const cubes = ({ a, b }: LayerMoments) => b.d ** 3 + (a?.d ?? 0) ** 3;
    const work = jobs.reduce((sum, { total, groups }) => sum + cubes((total ?? groups[0])!), 0);
    const count = work < WORTH_THREADS ? 0 : Math.min(MOST_WORKERS, availableParallelism(), jobs.length);
    if (count < 2 || !existsSync(program))
      jobs.forEach((job, index) => {
        put(index, measureJob(job));
        this.memory?.give(groupSums(job));
      });
    else await this.share(jobs, count, put);
    return layers;
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.terminate()));
  }

  /** Hands the jobs out, the widest layers first; a worker that is done gets the next. */
  private async share(
    jobs: readonly LayerJob[],
    count: number,
    put: (index: number, layer: LayerSnapshot) => void,
  ): Promise<void> {
    const size = ({ total, groups }: LayerJob) => {
      const { dIn, dOut } = (total ?? groups[0])!;
      return Math.max(dIn, dOut);
    };
    const order = jobs.map((_, index) => index).sort((x, y) => size(jobs[y]!) - size(jobs[x]!) || x - y);
    while (this.workers.length < count) this.workers.push(new Worker(program));
    const work = async (worker: Worker): Promise<void> => {
      for (let index = order.shift(); index !== undefined; index = order.shift())
        put(index, await ask(worker, jobs[index]!, this.memory));
    };
    const busy = this.workers.slice(0, count);
    await Promise.all(busy.map(work));
    for (const worker of busy) worker.postMessage("forget" satisfies Request);
  }
}

/** One job's result. @throws what went wrong in the worker */
function ask(worker: Worker, job: LayerJob, memory: Memory | undefined): Promise<LayerSnapshot> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      act();
    };
    const onMessage = ({ layer, sums }: Done) =>
      settle(() => {
        memory?.give(sums);
        resolve(layer);
      });
    const onError = (error: Error) => settle(() => reject(error));
    const onExit = () => settle(() => reject(new Error("measure: a worker thread ended before its layer was done")));
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    const buffers = groupSums(job).map(({ buffer }) => buffer as ArrayBuffer);
    worker.postMessage(job satisfies Request, buffers);
  });
}

/** The sums of a job's groups but for what its total shares; weights are shared by groups and stay. */
function groupSums({ total, groups }: LayerJob): Float64Array[] {
  const staying = new Set(total && sumsOf(total));
  return groups.flatMap(sumsOf).filter((sum) => !staying.has(sum));
}
