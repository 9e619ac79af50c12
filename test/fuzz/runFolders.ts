/**
 * @file Run folders of strangers: one file of a folder is damaged or gone, then read by the commands that read runs.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Complaint, checkPage, command } from "./commands.ts";
import { hostileTexts, mutateJson } from "./mutateJson.ts";
import { mutateSafetensors } from "./mutateTensors.ts";
import type { Subject } from "./subjects.ts";

/** @param root a folder of whole runs; each file of them that a command reads is a subject */
export function runFolders(root: string): Subject[] {
  return readdirSync(root).flatMap((run) => {
    const files = (readdirSync(join(root, run), { recursive: true }) as string[]).filter((file) =>
      /\.(json|jsonl|csv|safetensors)$/.test(file),
    );
    return files.map((file): Subject => {
      const tensors = file.endsWith("safetensors");
      return {
        name: `${run.replace(/^[\d-]*(.*)-\w+$/, "$1")}/${file}`.replaceAll(" ", "_"),
        bytes: new Uint8Array(readFileSync(join(root, run, file))),
        structural: (bytes, random) =>
          random.below(20) === 0 ? new Uint8Array() : (tensors ? mutateSafetensors : mutateJson)(bytes, random),
        ...(!tensors && { hostile: hostileTexts }),
        use: (damaged) => read(join(root, run), file, damaged),
      };
    });
  });
}

/** No bytes stand for a file that is gone. */
async function read(run: string, file: string, damaged: Uint8Array): Promise<void> {
  const runs = mkdtempSync(join(tmpdir(), "crh-fuzz-run-"));
  try {
    cpSync(run, join(runs, "other"), { recursive: true });
    cpSync(run, join(runs, "damaged"), { recursive: true });
    const path = join(runs, "damaged");
    rmSync(join(path, file));
    if (damaged.length > 0) writeFileSync(join(path, file), damaged);
    await command(["runs", "--in", runs]);
    await command(["runs", "--in", runs, "--json"]);
    await command(["explain", path]);
    await command(["explain", path, "--json"]);
    await command(["explain", path, "layers.0"]);
    await command(["report", path, "-o", "-"]);
    await command(["compare", path, join(runs, "other")]);
    await command(["compare", join(runs, "other"), path, "--json"]);
    if (file.startsWith("moments")) {
      await command(["ingest", join(path, file), "--no-save"]);
      await command(["ingest", join(path, file), join(runs, "other", file), "--json", "--no-save"]);
    }
    if (file.startsWith("records") || file.startsWith("snapshots")) {
      await command(["report", path, "--figures"]);
      checkFigures(join(path, "figures"));
    }
    rmSync(join(path, "report.html"), { force: true });
    await command(["open", path]);
    if (/^(run|config|metrics)|^checkpoints/.test(file)) await command(["resume", path, "--from", "18", "--quiet"]);
    await command(["resume", path, "--quiet"]);
  } finally {
    rmSync(runs, { recursive: true, force: true });
  }
}

/** No figure is written outside its folder, and none holds markup of others. */
function checkFigures(folder: string): void {
  let files: string[] = [];
  try {
    files = readdirSync(folder);
  } catch {
    return; // refused
  }
  for (const file of files.filter((name) => name.endsWith(".svg")))
    checkPage(readFileSync(join(folder, file), "utf8"), (what) => {
      throw new Complaint(`${dirname(folder)}: ${file} ${what}`);
    });
}
