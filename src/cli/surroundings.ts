/** @file The folder of data that a setting reads, as the command line names it. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Surroundings } from "../settings/setting.ts";
import { readBytes } from "./readBytes.ts";

/** Files of the data folder. @throws Error in one line when the folder is not there */
export function surroundings(data: string | null): Surroundings {
  if (data === null) return {};
  if (!existsSync(data) || !statSync(data).isDirectory())
    throw new Error(
      `run: expected a folder of data, got "${data}", which is ${existsSync(data) ? "a file" : "not there"}; check --data`,
    );
  return {
    file: (name) => {
      const path = join(data, name);
      return existsSync(path) ? readBytes(path) : undefined;
    },
  };
}
