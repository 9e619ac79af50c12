/** @file The worker that opens files, as views use it: each request is a promise and can be given up. */
import type { ModelFound, ModelProgress, ModelRequest } from "./measureModel.ts";
import type { OpenAnswer, OpenedFile, OpenTask } from "./messages.ts";

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
  onProgress?: ((progress: ModelProgress) => void) | undefined;
}

/** Thrown for a request that was given up. */
export class GivenUp extends Error {
  override name = "GivenUp";
}

export class Opener {
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  /** @param beside files with the model's weights. @throws Error in one line if a file cannot be read */
  read(file: File, beside: readonly File[] = []): Promise<OpenedFile> {
    return this.#ask({ task: "read", file, beside: [...beside] });
  }

  /** Measures a model on arrays; both were read before. */
  measure(model: string, request: ModelRequest, onProgress: (progress: ModelProgress) => void): Promise<ModelFound> {
    return this.#ask({ task: "measure", model, request }, onProgress);
  }

  /** Gives up all work in progress, and forgets what was read. */
  giveUp(error: Error = new GivenUp("open: stopped; what was read is forgotten, so choose the files again")): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const one of all) one.reject(error);
  }

  #ask<T>(
    task: OpenTask extends infer Task ? (Task extends OpenTask ? Omit<Task, "id"> : never) : never,
    onProgress?: (progress: ModelProgress) => void,
  ): Promise<T> {
    this.#worker ??= this.#start();
    this.#last += 1;
    const id = this.#last;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: never) => void, reject, onProgress });
      this.#worker!.postMessage({ ...task, id });
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL("./openWorker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<OpenAnswer>) => this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.giveUp(
        new Error(
          `open: the worker that reads files ended (${event.message || "no reason given"}); choose the files again`,
        ),
      );
    };
    return worker;
  }

  #hear(data: OpenAnswer): void {
    const waiting = this.#waiting.get(data.id);
    if (waiting === undefined) return;
    if ("progress" in data) {
      waiting.onProgress?.(data.progress);
      return;
    }
    this.#waiting.delete(data.id);
    if ("error" in data) waiting.reject(new Error(data.error));
    else waiting.resolve(("opened" in data ? data.opened : data.found) as never);
  }
}
