/** @file The header of a safetensors file, read without its tensors, which may be gigabytes. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { safetensorsSize } from "../formats/safetensors.ts";

export interface SafetensorsHead {
  /** The file's bytes up to the end of its header, or fewer where it is shorter. */
  readonly bytes: Uint8Array;
  /** Whether the file has all bytes that its header declares. */
  readonly isWhole: boolean;
}

/** Bytes of the length field before the header. */
const PREFIX = 8;
/** Longest header accepted (`formats/safetensors.ts`). */
const LONGEST = 100_000_000;

/** @throws Error of the file system if the file cannot be read */
export function safetensorsHead(path: string): SafetensorsHead {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const prefix = readBytes(file, Math.min(PREFIX, size));
    if (prefix.length < PREFIX) return { bytes: prefix, isWhole: false };
    const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
    const bytes = readBytes(file, Math.min(size, PREFIX + Math.min(LONGEST, length)));
    return { bytes, isWhole: safetensorsSize(bytes) === size };
  } finally {
    closeSync(file);
  }
}

/** The first bytes of an open file. */
function readBytes(file: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let read = 0;
  for (let more = -1; more !== 0 && read < count; read += more) more = readSync(file, bytes, read, count - read, read);
  return bytes.subarray(0, read);
}
