/**
 * @file The thread that augments batches: receives a source once and then requests for batches, and answers each with
 * its values.
 */
import { parentPort, workerData } from "node:worker_threads";
import { type AugmentationSource, augmentBatch, type BatchOrder } from "../data/augment/augmentation.ts";
import { Random } from "../random/random.ts";

const source = workerData as AugmentationSource;
const random = Random.fromState(source.generator);

parentPort?.on("message", ({ id, order }: { id: number; order: BatchOrder }) => {
  const values = augmentBatch(source, random, order);
  parentPort?.postMessage({ id, values }, [values.buffer as ArrayBuffer]);
});
