/**
 * @file Text as token indices. A tokenizer has a vocabulary; `encodeText` applies it to a file piece by piece, so that
 * memory holds only the file and the requested tokens, without a second copy of the text.
 */

import { safeEnd } from "./textPieces.ts";

export interface Tokenizer {
  readonly name: string;
  /** Number of tokens; indices are 0 to size - 1. */
  readonly size: number;
  /** Token between two documents. */
  readonly endOfText?: number;
  /** The files it was made from, if any; tokenizers made from equal files are equal. */
  readonly origin?: readonly Uint8Array[];
  encode(text: string): Int32Array;
  /** The text of tokens; invalid UTF-8 becomes U+FFFD. */
  decode(tokens: ArrayLike<number>): string;
}

/** Each byte of the UTF-8 text is a token, 0 to 255. */
export const byteTokenizer: Tokenizer = {
  name: "bytes",
  size: 256,
  endOfText: 0, // texts do not contain this character
  encode: (text) => Int32Array.from(new TextEncoder().encode(text)),
  decode: (tokens) => new TextDecoder().decode(Uint8Array.from(tokens)),
};

/** chosen: bytes of text in one piece; a piece grows until it meets a safe end. */
const PIECE_BYTES = 2 ** 20;

export interface EncodeOptions {
  /** Stops after this many tokens. Default: the whole text. */
  readonly maxTokens?: number;
  /** Name of the file in error messages. */
  readonly where?: string;
}

/**
 * Tokens of a text file.
 *
 * @param bytes UTF-8; a byte-order mark counts as text
 * @returns at most maxTokens tokens, equal to those of the whole text
 * @throws RangeError in one line if the file is not UTF-8 or empty
 */
export function encodeText(
  bytes: Uint8Array,
  tokenizer: Tokenizer,
  { maxTokens = Number.POSITIVE_INFINITY, where = "text" }: EncodeOptions = {},
): Int32Array {
  if (bytes.length === 0) throw new RangeError(`${where}: expected text, got an empty file; check the file`);
  const pieces: Int32Array[] = [];
  let count = 0;
  for (let start = 0; start < bytes.length && count < maxTokens; ) {
    const end = safeEnd(bytes, start + PIECE_BYTES);
    const tokens = tokenizer.encode(utf8(bytes, start, end, where));
    pieces.push(count + tokens.length > maxTokens ? tokens.subarray(0, maxTokens - count) : tokens);
    count += pieces.at(-1)!.length;
    start = end;
  }
  const all = new Int32Array(count);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function utf8(bytes: Uint8Array, start: number, end: number, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(start, end));
  } catch (cause) {
    throw new RangeError(
      `${where}: expected text in UTF-8, got other bytes between ${start} and ${end}; convert the file (iconv -t utf-8)`,
      { cause },
    );
  }
}
