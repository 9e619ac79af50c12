/** @file `crh lab`: serves the page of runs until Ctrl-C. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startLab } from "../../lab/lab.ts";
import { captureFolder } from "../../runner/analysis/captures/captureFolder.ts";
import { UsageError } from "../../runner/errors.ts";
import { openAddress } from "../browser.ts";
import type { Io } from "../io.ts";

export interface LabCommandOptions {
  readonly runs: string;
  readonly sweeps: string;
  readonly port: number;
  readonly host?: string;
  readonly open: boolean;
  /** Whether it ends when its input closes, for use beside a command that may be killed. */
  readonly attached?: boolean;
}

/** The folder of runs that is shown, and the first view of the page. */
interface Shown {
  readonly runs: string;
  readonly hash: string;
  /** Folder of captures to be measured as they arrive. */
  readonly captures?: string;
}

/** @throws Error in one line if the port is taken, UsageError if the path is not a folder */
export async function labCommand(folder: string | undefined, options: LabCommandOptions, io: Io): Promise<void> {
  const { sweeps, port, host, open } = options;
  const { runs, hash, captures } = shown(folder, options.runs);
  const lab = await startLab({ runs, sweeps, port, ...(host === undefined ? {} : { host }) });
  io.stdout.write(`${lab.url}${hash}\n`);
  if (open) await openAddress(`${lab.url}${hash}`, io);
  const measuring = captures === undefined ? undefined : measure(captures, runs);
  io.stderr.write("crh lab: Ctrl-C ends it\n");
  const signal = io.interruption();
  await new Promise<void>((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
    if (options.attached === true) process.stdin.once("end", done).resume();
  });
  measuring?.kill("SIGTERM");
  await lab.close();
}

function shown(folder: string | undefined, runs: string): Shown {
  if (folder === undefined) return { runs, hash: "" };
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new UsageError(`crh lab: expected a folder of runs or of captures, got ${folder}, which is neither`);
  const dir = resolve(folder);
  if (existsSync(join(dir, "run.json")))
    return { runs: dirname(dir), hash: `#/run/${encodeURIComponent(basename(dir))}` };
  return captureFolder(dir).captures.length > 0 ? { runs, hash: "", captures: dir } : { runs: dir, hash: "" };
}

/** Measures in another process, so that the page never waits; its messages go where this process's go. */
function measure(captures: string, runs: string): ChildProcess {
  const program = fileURLToPath(new URL("../main.js", import.meta.url));
  const words = [program, "ingest", captures, "--live", "--quiet", "--json", "--runs", runs];
  return spawn(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
}
