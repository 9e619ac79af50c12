/**
 * @file Checks of Node and the machine: versions, threads, memory, a folder to write runs to.
 */
import { existsSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { formatBytes } from "../../../formats/quantities.ts";
import { crhVersion } from "../../../runner/versions.ts";
import { writing } from "../../../runs/writeFile.ts";
import type { Check } from "./check.ts";

/** "engines" of package.json. */
const LEAST_NODE = [20, 19] as const;
/** chosen: fc2 with its report needs about 0.5 GB of memory; its run folder about 50 MB. */
const ENOUGH_MEMORY = 1e9;
const ENOUGH_DISK = 5e8;

export function checkCrh(): Check {
  return { name: "crh", status: "ok", found: crhVersion() };
}

export function checkNode(version: string = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const found = `${version} (${process.platform} ${process.arch})`;
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]))
    return { name: "Node", status: "ok", found };
  return {
    name: "Node",
    status: "failed",
    found,
    cure: `get version ${LEAST_NODE.join(".")} or later: https://nodejs.org`,
  };
}

export function checkThreads(): Check {
  return {
    name: "threads",
    status: "ok",
    found: `${availableParallelism()} (--threads; crh run --help shows how many are used)`,
  };
}

export function checkMemory(free: number = process.availableMemory()): Check {
  const found = `${formatBytes(free)} free of ${formatBytes(Math.max(free, totalmem()))}`;
  if (free >= ENOUGH_MEMORY) return { name: "memory", status: "ok", found };
  return {
    name: "memory",
    status: "missing",
    found,
    cure: "close other programs: 1 GB is enough for the small settings",
  };
}

/**
 * Writes a small file into the folder of the runs, or into its nearest existing parent, and removes it.
 */
export function checkRunsFolder(root: string): Check {
  const name = "runs folder";
  let folder = resolve(root);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const probe = join(folder, `.crh-doctor-${process.pid}`);
  try {
    writing("doctor", folder, () => {
      writeFileSync(probe, "crh");
      rmSync(probe);
    });
    const { bavail, bsize } = statfsSync(folder);
    const found = `${resolve(root)}${folder === resolve(root) ? "" : " (does not exist yet)"}: ${formatBytes(bavail * bsize)} free`;
    if (bavail * bsize >= ENOUGH_DISK) return { name, status: "ok", found };
    return { name, status: "missing", found, cure: "free some space or choose another folder with --out" };
  } catch (error) {
    return { name, status: "failed", found: (error as Error).message, cure: "choose another folder with --out" };
  }
}
