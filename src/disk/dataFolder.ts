/** @file The data folder or file of a setting, as named on the command line. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DataFolder } from "../settings/setting.ts";
import { fileSource } from "./fileSource.ts";
import { readBytes } from "./readBytes.ts";
import { keptTokens } from "./tokenCache.ts";

/** The files of the data folder, or the one file. @throws Error in one line if it is missing */
export function dataFolder(data: string | null): DataFolder {
  const folder = (path: string): DataFolder => dataFolder(path);
  if (data === null) return { folder };
  const refusal = (what: string) =>
    new Error(`run: expected a folder of data, got "${data}", which is ${what}; check --data`);
  if (!existsSync(data)) throw refusal("not there");
  const single = !statSync(data).isDirectory();
  const root = single ? dirname(data) : data;
  return {
    file: (name) => {
      if (single) throw refusal("a file");
      const path = join(root, name);
      return existsSync(path) ? readBytes(path) : undefined;
    },
    list: () => (single ? [basename(data)] : filesBelow(root)),
    open: (name) => fileSource(join(root, name)),
    tokens: (files, tokenizer) => keptTokens(files, tokenizer),
    folder,
  };
}

function filesBelow(root: string): string[] {
  const names = readdirSync(root, { recursive: true }) as string[];
  return names.filter((name) => statSync(join(root, name), { throwIfNoEntry: false })?.isFile() === true).toSorted();
}
