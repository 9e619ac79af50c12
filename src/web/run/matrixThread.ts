/** @file Asks the thread of matrices (matrixWorker.ts), whose tasks are short: painting waits for none that is long. */
import type { MatrixTask, Painted, PaintTask, Prepared, PrepareTask, Read, ReadTask } from "./matrixWorker.ts";
import { WorkerThread } from "./workerThread.ts";

const thread = new WorkerThread<MatrixTask>(
  () => new Worker(new URL("./matrixWorker.ts", import.meta.url), { type: "module" }),
);

export const readMatrix = (task: Omit<ReadTask, "kind">): Promise<Read> => thread.ask({ kind: "read", ...task });

/** The values are handed over, and come back with the answer. */
export const prepare = (task: Omit<PrepareTask, "kind">): Promise<Prepared> =>
  thread.ask({ kind: "prepare", ...task }, [task.values.buffer as ArrayBuffer]);

/** Of a copy of the values: those here are read meanwhile. */
export const paint = (task: Omit<PaintTask, "kind">): Promise<Painted> => thread.ask({ kind: "paint", ...task });
