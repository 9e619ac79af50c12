/**
 * @file The compiled form of a source that only runs as a program of its own, which these tests cannot start from
 * TypeScript.
 */
import { existsSync } from "node:fs";

/** @param path below dist/ @throws Error in one line where nothing is built */
export function builtEntry(path: string): URL {
  const url = new URL(`../dist/${path}`, import.meta.url);
  if (!existsSync(url)) throw new Error(`tests: expected ${path} in dist/, got nothing there; npm run build`);
  return url;
}
