/**
 * @file Whether the process named in a run.json is still running. Process ids are reused (in a container, often at
 * once), so on Linux the start time is compared too.
 */
import { readFileSync } from "node:fs";

/**
 * Start time of a process in clock ticks since boot, with the boot id; undefined where the system does not provide it.
 */
export function processStart(pid: number): string | undefined {
  const fields = statFields(pid);
  if (fields === undefined) return undefined;
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}:${fields[19]}`;
  } catch {
    return fields[19];
  }
}

/** @param start processStart of the process in question */
export function processRuns(pid: number, start?: string): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false; // EPERM: it runs, under another user
  }
  const state = statFields(pid)?.[0];
  if (state === "Z" || state === "X") return false; // ended, but not yet reaped by its parent
  const now = processStart(pid);
  return start === undefined || now === undefined || start === now;
}

/** The fields of /proc/<pid>/stat from the third (state) on; the second, the program's name, may contain anything. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
