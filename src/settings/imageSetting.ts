/**
 * @file What the settings on CIFAR images share: the folder, its fields, and how many images one batch of a measurement
 * has.
 */
import { type ChannelScale, type CifarSet, channelScale, loadCifarFolder } from "../data/cifarFolder.ts";
import { count, field, positive, wholeFromZero } from "../parameters/field.ts";
import { ParameterError } from "../parameters/parse.ts";
import type { Random } from "../random/random.ts";
import type { DataFolder } from "./setting.ts";

/** chosen: numbers in the rows of the largest map of one measured batch, 3 x 3 patches of the first stage. */
const MEASURED_ROWS = 2 ** 22;
const MEASURED_MOST = 64;

/** chosen: images of one batch of a forward pass. */
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
    "sides of more values are measured on so many random coordinates",
    "chosen: the last stages at full width have patches of 2304 and 4608 values, gigabytes of sums",
  ),
  positions: field(
    wholeFromZero,
    0,
    "pixels of each image that are measured of a convolution, at random; 0: all",
    "chosen: all, as the paper; measuring 16 costs a quarter (npm run bench -- measuring)",
  ),
  workers: field(count, 1, "threads that augment images ahead of the step", "chosen: one keeps up with two cores"),
};

/**
 * @throws ParameterError without a folder, or where the training set is smaller than a batch; RangeError for what is
 * wrong in it
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
 * Images of one measured batch of a ResNet of this width.
 *
 * @param positions pixels of each image that are measured, 0 for all
 */
export function measuredBatch(width: number, { height, width: columns }: CifarSet["shape"], positions: number): number {
  const channels = (stage: number) => Math.max(1, Math.round(STEM * 2 ** stage * width));
  const outputs = height * columns * channels(0);
  const numbers = positions === 0 ? 9 * outputs : Math.max(outputs, positions * 9 * channels(3));
  return Math.max(1, Math.min(MEASURED_MOST, Math.floor(MEASURED_ROWS / numbers)));
}

/** Mean and deviation of each channel's training pixels. */
export function scaleOf({ train, shape: { channels, height, width } }: CifarSet): ChannelScale {
  return channelScale(train.x, { channels, pixels: height * width });
}

/** How training images are drawn: in batches, scaled, augmented by threads where there are any. */
export function drawn(
  p: { batch: number; workers: number },
  images: CifarSet,
  { random, augment }: { readonly random: Random } & Pick<DataFolder, "augment">,
) {
  const { shape } = images;
  const maker = augment === undefined ? {} : { maker: augment(p.workers) };
  return { batch: p.batch, random: random.split("data"), scale: scaleOf(images), shape, ...maker };
}
