/**
 * @file NumPy's .npy files, format versions 1.0, 2.0 and 3.0 (numpy.lib.format): magic, version, header length, header
 * text, values. Numbers only: object arrays are pickles and are refused.
 */
import { type ArrayValues, byteSize, type DataArray, readElements, shapeText, writeElements } from "./array.ts";
import { parseNpyHeader } from "./npyHeader.ts";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

/**
 * chosen: longest header accepted. NumPy writes 128 bytes for the arrays accepted here and refuses more than 10000.
 */
const MAX_HEADER_BYTES = 65_535;

/** Prefix and header together are padded to a multiple of this (numpy.lib.format.ARRAY_ALIGN). */
const ALIGNMENT = 64;

const descrs: Record<DataArray["dtype"], string> = {
  float64: "<f8",
  float32: "<f4",
  float16: "<f2",
  int64: "<i8",
  int32: "<i4",
  int16: "<i2",
  int8: "|i1",
  uint64: "<u8",
  uint32: "<u4",
  uint16: "<u2",
  uint8: "|u1",
  bool: "|b1",
};

/**
 * Reads a .npy file.
 *
 * @param bytes the whole file
 * @param where name of the file in error messages
 * @returns the array in row-major order (Fortran order is transposed) and native byte order
 * @throws RangeError if the header is malformed or the length is not exactly what the shape needs; TypeError if the
 *   elements are objects, strings, complex or structured
 *
 * Memory is allocated only after the length was checked.
 */
export function decodeNpy(bytes: Uint8Array, where = "npy"): DataArray {
  const start = headerEnd(bytes, where);
  const version = bytes[6]!;
  const text = String.fromCharCode(...bytes.subarray(version === 1 ? 10 : 12, start));
  const { dtype, littleEndian, fortranOrder, shape } = parseNpyHeader(text, where);
  const expected = start + byteSize(dtype, shape);
  if (bytes.length !== expected)
    throw new RangeError(
      `${where}: expected ${expected} bytes for shape ${shapeText(shape)} of ${dtype}, got ${bytes.length}; copy the file again`,
    );
  const data = readElements(bytes.subarray(start), dtype, littleEndian);
  return { dtype, shape, data: fortranOrder && shape.length > 1 ? toRowMajor(data, shape) : data };
}

/** Checks magic, version and header length; returns the offset of the values. */
function headerEnd(bytes: Uint8Array, where: string): number {
  if (MAGIC.some((byte, i) => bytes[i] !== byte))
    throw new RangeError(
      `${where}: expected a .npy file (93 N U M P Y), got something else; save the array with np.save`,
    );
  const version = bytes[6];
  if (version !== 1 && version !== 2 && version !== 3)
    throw new RangeError(
      `${where}: expected .npy version 1, 2 or 3, got ${version ?? "a cut-off file"}; save the array again`,
    );
  const prefix = version === 1 ? 10 : 12;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < prefix ? 0 : version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER_BYTES)
    throw new RangeError(
      `${where}: expected at most ${MAX_HEADER_BYTES} bytes of header, got ${length}; save the array again`,
    );
  if (bytes.length < prefix + length)
    throw new RangeError(
      `${where}: expected ${prefix + length} bytes of header, got ${bytes.length} bytes in all; copy the file again`,
    );
  return prefix + length;
}

/** Column-major to row-major: out[i, j, ...] = values[i + s_0 (j + s_1 (...))]. O(size), one pass over the output. */
function toRowMajor(values: ArrayValues, shape: readonly number[]): ArrayValues {
  const out = values.slice();
  const source: ArrayLike<unknown> = values;
  const target = out as { [index: number]: unknown };
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, extent) => product * extent, 1));
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < values.length; to++) {
    target[to] = source[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!; // carry into the next slower axis
      index[axis] = 0;
    }
  }
  return out;
}

/**
 * Writes a .npy file, version 1.0, little-endian, row-major.
 *
 * @throws RangeError if the size of the shape differs from the number of values
 */
export function encodeNpy({ dtype, shape, data }: DataArray): Uint8Array {
  if (byteSize(dtype, shape) !== data.byteLength)
    throw new RangeError(
      `encodeNpy: expected ${byteSize(dtype, shape)} bytes for shape ${shapeText(shape)} of ${dtype}, got ${data.byteLength}`,
    );
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dict = `{'descr': '${descrs[dtype]}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const start = Math.ceil((10 + dict.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(start + data.byteLength);
  bytes.set([...MAGIC, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(`${dict.padEnd(start - 11)}\n`), 10);
  bytes.set(writeElements(data), start);
  return bytes;
}
