/**
 * @file Opens a page in the browser: by $BROWSER where it is set (none opens nothing), else by what each system has for
 * it, xdg-open, open or start. Where there is no screen the path is all there is.
 */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import type { Io } from "./io.ts";

/** The program and its words; undefined where there is none to try. */
function opener(path: string, env: Io["env"]): readonly [program: string, words: readonly string[]] | undefined {
  const chosen = env.BROWSER ?? "";
  if (chosen === "none") return undefined;
  if (chosen !== "") return [chosen, [path]];
  if (process.platform === "darwin") return ["open", [path]];
  if (process.platform === "win32") return ["cmd", ["/c", "start", '""', path]];
  const hasScreen = (env.DISPLAY ?? "") !== "" || (env.WAYLAND_DISPLAY ?? "") !== "";
  return hasScreen ? ["xdg-open", [path]] : undefined;
}

/** Prints the path, and opens it where that is possible; says so where it is not. */
export async function openPage(file: string, io: Io): Promise<void> {
  const path = resolve(file);
  io.stdout.write(`${path}\n`);
  await openAddress(path, io, "file");
}

/** Opens an address or a path where that is possible; says so where it is not. */
export async function openAddress(address: string, io: Io, what = "address"): Promise<void> {
  const found = opener(address, io.env);
  if (found === undefined || !(await started(...found)))
    io.stderr.write(`crh: no browser was opened; open that ${what} in one\n`);
}

/** Whether the program began; it goes on by itself. */
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
