/**
 * @file Images as training data: augmented on this thread or by threads that run alongside the step, as bytes or values
 * in [0, 1], and scaled per channel in the training graph. `augmentedImages` gives labels, `twoViews` serves
 * contrastive objectives; further functions make the feeds to measure on.
 */
import { type Augmentation, augmentBatch, augmentedType, type ViewRecipe } from "../data/augment/augmentation.ts";
import type { MakeBatches } from "../data/augment/batchMaker.ts";
import { type ImageShape, imageSize } from "../data/augment/image.ts";
import { type AugmentedBatch, AugmentedStream } from "../data/augment/stream.ts";
import type { ShuffleState } from "../data/batches.ts";
import type { ChannelScale, ImageSplit } from "../data/cifarFolder.ts";
import { int } from "../onnx/graph.ts";
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { float32, type Tensor } from "../onnx/tensor.ts";
import { type Feeds, TARGET } from "../probe/feeds.ts";
import { MOST_GROUPS } from "../probe/groupCount.ts";
import type { Random } from "../random/random.ts";
import type { TrainingData } from "./trainingData.ts";

/** TensorProto.DataType of the network's input. */
const FLOAT32 = 1;

export interface ImageDataOptions<A extends Augmentation = Augmentation> {
  /** Samples per batch (pairs of views in `twoViews`). */
  readonly batch: number;
  readonly random: Random;
  readonly augment: A;
  /** Pixels become (byte / 255 - mean) / sd, per channel. */
  readonly scale: ChannelScale;
  readonly shape: ImageShape;
  /**
   * The augmenter: threads, ahead of the step (augmentThreads). Default: this thread. The batches do not depend on it.
   */
  readonly maker?: MakeBatches;
}

/**
 * Labelled images in seeded shuffled order, each once per epoch, the last incomplete batch dropped.
 *
 * @returns data with x (B, C, H, W) and int64 class indices (B)
 */
export function augmentedImages(set: ImageSplit, options: ImageDataOptions): TrainingData {
  const labels = (batches: readonly AugmentedBatch[]) =>
    BigInt64Array.from(batches.flatMap(({ samples }) => Array.from(samples, (sample) => BigInt(set.y[sample]!))));
  return imageData(set, options, 1, labels);
}

/**
 * Two augmented views of each image of a batch, labels unused.
 *
 * @returns data with x (2B, C, H, W), views i and i + B of the same image, and as target (2B) int64 the index of each
 *   view's partner
 */
export function twoViews(set: ImageSplit, options: ImageDataOptions<ViewRecipe>): TrainingData {
  const partners = partnerIndices(options.batch);
  const targets = (batches: readonly AugmentedBatch[]) =>
    BigInt64Array.from(batches.flatMap(() => Array.from(partners)));
  return imageData(set, options, 2, targets);
}

function imageData(
  set: ImageSplit,
  options: ImageDataOptions,
  views: number,
  targets: (batches: readonly AugmentedBatch[]) => BigInt64Array,
): TrainingData {
  const { batch, shape, augment: augmentation, scale } = options;
  const stream = new AugmentedStream({ images: set.x, shape, augmentation }, { ...options, views });
  const rows = views * batch;
  const image = [shape.channels, shape.height, shape.width];
  const dtype = augmentedType(augmentation);
  return {
    inputShape: [rows, ...image],
    target: { dtype: "int64", shape: [rows] },
    async draw(K) {
      const batches = await stream.next(K);
      const x = {
        dtype,
        shape: [K, rows, ...image],
        data: concatenated(batches.map(({ values }) => values)),
      } as Tensor;
      return { "data/x": x, "data/target": { dtype: "int64", shape: [K, rows], data: targets(batches) } };
    },
    prepare: (g) => ({
      x: scaled(g, g.input("data/x", dtype, ["K", rows, ...image]), scale, dtype === "uint8" ? 255 : 1),
      target: g.input("data/target", "int64", ["K", rows]),
    }),
    state: () => stream.state(),
    restore: (state) => stream.restore(state as ShuffleState),
    close: () => stream.close(),
  };
}

