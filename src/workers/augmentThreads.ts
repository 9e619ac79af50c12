/**
 * @file Threads that augment batches in parallel with training. Each batch is a job of one thread; images are shared,
 * not copied. The threads do not keep the process alive unless a batch is awaited.
 */
import { Worker } from "node:worker_threads";
import type { AugmentationSource, BatchOrder } from "../data/augment/augmentation.ts";
import { type BatchMaker, inThisThread, type MakeBatches } from "../data/augment/batchMaker.ts";

interface Job {
  readonly resolve: (values: Uint8Array | Float32Array) => void;
  readonly reject: (error: Error) => void;
}

/** Whether a thread can be started from this file: compiled, or by a Node that reads TypeScript. */
const canStart = !import.meta.url.endsWith(".ts") || "typescript" in process.features;

/**
 * Threads for `augmentedImages`, `twoViews` and the settings on images.
 *
 * @param workers threads; 0 makes every batch in this one, as does running from TypeScript sources that Node cannot
 *   read
 * @param entry the thread's program; replaced only in tests
 * @throws RangeError if workers is not an integer from 0 to 64
 */
export function augmentThreads(workers: number, entry?: URL): MakeBatches {
  if (!Number.isInteger(workers) || workers < 0 || workers > 64)
    throw new RangeError(`augmentation: expected 0 to 64 workers, got ${workers}; 1 is enough for most steps`);
  if (workers === 0 || (!canStart && entry === undefined)) return inThisThread;
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const program = entry ?? new URL(`./augmentWorker.${extension}`, import.meta.url);
  return (source) => new WorkerPool(source, workers, program);
}

class WorkerPool implements BatchMaker {
  readonly workers: number;
  readonly #source: AugmentationSource;
  readonly #entry: URL;
  readonly #threads: Worker[] = [];
  readonly #jobs = new Map<number, Job>();
  #next = 0;
  #failure: Error | undefined;

  constructor(source: AugmentationSource, workers: number, entry: URL) {
    this.workers = workers;
    this.#source = { ...source, images: shared(source.images) };
    this.#entry = entry;
  }

  make(order: BatchOrder): Promise<Uint8Array | Float32Array> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    while (this.#threads.length < this.workers) this.#threads.push(this.#start());
    const id = this.#next++;
    const thread = this.#threads[id % this.workers]!;
    return new Promise((resolve, reject) => {
      this.#jobs.set(id, { resolve, reject });
      this.#hold();
      thread.postMessage({ id, order });
    });
  }

  async close(): Promise<void> {
    const ended = this.#threads.splice(0);
    this.#rejectAll(
      new Error("augmentation: expected batches to be made, got the end of the source; draw before closing it"),
    );
    await Promise.all(ended.map((thread) => thread.terminate()));
  }

  #start(): Worker {
    const thread = new Worker(this.#entry, { workerData: this.#source });
    thread.unref();
    thread.on("message", ({ id, values }: { id: number; values: Uint8Array | Float32Array }) => {
      const job = this.#jobs.get(id);
      this.#jobs.delete(id);
      this.#hold();
      job?.resolve(values);
    });
    thread.on("error", (error: Error) => this.#fail(error.message, error));
    thread.on("exit", (code) => {
      if (this.#threads.includes(thread)) this.#fail(`a thread that ended with code ${code}`);
    });
    return thread;
  }

  #fail(what: string, cause?: Error): void {
    const line = what.replace(/\s+/g, " ").trim();
    this.#failure ??= new Error(`augmentation: expected batches from its threads, got ${line}; try workers=0`, {
      cause,
    });
    this.#rejectAll(this.#failure);
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#jobs.values()) reject(error);
    this.#jobs.clear();
    this.#hold();
  }

  /** Keeps the process alive as long as jobs are open, and no longer. */
  #hold(): void {
    for (const thread of this.#threads)
      if (this.#jobs.size > 0) thread.ref();
      else thread.unref();
  }
}

/** The same bytes in memory that threads share. */
function shared(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
