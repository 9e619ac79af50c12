/**
 * @file Runs the built program (dist/cli/main.js, which `npm test` builds first) as a user would, in a folder of its
 * own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect } from "vitest";

const repository = resolve(import.meta.dirname, "..", "..");
const main = join(repository, "dist", "cli", "main.js");

/** Parameters of fc1 and fc2 that make a run of 400 steps take less than a second. */
export const TINY = ["depth=2", "width=12", "inputs=8", "outputs=3", "terms=5", "batch=10", "samples=60"];

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Workplace {
  readonly dir: string;
  /** Runs `crh` to its end. */
  crh(...args: string[]): Promise<Ended>;
  /** The same with something going wrong (faults.mjs). */
  faulty(fault: string, ...args: string[]): Promise<Ended>;
  faultyOn(host: string | undefined, fault: string, ...args: string[]): Promise<Ended>;
  startFaulty(fault: string, ...args: string[]): Started;
  /** @param host a name that the machine has for the program alone */
  start(args: readonly string[], env?: Record<string, string>, host?: string): Started;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** A fresh folder as the program's working directory, deleted after the tests of the file. */
export function workplace(): Workplace {
  if (!existsSync(main)) throw new Error(`test: expected the built program ${main}, got none; npm run build makes it`);
  const dir = mkdtempSync(join(tmpdir(), "crh-program-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const start: Workplace["start"] = (args, env = {}, host) => {
    const command = [process.execPath, main, ...args];
    const [first, ...rest] =
      host === undefined
        ? command
        : ["unshare", "--uts", "sh", "-c", `hostname ${host} && exec "$@"`, "sh", ...command];
    const child = spawn(first!, rest, {
      cwd: dir,
      env: { ...process.env, NODE_OPTIONS: "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = new Promise<Ended>((done, failed) => {
      let [out, err] = ["", ""];
      child.stdout!.setEncoding("utf8").on("data", (text: string) => {
        out += text;
      });
      child.stderr!.setEncoding("utf8").on("data", (text: string) => {
        err += text;
      });
      child.on("error", failed);
      child.on("close", (code, signal) => done({ code, signal, out, err }));
    });
    return { child, ended };
  };
  const faults = `--import=${new URL("faults.mjs", import.meta.url).href}`;
  const startFaulty = (fault: string, args: readonly string[], host?: string): Started =>
    start(args, { NODE_OPTIONS: faults, CRH_FAULT: fault, CRH_FAULT_COUNT: join(dir, "count") }, host);
  const faultyOn: Workplace["faultyOn"] = (host, fault, ...args) => startFaulty(fault, args, host).ended;
  return {
    ...{ dir, start, faultyOn },
    startFaulty: (fault, ...args) => startFaulty(fault, args),
    crh: (...args) => start(args).ended,
    faulty: (fault, ...args) => faultyOn(undefined, fault, ...args),
  };
}

/** A refusal: nothing on stdout and exactly one line on stderr, which is not called a bug. */
export function expectOneLine({ code, out, err }: Ended, exitCode: number, line: RegExp): void {
  expect(out).toBe("");
  expect(err).toMatch(/^[^\n]+\n$/);
  expect(err).toMatch(line);
  expect(err).not.toMatch(/this is a bug|\n\s+at /);
  expect(code).toBe(exitCode);
}

/** The only run of a folder of runs. */
export function onlyRun(root: string): string {
  const names = readdirSync(root);
  expect(names).toHaveLength(1);
  return join(root, names[0]!);
}

/**
 * Every file of a run folder by its path in it; without those that hold times (run.json, report.html) or what was
 * typed.
 */
export function resultsOf(run: string): Map<string, string> {
  const files = readdirSync(run, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  const content = (path: string) =>
    /(run\.json|report\.html)$/.test(path) ? "" : readFileSync(path).toString("base64");
  return new Map(paths.map((path) => [path.slice(run.length + 1), content(path)]));
}

export function readJson(...path: string[]): Record<string, unknown> {
  return JSON.parse(readFileSync(join(...path), "utf8")) as Record<string, unknown>;
}
