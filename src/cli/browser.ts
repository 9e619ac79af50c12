/**
 * @file Opens a page in the browser: with $BROWSER if set ("none" opens nothing), else with the system's xdg-open, open
 * or start. Without a screen only the path is printed.
 */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import type { Io } from "./io.ts";

/** The program and its arguments; undefined if there is none to try. */
function opener(path: string, env: Io["env"]): readonly [program: string, words: readonly string[]] | undefined {
  const chosen = env.BROWSER ?? "";
  if (chosen === "none") return undefined;
  if (chosen !== "") return [chosen, [path]];
  if (process.platform === "darwin") return ["open", [path]];
  if (process.platform === "win32") return ["cmd", ["/c", "start", '""', path]];
  const hasScreen = (env.DISPLAY ?? "") !== "" || (env.WAYLAND_DISPLAY ?? "") !== "";
  return hasScreen ? ["xdg-open", [path]] : undefined;
}

/** Prints the path and opens it if possible; prints a note if not. */
export async function openPage(file: string, io: Io): Promise<void> {
  const path = resolve(file);
  io.stdout.write(`${path}\n`);
  await openAddress(path, io, "file");
}

/** Opens an address or a path if possible; prints a note if not. */
export async function openAddress(address: string, io: Io, what = "address"): Promise<void> {
  const found = opener(address, io.env);
  if (found === undefined || !(await started(...found)))
    io.stderr.write(`crh: no browser was opened; open that ${what} in one\n`);
}

/** Whether the program started; it is not waited for. */
function started(program: string, words: readonly string[]): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn(program, words, { detached: true, stdio: "ignore" });
    child.on("error", () => done(false));
    child.on("spawn", () => {
      child.unref();
      done(true);
    });
  });
}
