/**
 * @file A labelled image set in the layout of MNIST: four IDX files, `train-` and `t10k-` images and labels, plain or
 * gzip, under either spelling in use (train-images-idx3-ubyte, train-images.idx3-ubyte). Fashion-MNIST and KMNIST have
 * the same layout. The caller reads the files; this module only names them. Normalization beyond [0, 1] is left to the
 * setting.
 */
import type { DataArray } from "./array.ts";
import { gunzip } from "./gunzip.ts";
import { decodeIdx } from "./idx.ts";

/** One half of the set: n images of d pixels with their labels. */
export interface LabelledImages {
  readonly n: number;
  /** (n, d) pixels 0..255, one image per row */
  readonly x: Uint8Array;
  /** (n) labels 0..classes-1 */
  readonly y: Uint8Array;
}

export interface ImageSet {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  /** extents of one image, e.g. [28, 28]; their product is d */
  readonly shape: readonly number[];
  readonly d: number;
  readonly classes: number;
}

export interface IdxFolderOptions {
  /** Number of classes; by default the largest label of the training set, plus one. */
  readonly classes?: number;
  /** Largest decompressed size of a gzip file, in bytes. */
  readonly maxBytes?: number;
}

/**
 * Loads a MNIST-style set from the files of one folder.
 *
 * @param lookup bytes of the file of that name in the folder, or undefined where there is none
 * @returns pixels as bytes (`unitPixels` scales them), labels as bytes
 * @throws RangeError, one line, if a file is missing (with the names looked for), malformed or cut off, if images and
 *   labels differ in number, if train and test images differ in shape, or if a label is not below `classes`
 */
export function loadIdxFolder(
  lookup: (name: string) => Uint8Array | undefined,
  { classes, maxBytes }: IdxFolderOptions = {},
): ImageSet {
  const parts = (["train", "t10k"] as const).map((part) => {
    const images = readPart(lookup, `${part}-images`, 3, maxBytes);
    const labels = readPart(lookup, `${part}-labels`, 1, maxBytes);
    const n = images.shape[0]!;
    if (labels.shape[0] !== n || n === 0)
      throw new RangeError(
        `idx folder: expected one label for each of at least one image, got ${n} ${part} images and ${labels.shape[0]} labels; take both files from the same set`,
      );
    return { part, shape: images.shape.slice(1), n, x: images.data as Uint8Array, y: labels.data as Uint8Array };
  });
  const [train, test] = parts as [(typeof parts)[0], (typeof parts)[0]];
  if (train.shape.join() !== test.shape.join())
    throw new RangeError(
      `idx folder: expected test images of shape [${train.shape.join(", ")}], got [${test.shape.join(", ")}]; take both from the same set`,
    );
  const d = train.shape[0]! * train.shape[1]!;
  if (d === 0)
    throw new RangeError("idx folder: expected images of at least one pixel, got none; check the image files");
  const count = classes ?? largest(train.y) + 1;
  for (const { part, y } of parts)
    if (largest(y) >= count)
      throw new RangeError(
        `idx folder: expected labels 0 to ${count - 1}, got ${largest(y)} in ${part}-labels; check the label file or the number of classes`,
      );
  return {
    train: { n: train.n, x: train.x, y: train.y },
    test: { n: test.n, x: test.x, y: test.y },
    shape: train.shape,
    d,
    classes: count,
  };
}

/** One file of the set, under the first of its possible names that exists, decompressed if gzip. */
function readPart(
  lookup: (name: string) => Uint8Array | undefined,
  stem: string,
  rank: number,
  maxBytes: number | undefined,
): DataArray {
  const names = ["-", "."].flatMap((joint) => ["", ".gz"].map((ending) => `${stem}${joint}idx${rank}-ubyte${ending}`));
  for (const name of names) {
    const found = lookup(name);
    if (found === undefined) continue;
    // some downloads keep the name and drop the compression, or the reverse
    const packed = found[0] === 0x1f && found[1] === 0x8b;
    const options = maxBytes === undefined ? { where: name } : { where: name, maxBytes };
    const array = decodeIdx(packed ? gunzip(found, options) : found, name);
    if (array.dtype !== "uint8" || array.shape.length !== rank)
      throw new RangeError(
        `${name}: expected uint8 of ${rank} dimensions, got ${array.dtype} of ${array.shape.length}; check that images and labels are not swapped`,
      );
    return array;
  }
  throw new RangeError(
    `idx folder: expected a file ${names.join(" or ")}, got none of them; name the folder that holds the MNIST-style files`,
  );
}

function largest(labels: Uint8Array): number {
  let label = 0;
  for (const y of labels) if (y > label) label = y;
  return label;
}

/**
 * Pixels scaled from 0..255 to [0, 1], x / 255 rounded to float32.
 *
 * @param x (n, d) bytes
 * @param out (n, d) where to write; allocated by default, four times the bytes of x
 */
export function unitPixels(x: Uint8Array, out: Float32Array = new Float32Array(x.length)): Float32Array {
  if (out.length !== x.length)
    throw new RangeError(
      `unitPixels: expected room for ${x.length} pixels, got ${out.length}; pass an array of the same size`,
    );
  for (let i = 0; i < x.length; i++) out[i] = x[i]! / 255;
  return out;
}
