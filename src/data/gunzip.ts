/**
 * @file Decompresses gzip files and the deflated members of zip files, with a limit on the output that is enforced
 * while decompressing. The decoder is fflate's, which runs in browsers and in Node and checks neither CRC-32 nor
 * length; both are checked here.
 */
import { type FlateError, FlateErrorCode, Gunzip, Inflate } from "fflate";
import { crc32 } from "./crc32.ts";

/** chosen: 1 GiB, twenty times the unpacked MNIST training images. */
export const DEFAULT_MAX_BYTES = 2 ** 30;

/**
 * chosen: input per call, which decompresses to at most 1,032 times as much; the limit on the output is checked after
 * each call.
 */
const TURN_BYTES = 2 ** 15;

/** Bytes of CRC-32 and length after each member of a gzip file. */
const TRAILER_BYTES = 8;

export interface GunzipOptions {
  /** Largest size of the unpacked data, in bytes. */
  readonly maxBytes?: number;
  /** Name of the data in error messages. */
  readonly where?: string;
}

/**
 * Decompresses all members of a gzip file (RFC 1952).
 *
 * @returns the unpacked bytes
 * @throws RangeError if the data are not gzip, are damaged or truncated, or decompress to more than maxBytes
 */
export function gunzip(
  bytes: Uint8Array,
  { maxBytes = DEFAULT_MAX_BYTES, where = "gunzip" }: GunzipOptions = {},
): Uint8Array {
  if (bytes.length < 2 || bytes[0] !== 0x1f || bytes[1] !== 0x8b)
    throw new RangeError(`${where}: expected gzip data (1f 8b ...), got something else; check the file`);
  const out = new Unpacked({ maxBytes, where });
  let member = { crc: 0, length: 0 };
  const check = (end: number) => {
    if (!isTrailer(bytes.subarray(end - TRAILER_BYTES, end), member)) throw damaged(where, "its checksum does not fit");
    member = { crc: 0, length: 0 };
  };
  const stream = new Gunzip((piece) => {
    out.add(piece);
    member = { crc: crc32(piece, member.crc), length: member.length + piece.length };
  });
  stream.onmember = check; // with the offset of the next one
  push(stream, bytes, where);
  check(bytes.length);
  return out.whole();
}

/**
 * Unpacks a raw deflate stream (RFC 1951), as zip members hold it.
 *
 * @throws RangeError as gunzip; the caller checks length and CRC-32, which a raw stream does not carry
 */
export function inflateRaw(bytes: Uint8Array, options: Required<GunzipOptions>): Uint8Array {
  const out = new Unpacked(options);
  push(new Inflate((piece) => out.add(piece)), bytes, options.where);
  return out.whole();
}

/** Collects the output of a decoder, piece by piece. */
class Unpacked {
  readonly #limits: Required<GunzipOptions>;
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  constructor(limits: Required<GunzipOptions>) {
    this.#limits = limits;
  }

  /** @throws RangeError if there is more than allowed */
  add(piece: Uint8Array): void {
    const { maxBytes, where } = this.#limits;
    this.#length += piece.length;
    if (this.#length > maxBytes)
      throw new RangeError(
        `${where}: expected at most ${maxBytes} bytes unpacked, got more; raise the limit if the source is trusted`,
      );
    if (piece.length > 0) this.#pieces.push(piece);
  }

  whole(): Uint8Array {
    const [first] = this.#pieces;
    if (first !== undefined && this.#pieces.length === 1) return first;
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }
}

/** Feeds a decoder all of its input, and converts its errors into one-line errors. */
function push(stream: Gunzip | Inflate, bytes: Uint8Array, where: string): void {
  try {
    for (let at = 0; at < bytes.length; at += TURN_BYTES)
      stream.push(bytes.subarray(at, at + TURN_BYTES), at + TURN_BYTES >= bytes.length);
  } catch (cause) {
    if (cause instanceof RangeError && cause.message.startsWith(`${where}: `)) throw cause;
    if ((cause as Partial<FlateError>).code === FlateErrorCode.UnexpectedEOF)
      throw new RangeError(
        `${where}: expected the end of the compressed data, got only its first ${bytes.length} bytes; download the file again`,
        { cause },
      );
    throw damaged(where, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function damaged(where: string, reason: string, cause?: unknown): RangeError {
  const line = `${where}: expected intact compressed data, got damage (${reason}); download the file again`;
  return new RangeError(line, { cause });
}

function isTrailer(bytes: Uint8Array, { crc, length }: { readonly crc: number; readonly length: number }): boolean {
  if (bytes.length < TRAILER_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, TRAILER_BYTES);
  return view.getUint32(0, true) === crc && view.getUint32(4, true) === length % 2 ** 32;
}
