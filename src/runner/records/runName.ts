/** @file How messages name a run so that the command they advise finds it. */
import { resolve } from "node:path";
import type { RunFolder } from "../../runs/runFolder.ts";

/** Where runs are written and looked for unless --runs says otherwise. */
export const RUNS = "runs";

/** The argument of `crh resume`: the run's name in the default folder, else its path. */
export function runName({ dir }: RunFolder, id: string): string {
  if (resolve(RUNS, id) === dir) return id;
  return /^[\w./:\\-]+$/.test(dir) ? dir : `"${dir}"`;
}
