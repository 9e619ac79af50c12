/**
 * @file The binary records of CIFAR-10 and CIFAR-100 (A. Krizhevsky 2009; https://www.cs.toronto.edu/~kriz/cifar.html):
 * one label byte (CIFAR-10) or two (CIFAR-100: coarse, fine), then 3072 pixels: red, green, blue planes of 32 x 32, row
 * by row.
 */
import type { DataArray } from "./array.ts";

export const CIFAR_PIXELS = 3072;

/** Number of classes for each label byte of a record. */
const kinds = {
  "cifar-10": [10],
  "cifar-100": [20, 100],
} as const;

export type CifarKind = keyof typeof kinds;

export interface CifarOptions {
  /** Required kind of records. Default: the kind that fits, CIFAR-10 first. */
  readonly kind?: CifarKind;
  /** Which of CIFAR-100's two labels. Default the 100 fine classes. */
  readonly labels?: "fine" | "coarse";
  /** Name of the file in error messages. */
  readonly where?: string;
}

export interface CifarRecords {
  readonly kind: CifarKind;
  /** (n, 3, 32, 32) pixels 0..255 */
  readonly images: DataArray;
  /** (n) class indices */
  readonly labels: Int32Array;
  readonly classes: number;
}

/** The kind of records that the bytes can hold: complete records with every label in range. CIFAR-10 where both fit. */
export function cifarKind(bytes: Uint8Array): CifarKind | undefined {
  return (["cifar-10", "cifar-100"] as const).find(
    (kind) => bytes.length > 0 && bytes.length % recordBytes(kind) === 0 && wrongLabel(bytes, kind) === undefined,
  );
}

/**
 * Reads CIFAR records.
 *
 * @param bytes the whole file, unpacked
 * @returns a copy of the pixels, and the labels
 * @throws RangeError in one line if the file does not consist of complete records of either kind or a label is out of
 *   range
 */
export function decodeCifar(bytes: Uint8Array, options: CifarOptions = {}): CifarRecords {
  const { labels = "fine", where = "cifar" } = options;
  const kindsAllowed = options.kind === undefined ? (["cifar-10", "cifar-100"] as const) : [options.kind];
  const whole = kindsAllowed.filter((kind) => bytes.length % recordBytes(kind) === 0);
  if (bytes.length === 0 || whole.length === 0)
    throw new RangeError(
      `${where}: expected whole CIFAR records of ${kindsAllowed.map(recordBytes).join(" or ")} bytes, got ${bytes.length} bytes; the file is cut off or something else`,
    );
  const kind = whole.find((one) => wrongLabel(bytes, one) === undefined);
  if (kind === undefined) {
    const { record, label, classes } = wrongLabel(bytes, whole[0]!)!;
    throw new RangeError(
      `${where}: expected labels 0 to ${classes - 1}, got ${label} in record ${record}; the file is damaged or no CIFAR`,
    );
  }
  const [size, classes] = [recordBytes(kind), kinds[kind]];
  const n = bytes.length / size;
  const at = labels === "fine" ? classes.length - 1 : 0;
  const data = new Uint8Array(n * CIFAR_PIXELS);
  const y = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    y[i] = bytes[i * size + at]!;
    data.set(bytes.subarray(i * size + classes.length, (i + 1) * size), i * CIFAR_PIXELS);
  }
  return { kind, images: { dtype: "uint8", shape: [n, 3, 32, 32], data }, labels: y, classes: classes[at]! };
}

function recordBytes(kind: CifarKind): number {
  return CIFAR_PIXELS + kinds[kind].length;
}

/** The first label that is out of range for this kind. */
function wrongLabel(
  bytes: Uint8Array,
  kind: CifarKind,
): { record: number; label: number; classes: number } | undefined {
  const size = recordBytes(kind);
  for (let start = 0; start < bytes.length; start += size)
    for (const [k, classes] of kinds[kind].entries())
      if (bytes[start + k]! >= classes) return { record: start / size, label: bytes[start + k]!, classes };
  return undefined;
}
