/**
 * @file CIFAR-10 or CIFAR-100 as a training set, from the official binary files in a folder, plain or gzip. The caller
 * reads the files; this module only names them.
 */
import { CIFAR_PIXELS, type CifarKind, type CifarRecords, decodeCifar } from "./cifar.ts";
import { gunzip } from "./gunzip.ts";

/** One half of the set. */
export interface ImageSplit {
  readonly n: number;
  /** (n, channels * height * width) pixels 0..255 */
  readonly x: Uint8Array;
  /** (n) class indices */
  readonly y: Uint8Array;
}

/** Mean and standard deviation of each channel over the training pixels, scaled to [0, 1]. */
export interface ChannelScale {
  readonly mean: readonly number[];
  readonly sd: readonly number[];
}

export interface CifarSet {
  readonly kind: CifarKind;
  readonly train: ImageSplit;
  readonly test: ImageSplit;
  /** (channels, height, width) of one image */
  readonly shape: { readonly channels: number; readonly height: number; readonly width: number };
  readonly classes: number;
  /** Names of the classes, if the folder has them. */
  readonly names?: readonly string[];
  /** Files read, in order. */
  readonly files: readonly string[];
}

export interface CifarFolderOptions {
  /** Which of CIFAR-100's labels. Default fine. */
  readonly labels?: "fine" | "coarse";
}

const layouts = {
  "cifar-10": {
    train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
    test: ["test_batch.bin"],
    names: { fine: "batches.meta.txt", coarse: "batches.meta.txt" },
  },
  "cifar-100": {
    train: ["train.bin"],
    test: ["test.bin"],
    names: { fine: "fine_label_names.txt", coarse: "coarse_label_names.txt" },
  },
} as const;

/**
 * @param lookup bytes of the file with that name in the folder, or undefined if there is none
 * @throws RangeError in one line if the training or test file is missing, truncated, or has labels out of range
 */
export function loadCifarFolder(
  lookup: (name: string) => Uint8Array | undefined,
  { labels = "fine" }: CifarFolderOptions = {},
): CifarSet {
  for (const kind of ["cifar-10", "cifar-100"] as const) {
    const { train, test, names } = layouts[kind];
    const read = (list: readonly string[]) => list.flatMap((name) => readRecords(lookup, name, kind, labels));
    const [trained, tested] = [read(train), read(test)];
    if (trained.length === 0 && tested.length === 0) continue;
    for (const [part, found, wanted] of [
      ["training", trained, train],
      ["test", tested, test],
    ] as const)
      if (found.length === 0)
        throw new RangeError(
          `cifar folder: expected a ${part} file ${wanted[0]} (or .gz), got none; copy it beside the others`,
        );
    const classes = trained[0]!.records.classes;
    const classNames = readNames(lookup(names[labels]), names[labels], classes);
    return {
      kind,
      train: join(trained),
      test: join(tested),
      shape: { channels: 3, height: 32, width: 32 },
      classes,
      ...(classNames === undefined ? {} : { names: classNames }),
      files: [...trained, ...tested].map(({ name }) => name),
    };
  }
  throw new RangeError(
    "cifar folder: expected data_batch_1.bin .. and test_batch.bin, or train.bin and test.bin (each also .gz), got none of them; name the folder that holds the binary version",
  );
}

interface NamedRecords {
  readonly name: string;
  readonly records: CifarRecords;
}

function readRecords(
  lookup: (name: string) => Uint8Array | undefined,
  plain: string,
  kind: CifarKind,
  labels: "fine" | "coarse",
): NamedRecords[] {
  for (const name of [plain, `${plain}.gz`]) {
    const found = lookup(name);
    if (found === undefined) continue;
    // A first byte 1f is not a valid label, so gzip files are recognised whatever their name.
    const packed = found[0] === 0x1f && found[1] === 0x8b;
    const records = decodeCifar(packed ? gunzip(found, { where: name }) : found, { kind, labels, where: name });
    return [{ name, records }];
  }
  return [];
}

function join(parts: readonly NamedRecords[]): ImageSplit {
  const n = parts.reduce((sum, { records }) => sum + records.labels.length, 0);
  const [x, y] = [new Uint8Array(n * CIFAR_PIXELS), new Uint8Array(n)];
  let at = 0;
  for (const { records } of parts) {
    x.set(records.images.data as Uint8Array, at * CIFAR_PIXELS);
    y.set(records.labels, at);
    at += records.labels.length;
  }
  return { n, x, y };
}

function readNames(bytes: Uint8Array | undefined, file: string, classes: number): string[] | undefined {
  if (bytes === undefined) return undefined;
  const lines = new TextDecoder()
    .decode(bytes)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);
  if (lines.length !== classes)
    throw new RangeError(
      `${file}: expected the names of ${classes} classes, got ${lines.length} lines; take the file of the same set`,
    );
  return lines;
}

/**
 * @param x (n, channels * pixels) bytes
 * @returns the population mean and standard deviation; a constant channel has deviation 1
 */
export function channelScale(x: Uint8Array, { channels, pixels }: { channels: number; pixels: number }): ChannelScale {
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  for (let start = 0; start < x.length; start += pixels) {
    const histogram = counts[(start / pixels) % channels]!;
    for (let i = start; i < start + pixels; i++) histogram[x[i]!]!++;
  }
  const n = x.length / channels;
  const mean = counts.map((histogram) => histogram.reduce((sum, times, byte) => sum + times * byte, 0) / (255 * n));
  const sd = counts.map((histogram, c) =>
    Math.sqrt(histogram.reduce((sum, times, byte) => sum + times * (byte / 255 - mean[c]!) ** 2, 0) / n),
  );
  return { mean, sd: sd.map((value) => (value > 0 ? value : 1)) };
}
