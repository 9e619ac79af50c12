/**
 * @file Sends tasks to the worker for matrices (matrixWorker.ts). Its tasks are short, so painting never waits for a
 * long one.
 */
import type { MatrixTask, Painted, PaintTask, Prepared, PrepareTask, Read, ReadTask } from "./matrixWorker.ts";
import { WorkerThread } from "./workerThread.ts";

const thread = new WorkerThread<MatrixTask>(
  () => new Worker(new URL("./matrixWorker.ts", import.meta.url), { type: "module" }),
);

export const readMatrix = (task: Omit<ReadTask, "kind">): Promise<Read> => thread.ask({ kind: "read", ...task });

/** The values are transferred, and come back with the answer. */
export const prepare = (task: Omit<PrepareTask, "kind">): Promise<Prepared> =>
  thread.ask({ kind: "prepare", ...task }, [task.values.buffer as ArrayBuffer]);

/** Paints from a copy of the values, since they are read here meanwhile. */
export const paint = (task: Omit<PaintTask, "kind">): Promise<Painted> => thread.ask({ kind: "paint", ...task });
