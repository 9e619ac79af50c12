/**
 * @file Parts shared by the settings on CIFAR images: the data folder, its parameters, and the size of measured
 * batches.
 */
import { type ChannelScale, type CifarSet, channelScale, loadCifarFolder } from "../data/cifarFolder.ts";
import { count, field, positive, wholeFromZero } from "../parameters/field.ts";
import { ParameterError } from "../parameters/parse.ts";
import type { Random } from "../random/random.ts";
import type { DataFolder } from "./setting.ts";

/** chosen: most numbers in the rows of the largest map of a measured batch, 3 x 3 patches of the first stage. */
const MEASURED_ROWS = 2 ** 22;
const MEASURED_MOST = 64;

/** chosen: images per batch of a forward pass. */
export const FORWARD_BATCH = 100;

const STEM = 64;

export const imageFields = {
  width: field(
    positive,
    1,
    "channels of the four stages over 64, 128, 256 and 512",
    "paper, appendix C.1: ResNet-18 of 11M",
  ),
  limit: field(
    count,
    1152,
    "largest side measured whole; larger ones are measured on that many random coordinates",
    "chosen: the last stages at full width have patches of 2304 and 4608 values, gigabytes of sums",
  ),
  positions: field(
    wholeFromZero,
    0,
    "random pixels of each image that are measured per convolution; 0: all",
    "chosen: all, as the paper; measuring 16 costs a quarter (npm run bench -- measuring)",
  ),
  workers: field(count, 1, "threads that augment images ahead of the step", "chosen: one keeps up with two cores"),
};

/**
 * @throws ParameterError without a folder, or if the training set is smaller than a batch; RangeError for faults in its
 *   files
 */
export function cifarOf(name: string, { file }: DataFolder, batch: number): CifarSet {
  if (file === undefined)
    throw new ParameterError(
      `${name}: expected a folder with CIFAR's binary files, got none; pass --data DIR (crh data get cifar10 fetches them)`,
    );
  const images = loadCifarFolder(file);
  if (batch > images.train.n)
    throw new ParameterError(
      `${name}: expected a batch of at most ${images.train.n} images, got ${batch}; lower batch`,
    );
  return images;
}

/**
 * Images per measured batch of a ResNet of this width.
 *
 * @param positions pixels measured per image, 0 for all
 */
export function measuredBatch(width: number, { height, width: columns }: CifarSet["shape"], positions: number): number {
  const channels = (stage: number) => Math.max(1, Math.round(STEM * 2 ** stage * width));
  const outputs = height * columns * channels(0);
  const numbers = positions === 0 ? 9 * outputs : Math.max(outputs, positions * 9 * channels(3));
  return Math.max(1, Math.min(MEASURED_MOST, Math.floor(MEASURED_ROWS / numbers)));
}

/** Mean and standard deviation of each channel over the training pixels. */
export function scaleOf({ train, shape: { channels, height, width } }: CifarSet): ChannelScale {
  return channelScale(train.x, { channels, pixels: height * width });
}

/** The batches of training images: scaled, and augmented by threads if available. */
export function drawn(
  p: { batch: number; workers: number },
  images: CifarSet,
  { random, augment }: { readonly random: Random } & Pick<DataFolder, "augment">,
) {
  const { shape } = images;
  const maker = augment === undefined ? {} : { maker: augment(p.workers) };
  return { batch: p.batch, random: random.split("data"), scale: scaleOf(images), shape, ...maker };
}
