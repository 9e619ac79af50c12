/**
 * @file Damaged files of every kind end in a clear one-line error or in a result, each within seconds and in bounded
 * memory, and no file ends the process. They are read in a child process, which is watched. CRH_FUZZ=10000 runs more
 * than the default; CRH_FUZZ_SEED another sequence. A failure is repeated with the command that it prints.
 */
import { execFileSync, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtEntry } from "../builtEntry.ts";
import { TINY } from "../cli/builtProgram.ts";
import { sharedPath } from "../shared.ts";

/**
 * The demands: 5 s of the processor and 1 GB for one file. The watcher waits longer, for a machine that is busy
 * otherwise.
 */
const MAX_SECONDS = 5;
const MAX_MEGABYTES = 1024;
const PATIENCE_SECONDS = 20;
/** chosen: what Node itself may use of it. */
const HEAP_MEGABYTES = 512;

const cases = Number(process.env.CRH_FUZZ ?? 1000);
const seed = process.env.CRH_FUZZ_SEED ?? "1";
/** Shares of the cases; models take some 20 ms each, arrays less than one, commands up to a second. */
const shares = {
  onnx: 0.25,
  npy: 0.25,
  npz: 0.25,
  safetensors: 0.25,
  run: 0.03,
  capture: 0.03,
  analysis: 0.03,
} as const;

const root = resolve(import.meta.dirname, "..", "..");
/** Inside node_modules, so that the child finds the packages. */
const folder = join(root, "node_modules", ".crh-fuzz", String(process.pid));
const program = join(folder, "child.mjs");
/** Whole runs, to be damaged. */
const runs = join(folder, "runs");
const shared = sharedPath(".") ?? "-";

interface Outcome {
  readonly ended: number;
  readonly results: number;
  readonly slowest: number;
  readonly megabytes: number;
  /** One line each. */
  readonly faults: readonly string[];
}

beforeAll(async () => {
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    build: {
      ssr: "test/fuzz/child.ts",
      outDir: folder,
      minify: false,
      rolldownOptions: { output: { entryFileNames: "child.mjs" } },
    },
  });
  const crh = fileURLToPath(builtEntry("cli/main.js"));
  for (const words of [["fc2", ...TINY], ["twopoint", "width=16"], ["factorization"]])
    execFileSync(process.execPath, [crh, "run", ...words, "--steps", "20", "--every", "20", "--quiet", "--out", runs]);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs cases from..to-1, going on behind one that ends the process. */
async function fuzz(kind: string, to: number): Promise<Outcome> {
  const faults: string[] = [];
  let [ended, results, slowest, megabytes] = [0, 0, 0, 0];
  for (let from = 0; from < to; ) {
    const args = [`--max-old-space-size=${HEAP_MEGABYTES}`, program, shared, seed, kind, String(from), String(to)];
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, CRH_FUZZ_RUNS: runs },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let at = from;
    let hung = false;
    const kill = () => {
      hung = true;
      child.kill("SIGKILL");
    };
    let timer = setTimeout(kill, 1000 * PATIENCE_SECONDS);
    const exit = new Promise<string>((done) => child.on("close", (code, signal) => done(signal ?? String(code))));
    for await (const line of createInterface({ input: child.stdout })) {
      clearTimeout(timer);
      timer = setTimeout(kill, 1000 * PATIENCE_SECONDS);
      const [word, index, ...rest] = line.split(" ");
      if (word === "start") at = Number(index);
      if (word !== "end") continue;
      const [ms, rss, outcome] = [Number(rest[0]), Number(rest[1]), rest.slice(2).join(" ")];
      ended++;
      if (outcome === "result") results++;
      if (outcome.startsWith("unclear")) faults.push(`${kind} ${index}: ${outcome}`);
      if (ms > 1000 * MAX_SECONDS) faults.push(`${kind} ${index}: took ${ms} ms (${outcome})`);
      if (rss > MAX_MEGABYTES && megabytes <= MAX_MEGABYTES) faults.push(`${kind} ${index}: ${rss} MB (${outcome})`);
      slowest = Math.max(slowest, ms);
      megabytes = Math.max(megabytes, rss);
      at = Number(index) + 1;
    }
    clearTimeout(timer);
    const code = await exit;
    if (code === "0") break;
    faults.push(`${kind} ${at}: ${hung ? "did not end" : `ended the process (${code})`}`);
    from = at + 1;
  }
  return { ended, results, slowest, megabytes, faults };
}

describe(`damaged files (${cases} cases, seed ${seed})`, () => {
  for (const [kind, share] of Object.entries(shares))
    test(
      `${kind}: a clear line or a result, each within ${MAX_SECONDS} s and ${MAX_MEGABYTES} MB`,
      async () => {
        const count = Math.ceil(cases * share);
        const { ended, results, slowest, megabytes, faults } = await fuzz(kind, count);
        process.stderr.write(
          `${kind}: ${ended} files, ${results} still readable, slowest ${slowest} ms, at most ${megabytes} MB\n`,
        );
        expect(faults.join("\n")).toBe("");
        expect(ended).toBe(count);
      },
      60_000 + 200 * cases,
    );
});
