/**
 * @file The maker of augmented batches: this thread, or given other threads (augmentThreads.ts), with equal results.
 */
import { Random } from "../../random/random.ts";
import { type AugmentationSource, augmentBatch, type BatchOrder } from "./augmentation.ts";

export interface BatchMaker {
  /** Number of batches that can be made in parallel. 0: on demand in this thread. */
  readonly workers: number;
  make(order: BatchOrder): Promise<Uint8Array | Float32Array>;
  /** Ends the threads; the next batch starts them again. */
  close(): Promise<void>;
}

export type MakeBatches = (source: AugmentationSource) => BatchMaker;

/** Makes every batch on demand. */
export function inThisThread(source: AugmentationSource): BatchMaker {
  const random = Random.fromState(source.generator);
  return { workers: 0, make: async (order) => augmentBatch(source, random, order), close: async () => {} };
}
