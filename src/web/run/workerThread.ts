/** @file A worker that answers tasks one after another; it starts with the first task. */

/** A task with its number, as sent to the worker. */
export interface Asked<Task> {
  readonly id: number;
  readonly task: Task;
}

interface Waiting {
  readonly resolve: (found: never) => void;
  readonly reject: (error: Error) => void;
}

export class WorkerThread<Task> {
  readonly #make: () => Worker;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #count = 0;

  constructor(make: () => Worker) {
    this.#make = make;
  }

  /** @param moved memory that is transferred, and no longer usable here */
  ask<T>(task: Task, moved: Transferable[] = []): Promise<T> {
    this.#worker ??= this.#started();
    const id = ++this.#count;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (found: never) => void, reject });
      this.#worker!.postMessage({ id, task } satisfies Asked<Task>, moved);
    });
  }

  #started(): Worker {
    const worker = this.#make();
    worker.onmessage = ({ data }: MessageEvent<{ id: number; found?: never; error?: string }>) => {
      const one = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.error === undefined) one?.resolve(data.found as never);
      else one?.reject(new Error(data.error));
    };
    worker.onerror = () => {
      for (const { reject } of this.#waiting.values())
        reject(new Error("The page could not start a worker that it needs."));
      this.#waiting.clear();
      this.#worker = undefined;
    };
    return worker;
  }
}

/** Lets a worker answer tasks; `movedOf` names the memory that is transferred with an answer. */
export function answerTasks<Task>(answer: (task: Task) => unknown, movedOf: (found: never) => Transferable[]): void {
  addEventListener("message", async ({ data: { id, task } }: MessageEvent<Asked<Task>>) => {
    try {
      const found = await answer(task);
      postMessage({ id, found }, { transfer: movedOf(found as never) });
    } catch (error) {
      postMessage({ id, error: (error as Error).message });
    }
  });
}
