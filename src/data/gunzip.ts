/**
 * @file Unpacks gzip files and the deflated members of zip files, with a bound on the output that holds while unpacking.
 * The only file of this room that needs Node (node:zlib, which also checks gzip's CRC-32 and length).
 */
import { gunzipSync, inflateRawSync, type ZlibOptions } from "node:zlib";

/** chosen: 1 GiB, twenty times the unpacked MNIST training images. */
export const DEFAULT_MAX_BYTES = 2 ** 30;

/** Output is collected in pieces of at most this size (chosen: fewer, larger pieces unpack faster). */
const CHUNK_BYTES = 2 ** 20;

export interface GunzipOptions {
  /** Largest size of the unpacked data, in bytes. */
  readonly maxBytes?: number;
  /** What error messages call the data. */
  readonly where?: string;
}

/**
 * Unpacks a gzip file (RFC 1952), all members of it.
 *
 * @returns the unpacked bytes
 * @throws RangeError if the data is no gzip, is damaged or cut off, or unpacks to more than maxBytes
 */
export function gunzip(
  bytes: Uint8Array,
  { maxBytes = DEFAULT_MAX_BYTES, where = "gunzip" }: GunzipOptions = {},
): Uint8Array {
  if (bytes.length < 2 || bytes[0] !== 0x1f || bytes[1] !== 0x8b)
    throw new RangeError(`${where}: expected gzip data (1f 8b ...), got something else; check the file`);
  return unpack(gunzipSync, bytes, { maxBytes, where });
}

/**
 * Unpacks a raw deflate stream (RFC 1951), as zip members hold it.
 *
 * @throws RangeError as gunzip; the caller checks length and CRC-32, which a raw stream does not carry
 */
export function inflateRaw(bytes: Uint8Array, options: Required<GunzipOptions>): Uint8Array {
  return unpack(inflateRawSync, bytes, options);
}

function unpack(
  method: (bytes: Uint8Array, options: ZlibOptions) => Uint8Array,
  bytes: Uint8Array,
  { maxBytes, where }: Required<GunzipOptions>,
): Uint8Array {
  const maxOutputLength = Math.max(1, maxBytes); // zlib refuses a bound of 0
  const chunkSize = Math.min(CHUNK_BYTES, Math.max(64, maxOutputLength)); // 64: zlib's smallest
  try {
    const out = method(bytes, { maxOutputLength, chunkSize });
    return new Uint8Array(out.buffer, out.byteOffset, out.byteLength); // not a Buffer, whose slice would share memory
  } catch (cause) {
    throw new RangeError(explain(cause, bytes.length, maxBytes, where), { cause });
  }
}

function explain(cause: unknown, length: number, maxBytes: number, where: string): string {
  const code = (cause as { code?: unknown }).code;
  if (code === "ERR_BUFFER_TOO_LARGE")
    return `${where}: expected at most ${maxBytes} bytes unpacked, got more; raise the limit if the source is trusted`;
  if (code === "Z_BUF_ERROR")
    return `${where}: expected the end of the compressed data, got only its first ${length} bytes; download the file again`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return `${where}: expected intact compressed data, got damage (${reason}); download the file again`;
}
