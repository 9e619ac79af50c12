/** @file Checks the output files of a command before it starts work. */
import { lstatSync, realpathSync } from "node:fs";
import { resolve } from "node:path";

/**
 * @param outputs files to write; undefined where none was requested
 * @param inputs files to read
 * @throws Error in one line if an output is an input, a device or a pipe
 */
export function checkOutputs(outputs: readonly (string | undefined)[], inputs: readonly (string | undefined)[]): void {
  const real = (path: string): string => {
    try {
      return realpathSync(path);
    } catch {
      return resolve(path);
    }
  };
  const read = new Set(inputs.flatMap((input) => (input === undefined ? [] : [real(input)])));
  for (const path of outputs) {
    if (path === undefined) continue;
    if (read.has(real(path)))
      throw new Error(`${path}: expected the name of a file to write, got one that is read; choose another name`);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found && !found.isFile() && !found.isDirectory() && !found.isSymbolicLink())
      throw new Error(`${path}: expected the name of a file to write, got a device or a pipe; choose another name`);
  }
}
