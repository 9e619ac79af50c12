/**
 * @file An endless stream of augmented batches in shuffled order. Threads make batches ahead into a bounded queue. Its
 * state is that of the batches returned so far, so a resumed stream gives exactly the batches that this one would have
 * given.
 */
import type { Random } from "../../random/random.ts";
import { ShuffledIndices, type ShuffleState } from "../batches.ts";
import type { AugmentationSource } from "./augmentation.ts";
import { type BatchMaker, inThisThread, type MakeBatches } from "./batchMaker.ts";
import { imageSize } from "./image.ts";

export interface StreamOptions {
  readonly batch: number;
  readonly views: number;
  /** Used by this stream only. */
  readonly random: Random;
  /** The maker of batches, which threads make ahead. Default: this thread, on demand. */
  readonly maker?: MakeBatches;
}

export interface AugmentedBatch {
  /** (views * batch, channels, height, width) */
  readonly values: Uint8Array | Float32Array;
  /** (batch) index of each sample in the set */
  readonly samples: Uint32Array;
}

/** chosen: batches queued per thread; two keep a thread busy while a step takes one. */
const AHEAD = 2;

interface Queued {
  readonly batch: Promise<AugmentedBatch>;
  /** Position after this batch. */
  readonly after: ShuffleState;
}

export class AugmentedStream {
  readonly #maker: BatchMaker;
  readonly #n: number;
  readonly #views: number;
  readonly #batch: number;
  /** Position of the batches ordered so far, ahead of `#position`. */
  #order: ShuffledIndices;
  #position: ShuffleState;
  #queue: Queued[] = [];

  /** @throws RangeError if the batch is not 1 to n samples */
  constructor(
    source: Omit<AugmentationSource, "generator">,
    { batch, views, random, maker = inThisThread }: StreamOptions,
  ) {
    this.#n = source.images.length / imageSize(source.shape);
    this.#views = views;
    this.#batch = batch;
    this.#order = new ShuffledIndices(this.#n, batch, random.split("shuffle"));
    this.#position = this.#order.state();
    const generator = Array.from(random.split("augment").state());
    this.#maker = maker({ ...source, generator });
  }

  /** The next batch, in order. @throws Error in one line where a thread failed */
  async next(count: number): Promise<AugmentedBatch[]> {
    while (this.#queue.length < count) this.#queue.push(this.#orderNext());
    const taken = this.#queue.splice(0, count);
    while (this.#queue.length < AHEAD * this.#maker.workers) this.#queue.push(this.#orderNext());
    if (taken.length > 0) this.#position = taken.at(-1)!.after;
    return Promise.all(taken.map(({ batch }) => batch));
  }

  /** Position after the batches returned so far; plain JSON. */
  state(): ShuffleState {
    return this.#position;
  }

  /** @throws RangeError if the state is of another set or batch, or damaged */
  restore(state: ShuffleState): void {
    const order = ShuffledIndices.fromState(state, this.#n);
    if (order.batch !== this.#batch)
      throw new RangeError(
        `augmentation: expected the batch of ${order.batch} of the checkpoint, got ${this.#batch}; resume with the same batch`,
      );
    this.#order = order;
    this.#position = state;
    this.#queue = [];
  }

  /**
   * Ends the threads and drops the batches made ahead. The stream continues at the same position when drawn from again.
   */
  async close(): Promise<void> {
    await this.#maker.close();
    this.restore(this.#position);
  }

  #orderNext(): Queued {
    const samples = new Uint32Array(this.#batch);
    this.#order.next(samples);
    const { epoch } = this.#order;
    const batch = this.#maker.make({ samples, epoch, views: this.#views }).then((values) => ({ values, samples }));
    batch.catch(() => {}); // the error is reported when the batch is drawn, which may never happen
    return { batch, after: this.#order.state() };
  }
}
