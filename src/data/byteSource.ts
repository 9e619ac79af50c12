/**
 * @file Random access to the bytes of a file that need not be in memory. Node has no mmap; the operating system caches
 * frequent reads.
 */

export interface ByteSource {
  readonly size: number;
  /** Bytes from..to-1. @throws Error when the file is shorter than `size` said */
  read(from: number, to: number): Uint8Array;
}

/** A source of bytes in memory. */
export function inMemory(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (from, to) => bytes.subarray(from, to) };
}
