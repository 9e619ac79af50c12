/**
 * @file Cache of the tokens of large texts, in the user's cache folder (XDG_CACHE_HOME or ~/.cache), by the hash of
 * texts and tokenizer.
 */
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { corpusTokens, readCorpus, type TextFile } from "../data/corpus.ts";
import { encodeTokenHeader, encodeTokens, HEADER_BYTES, openTokenFile } from "../data/tokenFile.ts";
import type { Tokenizer } from "../data/tokenizer.ts";
import type { Tokens } from "../data/tokens.ts";
import { dropAbandoned, makeFolder, temporaryBeside, writing } from "../runs/writeFile.ts";
import { fileSource } from "./fileSource.ts";

/** chosen: texts below this size are encoded in memory, which takes seconds. */
export const KEPT_FROM_BYTES = 2 ** 26;
const PIECE_BYTES = 2 ** 20;

export interface CacheOptions {
  readonly from?: number;
  readonly folder?: string;
}

/**
 * Tokens of text files. For more than `from` bytes they are read from a cache file, which is created if missing or
 * damaged.
 *
 * @throws RangeError in one line for invalid texts, WriteError if the cache folder cannot be written
 */
export function keptTokens(
  files: readonly TextFile[],
  tokenizer: Tokenizer,
  { from = KEPT_FROM_BYTES, folder = cacheFolder() }: CacheOptions = {},
): Tokens {
  if (files.reduce((sum, { source }) => sum + source.size, 0) < from) return readCorpus(files, tokenizer);
  const hash = hashOf(files, tokenizer);
  const path = join(folder, `${hash.toString("hex").slice(0, 32)}.tokens`);
  const kept = existsSync(path) ? readKept(path, hash, tokenizer) : undefined;
  if (kept !== undefined) return kept;
  makeFolder(folder, "tokens");
  dropAbandoned(folder);
  writing("tokens", folder, () => writeTokens(path, hash, files, tokenizer));
  return openTokenFile(fileSource(path), path).tokens;
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "crh-lab");
}

/** SHA-256 of the tokenizer, then of each file's name, size and bytes. */
function hashOf(files: readonly TextFile[], tokenizer: Tokenizer): Buffer {
  const hash = createHash("sha256").update(`${tokenizer.name} ${tokenizer.size}\n`);
  for (const bytes of tokenizer.origin ?? []) hash.update(`${bytes.length}\n`).update(bytes);
  for (const { name, source } of files) {
    hash.update(`${name} ${source.size}\n`);
    for (let at = 0; at < source.size; at += PIECE_BYTES)
      hash.update(source.read(at, Math.min(source.size, at + PIECE_BYTES)));
  }
  return hash.digest();
}

/** A cache file that is damaged or of another source is created again. */
function readKept(path: string, hash: Uint8Array, tokenizer: Tokenizer): Tokens | undefined {
  try {
    const { header, tokens } = openTokenFile(fileSource(path), path);
    return header.vocabulary === tokenizer.size && Buffer.compare(header.source, hash) === 0 ? tokens : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Written as temporary file + rename; the header, which holds the count, is written last. */
function writeTokens(path: string, source: Uint8Array, files: readonly TextFile[], tokenizer: Tokenizer): void {
  const temporary = temporaryBeside(path);
  const handle = openSync(temporary, "w");
  try {
    let [at, count] = [HEADER_BYTES, 0];
    for (const piece of corpusTokens(files, tokenizer)) {
      const bytes = encodeTokens(piece, tokenizer.size);
      writeAll(handle, bytes, at);
      at += bytes.length;
      count += piece.length;
    }
    writeAll(handle, encodeTokenHeader({ vocabulary: tokenizer.size, count, source }), 0);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(handle);
  }
}

function writeAll(handle: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at, bytes.length - at, position + at);
}
