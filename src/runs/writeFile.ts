/**
 * @file Writes files so that a reader never sees a part of one: the bytes go to a temporary file beside the target,
 * which is then renamed. Errors of the file system become one line with the folder and the cure.
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

/** Texts for the errors of the file system, with their cures. */
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
  ENOENT: ["a missing folder", "choose a path that can be created, and do not move a run while it is written"],
  ENAMETOOLONG: ["a name that is too long", "choose a shorter one"],
  EMFILE: ["too many open files", "close other programs or raise `ulimit -n`"],
  EIO: ["a failing disk", "choose a folder on another disk"],
};

/** A write refused by the file system; `code` is the system's error code (ENOSPC, EACCES ..). */
export class WriteError extends Error {
  override readonly name = "WriteError";
  readonly code: string;

  constructor(message: string, code: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Runs `write`, converting errors of the file system into a one-line WriteError.
 *
 * @param where the part of the program that writes; the message begins with it
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
 * @param options.sync wait until bytes and name are on the disk, so that they survive a power cut
 * @throws WriteError if the file system refuses; an existing file is then unchanged
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
 * The target of a link, so that the link is kept. @throws Error if the path is a device or a pipe, which a renamed file
 * would replace
 */
function behindLinks(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile() || found.isDirectory()) return path;
  if (!found.isSymbolicLink())
    throw new Error(`${path}: expected the name of a file to write, got a device or a pipe; choose another name`);
  return existsSync(path) ? realpathSync(path) : resolve(dirname(path), readlinkSync(path));
}

/**
 * Creates a folder and its missing parents, one by one: recursive mkdir does not return where the system reports an
 * existing folder as missing, as under /proc.
 *
 * @throws WriteError if the file system refuses
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

/** Suffix of temporary files. */
export const temporarySuffix = ".writing";

/** Folders that this process has written to and cleared of abandoned files. */
const visited = new Set<string>();

/** Name of this machine, in characters allowed in file names. */
const host = hostname().replace(/[^\w-]/g, "-");

/** The name of a temporary file for a path, in the same folder; it contains machine and process id. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}@${host}${temporarySuffix}`);
}

/**
 * Deletes temporary files whose process has died; those of running processes and of other machines are kept. A folder
 * that cannot be read or changed is left unchanged.
 */
export function dropAbandoned(folder: string): void {
  try {
    for (const name of readdirSync(folder)) {
      const [, pid, machine] = /^\..+\.(\d+)@([\w-]*)\.writing$/.exec(name) ?? [];
      if (pid !== undefined && machine === host && !processRuns(Number(pid)))
        rmSync(join(folder, name), { force: true });
    }
  } catch {
    // reading the run of another user must not require write permission
  }
}

/**
 * Waits until a file's bytes, or a folder's entries, are on the disk (for folders only where the system supports it).
 */
export function syncPath(path: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    return; // Windows cannot open folders
  }
  try {
    fsyncSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EIO") throw error; // others: not supported for this kind of file
  } finally {
    closeSync(descriptor);
  }
}
