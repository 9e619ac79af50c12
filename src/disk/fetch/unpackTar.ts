/**
 * @file Extracts chosen files from a .tar.gz. File names come from the caller, never from the archive, so that no path
 * can lead outside; links, devices and all other members are skipped.
 */
import { closeSync, createReadStream, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join, posix } from "node:path";
import { createGunzip } from "node:zlib";
import { temporaryBeside } from "../../runs/writeFile.ts";

const BLOCK = 512;

export interface UnpackOptions {
  /** Paths in the archive; each is written under its base name. */
  readonly members: readonly string[];
  /** Most bytes of one member, and of everything decompressed. */
  readonly maxBytes: number;
}

/**
 * Writes the members into an existing folder, all or none.
 *
 * @throws Error in one line if the archive is damaged, truncated, too large or lacks a member
 */
export async function unpackTar(archive: string, folder: string, { members, maxBytes }: UnpackOptions): Promise<void> {
  const temporary = (name: string) => temporaryBeside(join(folder, posix.basename(name)));
  const refuse = (what: string): Error =>
    new Error(`data get: expected a whole archive ${archive}, got ${what}; delete it and try again`);
  const written = new Set<string>();
  let handle: number | undefined;
  try {
    const reader = new BlockReader(archive, maxBytes, refuse);
    for (let header = await reader.block(); header !== undefined && header[0] !== 0; header = await reader.block()) {
      const { name, size, type } = readHeader(header, refuse);
      const wanted = (type === "0" || type === "\0") && members.includes(name) && !written.has(name);
      if (wanted) {
        handle = openSync(temporary(name), "w");
        written.add(name);
      }
      for (let left = size; left > 0; left -= BLOCK) {
        const block = await reader.block();
        if (block === undefined) throw refuse("an end within a file");
        if (wanted) writeSync(handle!, block, 0, Math.min(left, BLOCK));
      }
      if (wanted) closeSync(handle!);
      handle = undefined;
    }
    const missing = members.find((name) => !written.has(name));
    if (missing !== undefined) throw refuse(`none of the name ${missing}`);
    for (const name of members) renameSync(temporary(name), join(folder, posix.basename(name)));
  } finally {
    if (handle !== undefined) closeSync(handle);
    for (const name of written) rmSync(temporary(name), { force: true });
  }
}

function readHeader(block: Uint8Array, refuse: (what: string) => Error): { name: string; size: number; type: string } {
  const text = (from: number, length: number): string => {
    const field = Buffer.from(block.subarray(from, from + length)).toString("latin1");
    return field.includes("\0") ? field.slice(0, field.indexOf("\0")) : field;
  };
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  const size = text(124, 12).trim();
  if (Number.parseInt(text(148, 8), 8) !== sum || !/^[0-7]{1,12}$/.test(size)) throw refuse("a damaged entry");
  const folder = text(257, 5) === "ustar" ? text(345, 155) : "";
  const name = `${folder === "" ? "" : `${folder}/`}${text(0, 100)}`;
  return { name, size: Number.parseInt(size, 8), type: String.fromCharCode(block[156]!) };
}

/** The decompressed archive in blocks of 512 bytes, up to the allowed size. */
class BlockReader {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #refuse: (what: string) => Error;
  readonly #most: number;
  #pending: Buffer = Buffer.alloc(0);
  #read = 0;

  constructor(path: string, most: number, refuse: (what: string) => Error) {
    const file = createReadStream(path);
    const gunzip = createGunzip({ chunkSize: 2 ** 18 });
    file.on("error", (error) => gunzip.destroy(error));
    this.#chunks = file.pipe(gunzip)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#most = most;
    this.#refuse = refuse;
  }

  async block(): Promise<Uint8Array | undefined> {
    while (this.#pending.length < BLOCK) {
      const next = await this.#chunks.next().catch((cause: Error) => {
        throw Object.assign(this.#refuse(`damage (${cause.message})`), { cause });
      });
      if (next.done === true) return undefined;
      this.#read += next.value.length;
      if (this.#read > this.#most) throw this.#refuse(`more than ${this.#most} bytes unpacked`);
      this.#pending = this.#pending.length === 0 ? next.value : Buffer.concat([this.#pending, next.value]);
    }
    const block = this.#pending.subarray(0, BLOCK);
    this.#pending = this.#pending.subarray(BLOCK);
    return block;
  }
}
