/** @file Reads a file that the user named. */
import { existsSync, readFileSync, statSync } from "node:fs";

/**
 * @throws Error with the path, also where the system's error lacks it (for a folder), for the one line of errors.ts
 */
export function readBytes(path: string): Uint8Array {
  try {
    // Checked before opening, because a pipe would wait for a writer, and a device may never end.
    const found = statSync(path);
    if (!found.isFile() && !found.isDirectory())
      throw new Error(`${path}: expected a file of bytes, got a device or a pipe; write its content to a file first`);
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_FS_FILE_TOO_LARGE")
      throw new Error(`crh: expected a file of at most 2 GiB, got the larger ${path}; split it`, { cause: error });
    throw Object.assign(error as Error, { path });
  }
}

/** The file's bytes, or undefined if it does not exist. */
export function readIfThere(path: string): Uint8Array | undefined {
  return existsSync(path) ? readBytes(path) : undefined;
}
