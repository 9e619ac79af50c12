/**
 * @file The IDX format of the MNIST files: two zero bytes, a type code, the rank, big-endian uint32 extents, then the
 * values, big-endian and row-major. After the description on the MNIST page (Y. LeCun, C. Cortes, C. Burges). Gzip is
 * not unpacked here.
 */
import { byteSize, type DataArray, type ElementType, readElements, shapeText } from "./array.ts";

const typeCodes: ReadonlyMap<number, ElementType> = new Map([
  [0x08, "uint8"],
  [0x09, "int8"],
  [0x0b, "int16"],
  [0x0c, "int32"],
  [0x0d, "float32"],
  [0x0e, "float64"],
]);

/**
 * Reads an IDX file.
 *
 * @param bytes the whole file, unpacked
 * @param where name of the file in error messages
 * @returns shape (n, ...) as in the file, native byte order, row-major
 * @throws RangeError if the header is not IDX or the length does not match the shape exactly
 *
 * Memory is allocated only after the length was checked, so at most the file's own size.
 */
export function decodeIdx(bytes: Uint8Array, where = "idx"): DataArray {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw new RangeError(`${where}: expected an unpacked IDX file, got gzip; unpack it with gunzip first`);
  const header = idxHeader(bytes);
  if (header === undefined)
    throw new RangeError(
      `${where}: expected an IDX header (0, 0, type 08 09 0b 0c 0d or 0e, rank), got ${hex(bytes)}; check that it is an IDX file`,
    );
  const { dtype, shape, start, bytes: expected } = header;
  if (bytes.length < start)
    throw new RangeError(
      `${where}: expected ${start} bytes of header for ${bytes[3]} dimensions, got ${bytes.length}; download the file again`,
    );
  if (bytes.length !== expected)
    throw new RangeError(
      `${where}: expected ${expected} bytes for shape ${shapeText(shape)} of ${dtype}, got ${bytes.length}; download the file again`,
    );
  return { dtype, shape, data: readElements(bytes.subarray(start), dtype, false) };
}

/**
 * The contents of an IDX header, with `bytes` the required length of the file; undefined if it is not an IDX header.
 */
export function idxHeader(
  bytes: Uint8Array,
): { dtype: ElementType; shape: readonly number[]; start: number; bytes: number } | undefined {
  const dtype = typeCodes.get(bytes[2] ?? -1);
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || dtype === undefined) return undefined;
  const start = 4 + 4 * bytes[3]!;
  if (bytes.length < start) return { dtype, shape: [], start, bytes: Number.POSITIVE_INFINITY };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: bytes[3]! }, (_, axis) => view.getUint32(4 + 4 * axis, false));
  return { dtype, shape, start, bytes: start + byteSize(dtype, shape) };
}

/** The first four bytes for an error message. */
function hex(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  return Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
