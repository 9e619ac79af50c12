/**
 * @file Batches of a finite set: indices in a new random order each epoch, with a state for checkpoints. The
 * last incomplete batch of an epoch is dropped, as torch.utils.data.DataLoader(shuffle=True, drop_last=True) does, so
 * that every batch has the same shape; which samples are dropped changes with the epoch.
 */
import { Random } from "../random/random.ts";

/** Everything that ShuffledIndices needs to continue; plain JSON. */
export interface ShuffleState {
  readonly n: number;
  readonly batch: number;
  /** index of the current epoch, from 0 */
  readonly epoch: number;
  /** batches already given in the current epoch */
  readonly given: number;
  /** state of the generator before it drew the current epoch's order, as 32-bit integers */
  readonly generator: readonly number[];
}

/** An endless stream of batches of indices 0..n-1, each index at most once an epoch. */
export class ShuffledIndices {
  readonly n: number;
  readonly batch: number;
  readonly batchesPerEpoch: number;
  readonly #random: Random;
  #order: Uint32Array;
  #generator: readonly number[];
  #epoch = 0;
  #given = 0;

  /**
   * @param n number of samples in the set
   * @param batch indices per batch, at most n
   * @param random used by this stream only: pass `random.split("shuffle")` of a shared generator
   * @throws RangeError if batch is not an integer of 1..n
   */
  constructor(n: number, batch: number, random: Random) {
    if (!Number.isInteger(n) || n < 1 || n > 0xffffffff)
      throw new RangeError(`ShuffledIndices: expected n of 1 to 2^32 - 1 samples, got ${n}; check the data`);
    if (!Number.isInteger(batch) || batch < 1 || batch > n)
      throw new RangeError(
        `ShuffledIndices: expected a batch of 1 to ${n} samples, got ${batch}; change the batch size`,
      );
    this.n = n;
    this.batch = batch;
    this.batchesPerEpoch = Math.floor(n / batch);
    this.#random = random;
    this.#generator = Array.from(random.state());
    this.#order = random.permutation(n);
  }

  /** Epoch of the last batch that `next` gave, from 0. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * Writes the next batch of indices.
   *
   * @param out (batch) receives the indices
   * @throws RangeError if out has a different length
   */
  next(out: Int32Array | Uint32Array): void {
    const { batch } = this;
    if (out.length !== batch)
      throw new RangeError(
        `ShuffledIndices.next: expected room for ${batch} indices, got ${out.length}; pass an array of the batch size`,
      );
    if (this.#given === this.batchesPerEpoch) {
      this.#generator = Array.from(this.#random.state());
      this.#order = this.#random.permutation(this.n);
      this.#epoch++;
      this.#given = 0;
    }
    out.set(this.#order.subarray(this.#given * batch, (this.#given + 1) * batch));
    this.#given++;
  }

  /** The current position; `fromState` continues with exactly the batches that this stream would give. */
  state(): ShuffleState {
    return { n: this.n, batch: this.batch, epoch: this.#epoch, given: this.#given, generator: this.#generator };
  }

  /**
   * Restores a stream, also within an epoch, by drawing the epoch's order again. O(n).
   *
   * @param samples size of the set, which must equal that at saving
   * @throws RangeError if the sizes differ or the state is not one that `state` returns
   */
  static fromState({ n, batch, epoch, given, generator }: ShuffleState, samples: number): ShuffledIndices {
    if (n !== samples)
      throw new RangeError(
        `ShuffledIndices.fromState: expected the ${n} samples of the checkpoint, got ${samples}; resume with the same data`,
      );
    const stream = new ShuffledIndices(n, batch, Random.fromState(generator));
    if (
      !Number.isSafeInteger(epoch) ||
      epoch < 0 ||
      !Number.isInteger(given) ||
      given < 0 ||
      given > stream.batchesPerEpoch
    )
      throw new RangeError(
        `ShuffledIndices.fromState: expected epoch >= 0 and 0 to ${stream.batchesPerEpoch} batches given, got ${epoch} and ${given}; the checkpoint is damaged`,
      );
    stream.#epoch = epoch;
    stream.#given = given;
    return stream;
  }
}

/**
 * Copies rows of a byte matrix: the mini-batch x[indices]. Bytes stay bytes; the training graph scales them.
 *
 * @param x (n, d) bytes, one sample per row
 * @param indices (B) rows to take
 * @param out (B, d) receives the rows
 * @throws RangeError if out does not hold B whole rows of x or an index is outside x
 */
export function gatherRows(x: Uint8Array, indices: Int32Array | Uint32Array, out: Uint8Array): void {
  const d = out.length / indices.length;
  if (!Number.isInteger(d) || d < 1 || x.length % d !== 0)
    throw new RangeError(
      `gatherRows: expected out to hold ${indices.length} whole rows of x, got ${out.length} values; size it batch * d`,
    );
  indices.forEach((index, row) => {
    const from = index * d;
    if (from < 0 || from >= x.length)
      throw new RangeError(`gatherRows: expected indices below ${x.length / d}, got ${index}; check the index stream`);
    out.set(x.subarray(from, from + d), row * d);
  });
}
