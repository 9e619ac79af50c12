/**
 * @file Who makes augmented batches: this thread, or others that are handed in (augmentThreads.ts). The batches are the
 * same.
 */
import { Random } from "../../random/random.ts";
import { type AugmentationSource, augmentBatch, type BatchOrder } from "./augmentation.ts";

export interface BatchMaker {
  /** Batches that can be made at once. 0: in this thread, when asked. */
  readonly workers: number;
  make(order: BatchOrder): Promise<Uint8Array | Float32Array>;
  /** Ends the threads; making another batch starts them again. */
  close(): Promise<void>;
}

export type MakeBatches = (source: AugmentationSource) => BatchMaker;

/** Makes every batch when it is asked for. */
export function inThisThread(source: AugmentationSource): BatchMaker {
  const random = Random.fromState(source.generator);
  return { workers: 0, make: async (order) => augmentBatch(source, random, order), close: async () => {} };
}
