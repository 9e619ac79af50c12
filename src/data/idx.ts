/**
 * @file The IDX format of the MNIST files: two zero bytes, a type code, the rank, big-endian uint32 extents, then the values,
 * big-endian and row-major. After the description on the MNIST page (Y. LeCun, C. Cortes, C. Burges). Gzip is not unpacked here.
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
 * @param where what error messages call the file
 * @returns shape (n, ...) as the file says, native byte order, row-major
 * @throws RangeError if the header is not IDX's or the length is not exactly what the shape needs
 *
 * Nothing is allocated before the length is known to fit, so at most the file's own size is.
 */
export function decodeIdx(bytes: Uint8Array, where = "idx"): DataArray {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw new RangeError(`${where}: expected an unpacked IDX file, got gzip; unpack it with gunzip first`);
  const dtype = typeCodes.get(bytes[2] ?? -1);
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || dtype === undefined)
    throw new RangeError(
      `${where}: expected an IDX header (0, 0, type 08 09 0b 0c 0d or 0e, rank), got ${hex(bytes)}; check that it is an IDX file`,
    );
  const rank = bytes[3]!;
  const start = 4 + 4 * rank;
  if (bytes.length < start)
    throw new RangeError(
      `${where}: expected ${start} bytes of header for ${rank} dimensions, got ${bytes.length}; download the file again`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis, false));
  const expected = start + byteSize(dtype, shape);
  if (bytes.length !== expected)
    throw new RangeError(
      `${where}: expected ${expected} bytes for shape ${shapeText(shape)} of ${dtype}, got ${bytes.length}; download the file again`,
    );
  return { dtype, shape, data: readElements(bytes.subarray(start), dtype, false) };
}

/** The first four bytes for an error message. */
function hex(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  return Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
