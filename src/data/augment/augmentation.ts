/**
 * @file Image augmentation: recipes as plain data, and their application. Random draws depend only on the stream's
 * start, the epoch, the sample and the view, not on batch size, order or the number of workers.
 */
import type { Random } from "../../random/random.ts";
import { desaturate, jitter } from "./colour.ts";
import { paddedCrop, randomRectangle, resizedCrop } from "./crop.ts";
import { flip, type ImageShape, imageSize } from "./image.ts";

/**
 * A window of the image's size from the zero-padded image, mirrored with probability 1/2; bytes stay bytes.
 */
export interface CropFlip {
  readonly kind: "crop-flip";
  readonly padding: number;
}

/**
 * Crop and resize, flip, jitter, grey (Chen et al. 2020, arXiv 2002.05709, appendix A; no blur, as there for CIFAR).
 */
export interface ViewRecipe {
  readonly kind: "view";
  /** Range of the crop's area as a share of the image's. */
  readonly scale: readonly [number, number];
  /** Range of the aspect ratio, width / height. */
  readonly ratio: readonly [number, number];
  /** Strength s of the colour distortion: brightness, contrast and saturation 0.8 s, hue 0.2 s. */
  readonly strength: number;
  readonly jitterProbability: number;
  readonly greyProbability: number;
}

export type Augmentation = CropFlip | ViewRecipe | { readonly kind: "none" };

/** The usual augmentation of CIFAR in supervised training (He et al. 2016, arXiv 1512.03385, section 4.2). */
export const cropFlip: CropFlip = { kind: "crop-flip", padding: 4 };

/** SimCLR's for CIFAR (Chen et al. 2020, appendix B.9): strength 0.5. */
export const simclr: ViewRecipe = {
  kind: "view",
  scale: [0.08, 1],
  ratio: [3 / 4, 4 / 3],
  strength: 0.5,
  jitterProbability: 0.8,
  greyProbability: 0.2,
};

/** Identifies a draw: image, epoch and view. */
export interface Draw {
  readonly epoch: number;
  readonly sample: number;
  readonly view: number;
}

/** Element type of the augmented images: bytes 0..255, or values in [0, 1]. */
export function augmentedType({ kind }: Augmentation): "uint8" | "float32" {
  return kind === "view" ? "float32" : "uint8";
}

/**
 * Writes one augmented image.
 *
 * @param image (channels, height, width) bytes
 * @param random the stream of all augmentations; its state is unchanged
 * @param out (channels, height, width) of `augmentedType`, overwritten
 */
export function augment(
  image: Uint8Array,
  shape: ImageShape,
  augmentation: Augmentation,
  random: Random,
  { epoch, sample, view }: Draw,
  out: Uint8Array | Float32Array,
): void {
  if (augmentation.kind === "none") {
    out.set(image);
    return;
  }
  const own = random.split(`${epoch}/${sample}/${view}`);
  if (augmentation.kind === "view") {
    drawView(image, shape, augmentation, own, out as Float32Array);
    return;
  }
  const { padding } = augmentation;
  const [top, left] = [own.below(2 * padding + 1), own.below(2 * padding + 1)];
  paddedCrop(image, shape, { top, left, padding }, out as Uint8Array);
  if (own.uniform() < 0.5) flip(out, shape);
}

function drawView(image: Uint8Array, shape: ImageShape, recipe: ViewRecipe, random: Random, out: Float32Array): void {
  resizedCrop(image, shape, randomRectangle(random, shape, recipe.scale, recipe.ratio), out);
  if (random.uniform() < 0.5) flip(out, shape);
  const { strength } = recipe;
  const changes = { brightness: 0.8 * strength, contrast: 0.8 * strength, saturation: 0.8 * strength };
  if (random.uniform() < recipe.jitterProbability) jitter(out, { ...changes, hue: 0.2 * strength }, random);
  if (random.uniform() < recipe.greyProbability) desaturate(out);
}

/** The images of a set, as a source of augmented batches. */
export interface AugmentationSource {
  /** (n, channels * height * width) bytes */
  readonly images: Uint8Array;
  readonly shape: ImageShape;
  readonly augmentation: Augmentation;
  /** State of the generator from which every draw is split off. */
  readonly generator: readonly number[];
}

/** One batch: the samples in order, with `views` augmented images of each. */
export interface BatchOrder {
  readonly samples: Uint32Array;
  readonly epoch: number;
  readonly views: number;
}

/** @returns (views * B, channels, height, width): the first views of all samples, then the second ones .. */
export function augmentBatch(
  source: AugmentationSource,
  random: Random,
  { samples, epoch, views }: BatchOrder,
): Uint8Array | Float32Array {
  const { images, shape, augmentation } = source;
  const size = imageSize(shape);
  const length = views * samples.length * size;
  const out = augmentedType(augmentation) === "uint8" ? new Uint8Array(length) : new Float32Array(length);
  for (let view = 0, at = 0; view < views; view++)
    for (const sample of samples) {
      const image = images.subarray(sample * size, (sample + 1) * size);
      augment(image, shape, augmentation, random, { epoch, sample, view }, out.subarray(at, at + size));
      at += size;
    }
  return out;
}
