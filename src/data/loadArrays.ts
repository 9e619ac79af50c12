/**
 * @file Arrays from a user's file in any supported format: .npy, .npz, safetensors, IDX, CIFAR records, each also
 * gzipped. The content determines the format; the name only decides where the content is ambiguous. Bytes in, arrays
 * out.
 */

import { bfloat16ToFloat32 } from "../formats/halfPrecision.ts";
import { decodeSafetensors, type SafetensorsTensor } from "../formats/safetensors.ts";
import { type ArrayValues, byteSize, type DataArray, type ElementType } from "./array.ts";
import { cifarKind, decodeCifar } from "./cifar.ts";
import { DEFAULT_MAX_BYTES, gunzip } from "./gunzip.ts";
import { decodeIdx, idxHeader } from "./idx.ts";
import { decodeNpy } from "./npy.ts";
import { decodeNpz } from "./npz.ts";

/** Which axis of a batch of images holds the channels: the second or the last. */
export type Layout = "NCHW" | "NHWC";

export type ArrayFormat = "npy" | "npz" | "safetensors" | "idx" | "cifar";

export interface LoadedArrays {
  readonly format: ArrayFormat;
  /** Arrays by name; a file of one array has "data". bfloat16 is read as float32 with equal values. */
  readonly arrays: ReadonlyMap<string, DataArray>;
  /** (n) class indices, if the records contain them; separate targets are then not needed. */
  readonly labels?: Int32Array;
  /** Present where the format defines it. */
  readonly layout?: Layout;
  /** Whether the arrays are images of bytes 0..255: of rank 3 or more, or in IDX of 2. */
  readonly isPixels: boolean;
}

export interface LoadOptions {
  /** Name of the file, for error messages and its extension. */
  readonly name: string;
  /** Which of CIFAR-100's two labels. Default the 100 fine classes. */
  readonly labels?: "fine" | "coarse";
  /** Largest decompressed size of a file, in bytes. */
  readonly maxBytes?: number;
}

/**
 * Reads a file of arrays.
 *
 * @throws RangeError or TypeError in one line when the format is not one of these, or the file is cut off, damaged, or
 *   larger than allowed once unpacked. Nothing is allocated from a length that was not checked.
 */
export function loadArrays(bytes: Uint8Array, options: LoadOptions): LoadedArrays {
  const { name, maxBytes = DEFAULT_MAX_BYTES } = options;
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return load(bytes, options);
  const unpacked = gunzip(bytes, { maxBytes, where: name });
  if (unpacked[0] === 0x1f && unpacked[1] === 0x8b)
    throw new RangeError(`${name}: expected one layer of gzip, got gzip within gzip; unpack it once`);
  return load(unpacked, options);
}

function load(bytes: Uint8Array, options: LoadOptions): LoadedArrays {
  const { name, maxBytes = DEFAULT_MAX_BYTES } = options;
  const format = formatOf(bytes, name);
  if (format === "npy") return plain(format, new Map([["data", decodeNpy(bytes, name)]]));
  if (format === "npz") {
    const others = new Map<string, string>();
    const arrays = decodeNpz(bytes, { where: name, maxBytes, others });
    const [reason] = others.values();
    if (arrays.size === 0 && reason !== undefined) throw new RangeError(reason);
    return plain(format, arrays);
  }
  if (format === "safetensors") return plain(format, tensorsOf(bytes, name));
  if (format === "idx") return plain(format, new Map([["data", decodeIdx(bytes, name)]]));
  const { images, labels } = decodeCifar(bytes, { where: name, ...(options.labels && { labels: options.labels }) });
  return { format, arrays: new Map([["data", images]]), labels, layout: "NCHW", isPixels: true };
}

function plain(format: ArrayFormat, arrays: ReadonlyMap<string, DataArray>): LoadedArrays {
  const isPixels =
    arrays.size > 0 &&
    [...arrays.values()].every(({ dtype, shape }) => dtype === "uint8" && shape.length > (format === "idx" ? 1 : 2));
  return { format, arrays, isPixels };
}

