/**
 * @file A numeric array read from a file: element type, shape, typed array. Row-major (C order), native byte
 * order, a copy that shares no memory with the file's bytes. Structurally the tensor of the onnx room, which this room
 * does not import. 16-bit floats stay bit patterns until `toFloat32` or `toFloat64` converts them.
 */

import { halfToFloat32 } from "../formats/halfPrecision.ts";

const arrayTypes = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** Element types that the decoders of this room return. */
export type ElementType = keyof typeof arrayTypes;

/** Values of a DataArray; float16 as bit patterns, bool as bytes 0 and 1. */
export type ArrayValues = InstanceType<(typeof arrayTypes)[ElementType]>;

export interface DataArray {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly data: ArrayValues;
}

const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Bytes of one element. */
export function bytesPerElement(dtype: ElementType): number {
  return arrayTypes[dtype].BYTES_PER_ELEMENT;
}

/**
 * Bytes of an array of this shape; Infinity where the product exceeds the safe integers, so that size checks refuse it.
 */
export function byteSize(dtype: ElementType, shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  let size = bytesPerElement(dtype);
  for (const extent of shape) size *= extent;
  return Number.isSafeInteger(size) ? size : Number.POSITIVE_INFINITY;
}

/** A shape as text for error messages, cut after eight extents. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.slice(0, 8).join(", ")}${shape.length > 8 ? ", ..." : ""}]`;
}

/**
 * The elements stored in `bytes`, in the host's byte order.
 *
 * @param bytes exactly count * bytesPerElement(dtype) bytes, at any alignment; copied
 * @returns (count) values
 */
export function readElements(bytes: Uint8Array, dtype: ElementType, littleEndian: boolean): ArrayValues {
  const width = bytesPerElement(dtype);
  const buffer = new Uint8Array(bytes.length);
  buffer.set(bytes);
  if (width > 1 && littleEndian !== hostIsLittleEndian) swapBytes(buffer, width);
  return new arrayTypes[dtype](buffer.buffer, 0, bytes.length / width);
}

/** The bytes of typed values in little-endian order; the inverse of `readElements(..., true)`. */
export function writeElements(values: ArrayValues): Uint8Array {
  const bytes = new Uint8Array(values.byteLength);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  if (!hostIsLittleEndian) swapBytes(bytes, values.BYTES_PER_ELEMENT);
  return bytes;
}

/** Reverses the bytes of every element, in place. */
function swapBytes(bytes: Uint8Array, width: number): void {
  for (let start = 0; start + width <= bytes.length; start += width) bytes.subarray(start, start + width).reverse();
}

/** Values rounded to float32, whatever the element type; shape unchanged. 64-bit integers beyond ±2^53 are rounded. */
export function toFloat32(array: DataArray): Float32Array {
  return array.data instanceof Float32Array ? array.data : Float32Array.from(numbers(array));
}

/** Values as float64, whatever the element type; shape unchanged. 64-bit integers beyond ±2^53 are rounded. */
export function toFloat64(array: DataArray): Float64Array {
  return array.data instanceof Float64Array ? array.data : Float64Array.from(numbers(array));
}

function numbers(array: DataArray): ArrayLike<number> {
  const { data } = array;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const out = new Float64Array(data.length);
    for (let i = 0; i < data.length; i++) out[i] = Number(data[i]!);
    return out;
  }
  if (array.dtype !== "float16") return data;
  return halfToFloat32(data as Uint16Array);
}
