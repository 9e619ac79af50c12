/**
 * @file Threads that augment batches beside the training step. Each batch is a job of one thread; images are shared, not copied.
 * The threads do not keep the process alive unless someone waits for a batch.
 */
import { Worker } from "node:worker_threads";
import { Random } from "../../random/random.ts";
import { type AugmentationSource, augmentBatch, type BatchOrder } from "./augmentation.ts";

/** Makes batches, here or elsewhere. */
export interface BatchMaker {
  /** Batches that can be made at once. 0: in this thread, when asked. */
  readonly workers: number;
  make(order: BatchOrder): Promise<Uint8Array | Float32Array>;
  /** Ends the threads; making another batch starts them again. */
  close(): Promise<void>;
}

interface Job {
  readonly resolve: (values: Uint8Array | Float32Array) => void;
  readonly reject: (error: Error) => void;
}

/** Whether a thread can be started from this file: compiled, or by a Node that reads TypeScript. */
const canStart = !import.meta.url.endsWith(".ts") || "typescript" in process.features;

/**
 * @param workers threads; 0 makes every batch in this one, as does running from TypeScript sources that Node cannot read
 * @param entry the thread's program; only tests give another
 */
export function batchMaker(source: AugmentationSource, workers: number, entry?: URL): BatchMaker {
  if (workers === 0 || (!canStart && entry === undefined)) {
    const random = Random.fromState(source.generator);
    return { workers: 0, make: async (order) => augmentBatch(source, random, order), close: async () => {} };
  }
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new WorkerPool(source, workers, entry ?? new URL(`./worker.${extension}`, import.meta.url));
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
