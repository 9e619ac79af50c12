/** @file Writes the documents as web pages (scripts/site) beside the page of the lab, into dist/web-page/docs. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runnerImport } from "vite";
import { root } from "./setup.mjs";

/** src/ must be compiled */
export async function writeDocuments() {
  const { module } = await runnerImport(join(root, "scripts", "site", "site.ts"), {
    configFile: false,
    logLevel: "warn",
  });
  const folder = join(root, "dist", "web-page", "docs");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of module.documents(root)) writeFileSync(join(folder, name), text);
}

if (process.argv[1] === import.meta.filename) await writeDocuments();
