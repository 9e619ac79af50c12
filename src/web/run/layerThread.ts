/** @file Sends tasks to the worker that measures layers and draws their figures (layerWorker.ts). */
import type { FiguresTask, LayerFigures, LayerTask, Orders, OrderTask } from "./layerWorker.ts";
import { WorkerThread } from "./workerThread.ts";

const thread = new WorkerThread<LayerTask>(
  () => new Worker(new URL("./layerWorker.ts", import.meta.url), { type: "module" }),
);

export const findOrders = (task: Omit<OrderTask, "kind">): Promise<Orders> => thread.ask({ kind: "order", ...task });
export const drawLayer = (task: Omit<FiguresTask, "kind">): Promise<LayerFigures> =>
  thread.ask({ kind: "figures", ...task });
