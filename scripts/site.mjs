/**
 * @file `npm run site`: builds, and writes the page and the documents as a folder that any web server can host under any
 * path: site/, or the folder behind `--to`.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build, install, root } from "./setup.mjs";

/** Says of a page that no server with runs stands behind it, so that it need not ask. */
const MARK = '<html lang="en" data-static';

const to = targetOf(process.argv.slice(2));
if (existsSync(to) && readdirSync(to).length > 0 && !isSite(to))
  fail(`expected --to to name a new or empty folder, or a site that this made, got ${to}; name another`);
install();
build();
rmSync(to, { recursive: true, force: true });
cpSync(join(root, "dist", "web-page"), to, { recursive: true });
const page = join(to, "index.html");
writeFileSync(page, readFileSync(page, "utf8").replace('<html lang="en"', MARK));
const { files, bytes } = sizeOf(to);
process.stdout.write(`${to}: ${files} files, ${(bytes / 1e6).toFixed(1)} MB\n`);

function targetOf(words) {
  try {
    return resolve(root, parseArgs({ args: words, options: { to: { type: "string", default: "site" } } }).values.to);
  } catch (error) {
    return fail(`expected npm run site -- [--to DIR], got ${words.join(" ")}: ${error.message}`);
  }
}

function isSite(folder) {
  const index = join(folder, "index.html");
  return existsSync(index) && readFileSync(index, "utf8").includes(MARK);
}

function sizeOf(folder) {
  const paths = readdirSync(folder, { recursive: true }).map((name) => statSync(join(folder, name)));
  const ofFiles = paths.filter((stat) => stat.isFile());
  return { files: ofFiles.length, bytes: ofFiles.reduce((sum, { size }) => sum + size, 0) };
}

function fail(text) {
  process.stderr.write(`crh-lab: site: ${text}\n`);
  process.exit(1);
}
