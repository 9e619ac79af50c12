/** @file Writes IDX files for the tests, value by value through a DataView: the slow twin of decodeIdx. */
import type { DataArray, ElementType } from "../../src/data/array.ts";

const codes: Partial<Record<ElementType, number>> = {
  uint8: 0x08,
  int8: 0x09,
  int16: 0x0b,
  int32: 0x0c,
  float32: 0x0d,
  float64: 0x0e,
};

export function encodeIdx({ dtype, shape, data }: DataArray): Uint8Array {
  const width = data.BYTES_PER_ELEMENT;
  const start = 4 + 4 * shape.length;
  const bytes = new Uint8Array(start + data.byteLength);
  bytes[2] = codes[dtype]!;
  bytes[3] = shape.length;
  const view = new DataView(bytes.buffer);
  for (const [axis, extent] of shape.entries()) view.setUint32(4 + 4 * axis, extent, false);
  const source = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let i = 0; i < data.length; i++)
    for (let k = 0; k < width; k++) bytes[start + i * width + k] = source.getUint8(i * width + width - 1 - k);
  return bytes;
}
