/**
 * @file A text file as pieces of documents, read a megabyte at a time: memory holds one piece, in the worst case (no
 * line ends) one document. Documents are separated by "<|endoftext|>".
 */
import type { ByteSource } from "./byteSource.ts";

/** Separator of documents. */
export const END_OF_TEXT = "<|endoftext|>";

const MARKER = new TextEncoder().encode(END_OF_TEXT);
/** chosen: bytes of text in one piece. */
const PIECE_BYTES = 2 ** 20;
/** chosen: well below V8's longest string. */
const MAX_BYTES = 2 ** 28;

export interface TextPiece {
  readonly text: string;
  /** Whether the document ends here, at a separator. */
  readonly ends: boolean;
}

/**
 * @param where name of the file in error messages
 * @throws RangeError in one line, with the position of the byte, if the file is not UTF-8
 */
export function* textPieces(source: ByteSource, where: string, pieceBytes = PIECE_BYTES): Generator<TextPiece> {
  let pending = new Uint8Array(0);
  let offset = 0; // of the first pending byte
  let searched = 0; // pending bytes known to contain neither a separator nor, beyond pieceBytes, a safe end
  for (let at = 0; at < source.size || pending.length > 0; ) {
    // doubling: O(n) copies
    const chunk = source.read(at, Math.min(source.size, at + Math.max(pieceBytes, pending.length)));
    pending = joined(pending, chunk);
    at += chunk.length;
    const last = at >= source.size;
    for (;;) {
      const marker = indexOfMarker(pending, Math.max(0, searched - MARKER.length));
      const safe = marker >= 0 ? -1 : safeEnd(pending, Math.max(pieceBytes, searched));
      const end = marker >= 0 ? marker : safe < pending.length ? safe : last ? pending.length : -1;
      if (end < 0) {
        if (pending.length > MAX_BYTES)
          throw new RangeError(
            `${where}: expected an end of line within ${MAX_BYTES} bytes, got none from byte ${offset} on; break the text into lines`,
          );
        searched = pending.length;
        break;
      }
      yield { text: utf8(pending.subarray(0, end), offset, where), ends: marker >= 0 };
      const used = marker >= 0 ? end + MARKER.length : end;
      pending = pending.subarray(used);
      offset += used;
      searched = 0;
      if (pending.length === 0) break;
    }
    if (last && pending.length === 0) return;
  }
}

/**
 * The first position from `at` on that no token of any tokenizer here spans: before a line feed that follows a visible
 * character. (A token has white space only at its start, or consists of it; the tokens of a run of white space depend
 * on what follows.)
 */
export function safeEnd(bytes: Uint8Array, at: number): number {
  for (let i = Math.max(1, at); i < bytes.length; i++) {
    const before = bytes[i - 1]!;
    if (bytes[i] === 0x0a && before > 0x20 && before < 0x7f) return i;
  }
  return bytes.length;
}

function indexOfMarker(bytes: Uint8Array, from: number): number {
  for (let i = bytes.indexOf(MARKER[0]!, from); i >= 0; i = bytes.indexOf(MARKER[0]!, i + 1))
    if (MARKER.every((byte, k) => bytes[i + k] === byte)) return i;
  return -1;
}

function joined(first: Uint8Array<ArrayBuffer>, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function utf8(bytes: Uint8Array, offset: number, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new RangeError(
      `${where}: expected text in UTF-8, got something else at byte ${offset + firstWrong(bytes)}; convert the file (iconv -t utf-8)`,
      { cause },
    );
  }
}

/**
 * Position of the first byte up to which the bytes are no valid beginning of UTF-8, by bisection; the number of bytes
 * if the last character is incomplete.
 */
function firstWrong(bytes: Uint8Array): number {
  const begins = (length: number): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  if (begins(bytes.length)) return bytes.length;
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (begins(middle)) good = middle;
    else bad = middle;
  }
  return bad - 1;
}
