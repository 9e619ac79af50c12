/**
 * @file NumPy's .npz files (np.savez, np.savez_compressed): a zip of .npy members, stored or deflated, read through the
 * central directory (APPNOTE.TXT 4.3 and 4.4). Every size is checked before anything is decompressed, so that a zip
 * bomb is refused. Not read: ZIP64 (files over 4 GiB), encryption, members that are not .npy.
 */
import { quote } from "../formats/quote.ts";
import type { DataArray } from "./array.ts";
import { crc32 } from "./crc32.ts";
import { DEFAULT_MAX_BYTES, inflateRaw } from "./gunzip.ts";
import { decodeNpy } from "./npy.ts";

const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const MAX_COMMENT_BYTES = 65_535;
/** chosen: longest name, which fits an error message. */
const MAX_NAME = 200;
/** deflate's largest expansion: 258 bytes from two bits (zlib technical notes: "1032:1"). */
const MAX_DEFLATE_RATIO = 1032;

export interface NpzOptions {
  /** Largest total decompressed size, in bytes. */
  readonly maxBytes?: number;
  /** Largest number of members. */
  readonly maxEntries?: number;
  /** Name of the file in error messages. */
  readonly where?: string;
  /**
   * Receives the reason, by name, for each member that is not a numeric array (texts, objects) and is left out.
   * Default: such members are an error.
   */
  readonly others?: Map<string, string>;
}

interface Entry {
  readonly name: string;
  readonly deflated: boolean;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly offset: number;
}

/**
 * Reads all arrays of a .npz file.
 *
 * @param bytes the whole file
 * @returns the arrays by name, without the extension ".npy", in the file's order
 * @throws RangeError if the zip is malformed, cut off or damaged (CRC-32), larger than the limits once unpacked,
 *   encrypted, or has duplicate, absolute or upward ("..") names; errors of decodeNpy
 */
export function decodeNpz(
  bytes: Uint8Array,
  { maxBytes = DEFAULT_MAX_BYTES, maxEntries = 4096, where = "npz", others }: NpzOptions = {},
): Map<string, DataArray> {
  const entries = readDirectory(bytes, maxEntries, where);
  checkEntries(entries, bytes.length, maxBytes, where);
  const arrays = new Map<string, DataArray>();
  for (const entry of entries) {
    const member = readMember(bytes, entry, where);
    const name = entry.name.slice(0, -".npy".length);
    try {
      arrays.set(name, decodeNpy(member, `${where}: ${entry.name}`));
    } catch (error) {
      if (others === undefined) throw error;
      others.set(name, (error as Error).message);
    }
  }
  return arrays;
}

function readDirectory(bytes: Uint8Array, maxEntries: number, where: string): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view, where);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count === 0xffff || at === 0xffffffff)
    throw new RangeError(`${where}: expected a zip below 4 GiB, got ZIP64; split the arrays over several files`);
  if (view.getUint32(end + 4, true) !== 0 || view.getUint16(end + 8, true) !== count)
    throw new RangeError(
      `${where}: expected a zip in one part, got one of several; save the arrays again with np.savez`,
    );
  if (count > maxEntries)
    throw new RangeError(
      `${where}: expected at most ${maxEntries} arrays, got ${count}; raise the limit if the source is trusted`,
    );
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > end || view.getUint32(at, true) !== 0x02014b50)
      throw damaged(where, `directory entry ${i + 1}`);
    const next =
      at +
      CENTRAL_BYTES +
      view.getUint16(at + 28, true) +
      view.getUint16(at + 30, true) +
      view.getUint16(at + 32, true);
    if (next > end) throw damaged(where, `directory entry ${i + 1}`);
    entries.push(readEntry(bytes, view, at, where));
    at = next;
  }
  return entries;
}

/** Offset of the end-of-central-directory record, whose comment must end at the end of the file. */
function findEnd(view: DataView, where: string): number {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT_BYTES); at--)
    if (view.getUint32(at, true) === 0x06054b50 && view.getUint16(at + 20, true) === last - at) return at;
  throw new RangeError(
    `${where}: expected the end record of a zip, got none in ${view.byteLength} bytes; copy the .npz file again, it may be cut off`,
  );
}

