/** @file A worker thread of measuring.ts: takes layers, gives their measures. */
import { parentPort } from "node:worker_threads";
import { layerSnapshot } from "../measure/layerSnapshot.ts";
import type { LayerJob } from "../measure/snapshot.ts";

parentPort?.on("message", ({ total, groups, options }: LayerJob) => {
  parentPort?.postMessage(layerSnapshot(total, groups, options));
});
