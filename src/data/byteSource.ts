/**
 * @file Bytes of a file that need not be in memory: read from a place on. Node has no mmap; the system keeps what is
 * read often.
 */

export interface ByteSource {
  readonly size: number;
  /** Bytes from..to-1. @throws Error when the file is shorter than `size` said */
  read(from: number, to: number): Uint8Array;
}

/** Bytes that are in memory. */
export function inMemory(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (from, to) => bytes.subarray(from, to) };
}
