/** @file A worker thread of measuring.ts: takes layers, gives their measures. */
import { parentPort } from "node:worker_threads";
import { type LayerJob, measureJob } from "../measure/snapshot.ts";

parentPort?.on("message", (job: LayerJob) => {
  parentPort?.postMessage(measureJob(job));
});
