/**
 * @file Writes PNG images with indexed colours (PNG specification, third edition: colour type 3, bit depth 8, no
 * interlace, filter 0). Pure: bytes in, bytes out. Does not read PNG.
 */
import { zlibSync } from "fflate";

const signature = [137, 80, 78, 71, 13, 10, 26, 10];

/**
 * Encodes an image.
 *
 * @param indices (height * width) row-major, each the index of a colour of the palette
 * @param palette up to 256 colours as bytes R, G, B
 * @throws RangeError if the sizes do not fit each other
 */
export function encodePng(width: number, height: number, indices: Uint8Array, palette: Uint8Array): Uint8Array {
  if (width < 1 || height < 1 || indices.length !== width * height)
    throw new RangeError(`encodePng: expected ${width} x ${height} indices, got ${indices.length}`);
  if (palette.length < 3 || palette.length > 768 || palette.length % 3 !== 0)
    throw new RangeError(`encodePng: expected 3 to 768 palette bytes, a multiple of 3, got ${palette.length}`);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 3, 0, 0, 0], 8);
  const lines = new Uint8Array(height * (width + 1)); // each line begins with its filter type, 0
  for (let row = 0; row < height; row++)
    lines.set(indices.subarray(row * width, (row + 1) * width), row * (width + 1) + 1);
  return concatenate([
    Uint8Array.from(signature),
    chunk("IHDR", header),
    chunk("PLTE", palette),
    chunk("IDAT", zlibSync(lines, { level: 9 })),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** The image as a data URI. */
export function pngDataUri(png: Uint8Array): string {
  return `data:image/png;base64,${toBase64(png)}`;
}

/** Bytes as base64, converted in pieces that fit one call. */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** Cyclic redundancy check of the PNG specification, annex D (reflected polynomial 0xedb88320). */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
