/**
 * @file Token files: 64 bytes of header, then a corpus as 16- or 32-bit integers, little endian. Read by position, so
 * that a corpus need not fit in memory; a window is one read of a few hundred bytes, and the operating system caches
 * pages in use.
 *
 * | bytes | content |
 * | --- | --- |
 * | 0-7 | "crhtoken" |
 * | 8-11, 12-15 | version (1), bytes of a token (2 or 4) |
 * | 16-19, 20-23 | size of the vocabulary, 0 |
 * | 24-31 | number of tokens |
 * | 32-63 | SHA-256 of the source of the tokens |
 */
import { readElements, writeElements } from "./array.ts";
import type { ByteSource } from "./byteSource.ts";
import type { Tokens } from "./tokens.ts";

export const HEADER_BYTES = 64;
const MAGIC = new TextEncoder().encode("crhtoken");
const VERSION = 1;

export interface TokenFileHeader {
  readonly vocabulary: number;
  readonly count: number;
  /** (32) SHA-256 of the text and the tokenizer. */
  readonly source: Uint8Array;
}

/** Uses two bytes per token where the vocabulary allows it. */
function tokenBytes(vocabulary: number): 2 | 4 {
  return vocabulary <= 2 ** 16 ? 2 : 4;
}

export function encodeTokenHeader({ vocabulary, count, source }: TokenFileHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, tokenBytes(vocabulary), true);
  view.setUint32(16, vocabulary, true);
  view.setBigUint64(24, BigInt(count), true);
  bytes.set(source, 32);
  return bytes;
}

/** The bytes of tokens as stored in the file. */
export function encodeTokens(tokens: ArrayLike<number>, vocabulary: number): Uint8Array {
  return writeElements(tokenBytes(vocabulary) === 2 ? Uint16Array.from(tokens) : Uint32Array.from(tokens));
}

/**
 * @throws RangeError in one line if the header is invalid or does not match the file's length, or a token read is
 *   outside the vocabulary
 */
export function openTokenFile(file: ByteSource, where = "token file"): { header: TokenFileHeader; tokens: Tokens } {
  const refuse = (expected: string, got: string): never => {
    throw new RangeError(`${where}: expected ${expected}, got ${got}; delete the file, it will be made again`);
  };
  if (file.size < HEADER_BYTES) refuse(`a header of ${HEADER_BYTES} bytes`, `${file.size} bytes`);
  const bytes = file.read(0, HEADER_BYTES);
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) refuse("a token file", "something else");
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const [version, width, vocabulary] = [8, 12, 16].map((at) => view.getUint32(at, true)) as [number, number, number];
  if (version !== VERSION) refuse(`version ${VERSION}`, `${version}`);
  if (vocabulary < 1 || width !== tokenBytes(vocabulary))
    refuse("2 bytes per token up to 65,536 tokens, 4 above", `${width} bytes for ${vocabulary} tokens`);
  const count = view.getBigUint64(24, true);
  if (count !== BigInt(Math.floor((file.size - HEADER_BYTES) / width)) || (file.size - HEADER_BYTES) % width !== 0)
    refuse(`${count} tokens of ${width} bytes after the header`, `${file.size - HEADER_BYTES} bytes`);
  const read = (from: number, to: number): Uint16Array | Uint32Array => {
    const part = file.read(HEADER_BYTES + from * width, HEADER_BYTES + to * width);
    const values = readElements(part, width === 2 ? "uint16" : "uint32", true) as Uint16Array | Uint32Array;
    for (let i = 0; i < values.length; i++)
      if (values[i]! >= vocabulary) refuse(`tokens 0 to ${vocabulary - 1}`, `${values[i]} at ${from + i}`);
    return values;
  };
  const header = { vocabulary, count: Number(count), source: bytes.slice(32, HEADER_BYTES) };
  return { header, tokens: { length: header.count, read } };
}
