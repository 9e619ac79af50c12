/** @file Asks the thread that measures layers (layerWorker.ts); it is started when it is first asked. */
import type { LayerParts, LayerTask, Orders, OrderTask, Prepared, PrepareTask, Task } from "./layerWorker.ts";

interface Waiting {
  readonly resolve: (found: unknown) => void;
  readonly reject: (error: Error) => void;
}

let thread: Worker | undefined;
let count = 0;
const waiting = new Map<number, Waiting>();

function started(): Worker {
  if (thread !== undefined) return thread;
  thread = new Worker(new URL("./layerWorker.ts", import.meta.url), { type: "module" });
  thread.onmessage = ({ data }: MessageEvent<{ id: number; found?: unknown; error?: string }>) => {
    const one = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.error === undefined) one?.resolve(data.found);
    else one?.reject(new Error(data.error));
  };
  thread.onerror = () => {
    for (const { reject } of waiting.values()) reject(new Error("The page could not start the thread that it needs."));
    waiting.clear();
    thread = undefined;
  };
  return thread;
}

function ask(task: Task, moved: Transferable[] = []): Promise<unknown> {
  const id = ++count;
  const worker = started();
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, task }, moved);
  });
}

/** The values are transferred, and returned with the answer. */
export const prepare = (task: Omit<PrepareTask, "kind">): Promise<Prepared> =>
  ask({ kind: "prepare", ...task }, [task.values.buffer as ArrayBuffer]) as Promise<Prepared>;
export const findOrders = (task: Omit<OrderTask, "kind">): Promise<Orders> =>
  ask({ kind: "order", ...task }) as Promise<Orders>;
export const takeApart = (task: Omit<LayerTask, "kind">): Promise<LayerParts> =>
  ask({ kind: "layer", ...task }) as Promise<LayerParts>;
