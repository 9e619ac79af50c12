/** @file Run folders of strangers: one file of a folder is damaged, then read by the commands that read runs. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Subject } from "./subjects.ts";

/** The program as it is built: bundled, it would take this process for itself. */
const BUILT = pathToFileURL(resolve("dist", "cli", "main.js")).href;

const RAW = /<script>alert|<img src=x/;
const NO_NUMBER = /\b(NaN|undefined|Infinity)\b|\[object /;

/** @param root a folder of whole runs; each file of them that is JSON, lines or a CSV is a subject */
export function runFolders(root: string): Subject[] {
  return readdirSync(root).flatMap((run) => {
    const files = (readdirSync(join(root, run), { recursive: true }) as string[]).filter(
      (file) => /\.(json|jsonl|csv)$|^moments/.test(file) && /\.\w+$/.test(file),
    );
    return files.map((file): Subject => {
      const bytes = new Uint8Array(readFileSync(join(root, run, file)));
      return {
        name: `${run.replace(/.*-(\w+-)\w+$/, "$1")}/${file}`.replaceAll(" ", "_"),
        bytes,
        use: (damaged) => read(join(root, run), file, damaged),
      };
    });
  });
}

/** @throws Error that is no clear line where a command calls the damage a bug, or shows what it must not */
async function read(run: string, file: string, damaged: Uint8Array): Promise<void> {
  const runs = mkdtempSync(join(tmpdir(), "crh-fuzz-run-"));
  try {
    cpSync(run, join(runs, "other"), { recursive: true });
    cpSync(run, join(runs, "damaged"), { recursive: true });
    const path = join(runs, "damaged");
    writeFileSync(join(path, file), damaged);
    await command(["runs", "--in", runs]);
    await command(["explain", path]);
    await command(["report", path, "-o", "-"]);
    await command(["compare", path, join(runs, "other")]);
    await command(["explain", path, "--json"]);
    await command(["resume", path, "--quiet"]);
  } finally {
    rmSync(runs, { recursive: true, force: true });
  }
}

async function command(words: string[]): Promise<void> {
  const written = { out: "", err: "" };
  const stream = (name: "out" | "err") => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const { signal } = new AbortController();
  const { main } = (await import(/* @vite-ignore */ BUILT)) as typeof import("../../src/cli/main.ts");
  const code = await main(words, { stdout: stream("out"), stderr: stream("err"), env: {}, interruption: () => signal });
  const { out, err } = written;
  const complain = (what: string): never => {
    throw new TypeError(`${words.slice(0, 3).join(" ")} ${what}`.replaceAll("\n", " "));
  };
  if (/this is a bug/.test(err)) complain(err.slice(0, 300));
  if (code !== 0 && !/^(resume: .* is finished already\n)?[^\n]+\n$/.test(err)) complain(`said ${err.slice(0, 300)}`);
  const unquoted = out.replace(/="[^"]*"/g, '=""'); // in quotes markup is text; on a terminal processIo takes control sequences out
  const raw = words[0] === "report" ? RAW.exec(unquoted) : null;
  if (raw !== null) complain(`shows raw ${JSON.stringify(around(unquoted, raw.index))}`);
  const visible = out.replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>/g, "");
  const none = NO_NUMBER.exec(visible);
  if (none !== null) complain(`shows ${JSON.stringify(around(visible, none.index))}`);
}

const around = (text: string, at: number) => text.slice(Math.max(0, at - 60), at + 40);