/** The format by content where it has a signature or exact lengths, else by the extension. */
function formatOf(bytes: Uint8Array, name: string): ArrayFormat {
  const starts = (...signature: number[]) => signature.every((byte, i) => bytes[i] === byte);
  if (starts(0x93, 0x4e, 0x55, 0x4d)) return "npy";
  if (starts(0x50, 0x4b, 3, 4) || starts(0x50, 0x4b, 5, 6)) return "npz";
  if (idxHeader(bytes)?.bytes === bytes.length) return "idx";
  if (bytes[8] === 0x7b && new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true) === 0) return "safetensors";
  if (cifarKind(bytes) !== undefined) return "cifar";
  const ending = endings.find(([pattern]) => pattern.test(name))?.[1];
  if (ending !== undefined) return ending;
  if (idxHeader(bytes) !== undefined) return "idx"; // its length is wrong, which the decoder reports
  if (starts(0x80) && bytes[1]! >= 2 && bytes[1]! <= 5)
    throw new TypeError(
      `${name}: expected arrays, got a Python pickle, which can run any code; save the arrays with np.savez or safetensors`,
    );
  throw new RangeError(
    `${name}: expected .npy, .npz, safetensors, IDX or CIFAR records (also in gzip), got ${bytes.length} bytes of none of these; check the file or save the arrays with np.save`,
  );
}

const endings: readonly (readonly [RegExp, ArrayFormat])[] = [
  [/\.npy(\.gz)?$/i, "npy"],
  [/\.npz(\.gz)?$/i, "npz"],
  [/\.safetensors(\.gz)?$/i, "safetensors"],
  [/idx\d-ubyte(\.gz)?$/i, "idx"],
  [/\.idx(\.gz)?$/i, "idx"],
  [/\.bin(\.gz)?$/i, "cifar"],
];

const elementTypes: Readonly<Record<string, ElementType>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
  U64: "uint64",
  U32: "uint32",
  U16: "uint16",
  U8: "uint8",
  BOOL: "bool",
};

function tensorsOf(bytes: Uint8Array, name: string): Map<string, DataArray> {
  let tensors: ReadonlyMap<string, SafetensorsTensor>;
  try {
    tensors = decodeSafetensors(bytes).tensors;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(
      error.message.replace(/^decodeSafetensors/, () => name),
      { cause: error },
    );
  }
  return new Map(
    [...tensors].map(([key, { dtype, shape, data }]): [string, DataArray] => [
      key,
      dtype === "BF16"
        ? { dtype: "float32", shape, data: bfloat16ToFloat32(data as Uint16Array) }
        : { dtype: elementTypes[dtype]!, shape, data: data as ArrayValues },
    ]),
  );
}

/**
 * Possible names of the labels file beside an IDX image file: for "t10k-images-idx3-ubyte.gz" it is
 * "t10k-labels-idx1-ubyte.gz", gzipped or not. Empty where the name does not follow this pattern.
 */
export function labelFileNames(imageFile: string): string[] {
  const match = /^(.*)images([-.])idx3([-.]\w+?)?(\.gz)?$/.exec(imageFile);
  if (match === null) return [];
  const [, stem = "", joint = "-", type = "", packed] = match;
  const name = `${stem}labels${joint}idx1${type}`;
  return packed === undefined ? [name, `${name}.gz`] : [`${name}.gz`, name];
}

/**
 * Class indices from a file of labels, for images stored without them.
 *
 * @throws RangeError in one line unless the file holds one array of non-negative integers, of shape (n) or (n, 1)
 */
export function labelsOf({ arrays }: LoadedArrays, name: string, samples: number): Int32Array {
  const [array, ...others] = arrays.values();
  if (array === undefined || others.length > 0)
    throw new RangeError(`${name}: expected one array of labels, got ${arrays.size}; name a file with one array`);
  const [n, ...rest] = array.shape;
  if (n !== samples || rest.some((extent) => extent !== 1) || byteSize(array.dtype, array.shape) === 0)
    throw new RangeError(
      `${name}: expected ${samples} labels, one per sample, got shape (${array.shape.join(", ")}); take images and labels from the same set`,
    );
  const labels = Int32Array.from(array.data as ArrayLike<number | bigint>, Number);
  const wrong = labels.findIndex((label, i) => label < 0 || label !== Number(array.data[i]));
  if (array.dtype === "float16" || wrong >= 0)
    throw new RangeError(
      `${name}: expected class indices 0, 1, 2, ..., got ${array.dtype === "float16" ? "float16" : array.data[wrong]}; number the classes from 0`,
    );
  return labels;
}
