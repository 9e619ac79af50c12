/**
 * @file Finds the optional folder of real data and reference cases that some tests read: the environment variable
 * CRH_SHARED, or `../shared` beside the repository. A test that needs a missing folder says so in one line and is
 * skipped.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const root = process.env.CRH_SHARED ?? resolve(import.meta.dirname, "..", "..", "shared");

/** Absolute path of `relative` inside the shared folder, or undefined (with one line on stderr) where it is absent. */
export function sharedPath(relative: string): string | undefined {
  const path = join(root, relative);
  if (existsSync(path)) return path;
  process.stderr.write(`skipped: tests that need ${relative} (set CRH_SHARED to the folder that holds it)\n`);
  return undefined;
}