/** (x / unit - mean) / sd per channel, x of shape (.., C, H, W). */
function scaled(g: GraphBuilder, x: string, { mean, sd }: ChannelScale, unit: number): string {
  const perChannel = (values: readonly number[]) =>
    g.constant(float32(Float32Array.from(values), [values.length, 1, 1]));
  const values = unit === 1 ? x : g.op("Cast", [x], { to: int(FLOAT32) });
  const product = g.op("Mul", [values, perChannel(sd.map((deviation) => 1 / (unit * deviation)))]);
  return g.op("Sub", [product, perChannel(mean.map((value, c) => value / sd[c]!))]);
}

function concatenated(parts: readonly (Uint8Array | Float32Array)[]): Uint8Array | Float32Array {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first ?? new Float32Array(0);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = first instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** (2B) index of each view's partner: i + B for i below B, i - B otherwise. */
function partnerIndices(batch: number): BigInt64Array {
  return BigInt64Array.from({ length: 2 * batch }, (_, i) => BigInt((i + batch) % (2 * batch)));
}

export interface FeedOptions {
  readonly shape: ImageShape;
  readonly scale: ChannelScale;
  /** Number of samples, from the start of the set; all where the set has fewer. */
  readonly samples: number;
  /** Most samples of one batch. */
  readonly batch: number;
}

/**
 * Images without augmentation: x (n, C, H, W) scaled, int64 class indices (n); at least one batch for each group of
 * samples.
 */
export function imageFeeds(set: ImageSplit, options: FeedOptions): Feeds[] {
  const size = imageSize(options.shape);
  return cuts(set, options, MOST_GROUPS).map(([from, to]) => ({
    x: scaledTensor(set.x.subarray(from * size, to * size), 255, options),
    [TARGET]: { dtype: "int64", shape: [to - from], data: BigInt64Array.from(set.y.subarray(from, to), BigInt) },
  }));
}

/**
 * Two views of each of the first images, the same on every call: x (2b, C, H, W) scaled, target (2b) the partner's
 * index in the batch. There are at least two batches, and no more than `batch` asks for, because the loss of a pair
 * depends on its batch.
 */
export function viewFeeds(
  set: ImageSplit,
  options: FeedOptions & { readonly augment: ViewRecipe; readonly random: Random },
): Feeds[] {
  const { shape, augment: augmentation, random } = options;
  const source = { images: set.x, shape, augmentation, generator: [] };
  return cuts(set, options, 2).map(([from, to]) => {
    const samples = Uint32Array.from({ length: to - from }, (_, i) => from + i);
    const values = augmentBatch(source, random, { samples, epoch: 0, views: 2 });
    const target: Tensor = { dtype: "int64", shape: [2 * (to - from)], data: partnerIndices(to - from) };
    return { x: scaledTensor(values, 1, options), [TARGET]: target };
  });
}

/** Ranges of the first `samples` samples, at most `batch` samples each; about `least` ranges or more. */
function cuts({ n }: ImageSplit, { samples, batch }: FeedOptions, least: number): [number, number][] {
  const count = Math.min(samples, n);
  const size = Math.max(1, Math.min(batch, Math.ceil(count / least)));
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => [i * size, Math.min(count, (i + 1) * size)]);
}

function scaledTensor(values: Uint8Array | Float32Array, unit: number, { shape, scale }: FeedOptions): Tensor {
  const { channels, height, width } = shape;
  const pixels = height * width;
  const x = new Float32Array(values.length);
  for (let start = 0; start < x.length; start += pixels) {
    const c = (start / pixels) % channels;
    const [factor, shift] = [1 / (unit * scale.sd[c]!), scale.mean[c]! / scale.sd[c]!];
    for (let i = start; i < start + pixels; i++) x[i] = values[i]! * factor - shift;
  }
  return float32(x, [x.length / (channels * pixels), channels, height, width]);
}
