/** @file Small runs for tests of the page: trained in this process, or by a program that goes on in the background. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { main } from "../../src/cli/main.ts";
import { builtEntry } from "../builtEntry.ts";
import { testIo } from "../cli/testIo.ts";

const small = ["width=8", "inputs=8", "terms=8", "outputs=8", "samples=120", "depth=2"];

/** Trains fc2 and waits for it. @returns the name of the run */
export async function trainSmall(runs: string, ...options: readonly string[]): Promise<string> {
  const before = namesIn(runs);
  const io = testIo();
  const code = await main(["run", "fc2", ...small, "--runs", runs, "--quiet", ...options], io);
  if (code !== 0) throw new Error(`tests: expected a run, got code ${code}: ${io.err()}`);
  return namesIn(runs).find((name) => !before.includes(name))!;
}

/** Starts fc2 as a program of its own. @returns it, and the name of its run once its folder is there */
export async function startTraining(
  runs: string,
  ...options: readonly string[]
): Promise<{ readonly child: ChildProcess; readonly id: string }> {
  const before = namesIn(runs);
  const program = builtEntry("cli/main.js").pathname;
  const child = spawn(process.execPath, [program, "run", "fc2", ...small, "--runs", runs, "--quiet", ...options], {
    stdio: "ignore",
  });
  for (;;) {
    const id = namesIn(runs).find((name) => !before.includes(name));
    if (id !== undefined) return { child, id };
    if (child.exitCode !== null) throw new Error(`tests: expected a run that trains, got exit code ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function namesIn(runs: string): string[] {
  return readdirSync(runs).filter((name) => existsSync(join(runs, name, "run.json")));
}
