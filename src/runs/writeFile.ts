/**
 * @file Writing files so that a reader never meets half of one: the bytes go to a temporary file beside the target,
 * which is then renamed over it. What the file system refuses becomes one line that names the folder and the cure.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { processRuns } from "./processRuns.ts";

/** Why the file system refuses, in words, and what to do about it. */
const refusals: Readonly<Record<string, readonly [found: string, cure: string]>> = {
  ENOSPC: ["a full disk", "free some space; everything written before is kept, so a run can be resumed"],
  EDQUOT: ["a used-up disk quota", "free some space; everything written before is kept, so a run can be resumed"],
  EFBIG: [
    "a limit on the size of files",
    "raise it (`ulimit -f`); everything written before is kept, so a run can be resumed",
  ],
  EACCES: ["no permission to write", "choose another folder or change its permissions"],
  EPERM: ["no permission to write", "choose another folder or change its permissions"],
  EROFS: ["a read-only file system", "choose another folder"],
  ENOTDIR: ["a file where a folder should be", "choose another folder"],
  EEXIST: ["a file where a folder should be", "choose another folder"],
  EISDIR: ["a folder where a file should be", "choose another name"],
  ENOENT: [
    "a folder that is not there",
    "choose one that can be made, and leave a run where it is while it is written",
  ],
  ENAMETOOLONG: ["a name that is too long", "choose a shorter one"],
  EMFILE: ["too many open files", "close other programs or raise `ulimit -n`"],
  EIO: ["a failing disk", "choose a folder on another disk"],
};

/** What the file system refused to write; `code` is the system's name for it (ENOSPC, EACCES ..). */
export class WriteError extends Error {
  override readonly name = "WriteError";
  readonly code: string;

  constructor(message: string, code: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Does `write`, turning what the file system refuses into a WriteError of one line.
 *
 * @param where the part of the program that writes, which the message starts with
 * @param folder the folder that the message names
 */
export function writing<T>(where: string, folder: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const refusal = code === undefined ? undefined : refusals[code];
    if (code === undefined || refusal === undefined) throw error;
    throw new WriteError(
      `${where}: expected a writable folder ${folder}, got ${refusal[0]} (${code}); ${refusal[1]}`,
      code,
      error,
    );
  }
}

/**
 * Writes a whole file as temporary file + rename.
 *
 * @param options.sync wait until the bytes and the new name are on the disk, so that they outlive a power cut
 * @throws WriteError when the file system refuses; the old file, if there was one, is then still whole
 */
export function writeWhole(path: string, data: string | Uint8Array, options: { sync?: boolean; where?: string } = {}) {
  const { sync = false, where = "runs" } = options;
  const target = behindLinks(path);
  if (target !== path) {
    writeWhole(target, data, options);
    return;
  }
  const folder = dirname(path);
  const temporary = temporaryBeside(path);
  if (!visited.has(folder)) dropAbandoned(folder);
  visited.add(folder);
  writing(where, folder, () => {
    try {
      writeFileSync(temporary, data, { flush: sync });
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    if (sync) syncPath(folder);
  });
}

/**
 * Where a link leads, which stays one. @throws Error where the path is a device or a pipe: a file renamed over it would
 * replace it
 */
function behindLinks(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile() || found.isDirectory()) return path;
  if (!found.isSymbolicLink())
    throw new Error(`${path}: expected the name of a file to write, got a device or a pipe; choose another name`);
  return existsSync(path) ? realpathSync(path) : resolve(dirname(path), readlinkSync(path));
}

/**
 * Makes a folder and those above it that are missing. One at a time: mkdir with `recursive` never returns where the
 * system says of a folder that is there that it is not, as below /proc.
 *
 * @throws WriteError when the file system refuses
 */
export function makeFolder(folder: string, where = "runs"): void {
  writing(where, folder, () => makeMissing(resolve(folder)));
}

function makeMissing(folder: string): void {
  if (existsSync(folder) && statSync(folder).isDirectory()) return;
  if (dirname(folder) !== folder) makeMissing(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === "EEXIST" && statSync(folder).isDirectory();
    if (!exists) throw error; // otherwise another process was faster
  }
}

/** End of the name of every temporary file. */
export const temporarySuffix = ".writing";

/** Folders that this process has written to, whose abandoned files are gone. */
const visited = new Set<string>();

/** This machine, in letters that a file name may have. */
const host = hostname().replace(/[^\w-]/g, "-");

/** The name of a temporary file for a path, in the same folder: it says which process of which machine writes it. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}@${host}${temporarySuffix}`);
}

/**
 * Deletes the temporary files of a folder whose process has died; those of living processes and of other machines stay.
 * A folder that cannot be read or changed is left as it is.
 */
export function dropAbandoned(folder: string): void {
  try {
    for (const name of readdirSync(folder)) {
      const [, pid, machine] = /^\..+\.(\d+)@([\w-]*)\.writing$/.exec(name) ?? [];
      if (pid !== undefined && machine === host && !processRuns(Number(pid)))
        rmSync(join(folder, name), { force: true });
    }
  } catch {
    // reading a run of others must not need the right to write
  }
}

/** Waits until a file's bytes, or a folder's entries, are on the disk (where the system can do that for folders). */
export function syncPath(path: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    return; // Windows opens no folders
  }
  try {
    fsyncSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EIO") throw error; // others: not supported for this kind of file
  } finally {
    closeSync(descriptor);
  }
}