function readEntry(bytes: Uint8Array, view: DataView, at: number, where: string): Entry {
  const name = memberName(bytes, at + CENTRAL_BYTES, view.getUint16(at + 28, true), where);
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  if (flags & 0x2041)
    // bits 0, 6, 13: encrypted, strongly encrypted, masked directory
    throw new RangeError(`${where}: expected plain members, got ${name} encrypted; save the arrays without a password`);
  if (method !== 0 && method !== 8)
    throw new RangeError(
      `${where}: expected stored or deflated members, got method ${method} in ${name}; save the arrays again with np.savez`,
    );
  const entry = {
    name,
    deflated: method === 8,
    crc: view.getUint32(at + 16, true),
    packedBytes: view.getUint32(at + 20, true),
    bytes: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
  };
  if ([entry.packedBytes, entry.bytes, entry.offset].includes(0xffffffff))
    throw new RangeError(
      `${where}: expected members below 4 GiB, got ZIP64 in ${name}; split the arrays over several files`,
    );
  return entry;
}

/** A member's name, which must be a relative path inside the archive that ends in .npy. */
function memberName(bytes: Uint8Array, start: number, length: number, where: string): string {
  const name = new TextDecoder().decode(bytes.subarray(start, start + length));
  const shown = quote(name, 80);
  // \p{Cc}: control characters, NUL among them
  const leaves =
    /^[/\\]|^[A-Za-z]:|[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name) ||
    name.split("/").some((part) => part === ".." || part === "");
  if (leaves) throw new RangeError(`${where}: expected names inside the archive, got ${shown}; do not trust this file`);
  if (name.length > MAX_NAME)
    throw new RangeError(`${where}: expected names of at most ${MAX_NAME} characters, got ${shown}; rename the arrays`);
  if (!name.endsWith(".npy") || name === ".npy")
    throw new RangeError(`${where}: expected members ending in .npy, got ${shown}; save the arrays with np.savez`);
  return name;
}

/** Refuses duplicate names and too large declared sizes, before anything is decompressed. */
function checkEntries(entries: readonly Entry[], fileBytes: number, maxBytes: number, where: string): void {
  const names = new Set<string>();
  let total = 0;
  let packed = 0;
  for (const { name, deflated, packedBytes, bytes } of entries) {
    if (names.has(name))
      throw new RangeError(`${where}: expected each name once, got ${name} twice; save the arrays again with np.savez`);
    names.add(name);
    total += bytes;
    packed += packedBytes;
    if (deflated ? bytes > MAX_DEFLATE_RATIO * packedBytes : bytes !== packedBytes)
      throw damaged(where, `${name} (${bytes} bytes from ${packedBytes})`);
  }
  if (total > maxBytes)
    throw new RangeError(
      `${where}: expected at most ${maxBytes} bytes unpacked, got ${total} declared; raise the limit if the source is trusted`,
    );
  if (packed > fileBytes) throw damaged(where, `members that overlap (${packed} bytes in a file of ${fileBytes})`);
}

/** The decompressed bytes of one member, whose length and CRC-32 must match the directory. */
function readMember(bytes: Uint8Array, entry: Entry, where: string): Uint8Array {
  const { name, offset } = entry;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (offset + LOCAL_BYTES > bytes.length || view.getUint32(offset, true) !== 0x04034b50) throw damaged(where, name);
  const start = offset + LOCAL_BYTES + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (start + entry.packedBytes > bytes.length) throw damaged(where, name);
  const packed = bytes.subarray(start, start + entry.packedBytes);
  const member = entry.deflated ? inflateRaw(packed, { maxBytes: entry.bytes, where: `${where}: ${name}` }) : packed;
  if (member.length !== entry.bytes || crc32(member) !== entry.crc) throw damaged(where, name);
  return member;
}

function damaged(where: string, what: string): RangeError {
  return new RangeError(`${where}: expected an intact zip, got damage at ${what}; copy the .npz file again`);
}
