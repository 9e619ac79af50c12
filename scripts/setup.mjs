/**
 * @file What `npm start` and `npm test` do first: install the packages if they are missing or not those of the lock file, and
 * build if a source is newer than its result. Plain JavaScript, because it runs before anything is installed.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { prepareBundle } from "./bundle.mjs";

export const root = join(import.meta.dirname, "..");

/** Runs a program in the repository and ends this process with its exit code if it fails. */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (error !== undefined) fail(`expected to run ${command}, got ${error.message}`);
  if (signal !== null) process.exit(130);
  if (status !== 0) process.exit(status);
}

export function node(args, options) {
  run(process.execPath, args, options);
}

export function install() {
  checkNode();
  installMissing();
  prepareBundle(root);
}

function installMissing() {
  const lock = join(root, "package-lock.json");
  const installed = join(root, "node_modules", ".crh-lock.json");
  if (existsSync(installed) && readFileSync(installed, "utf8") === readFileSync(lock, "utf8")) return;
  say("installing packages");
  run("npm", ["ci", "--no-fund", "--no-audit", "--loglevel=error"], { shell: process.platform === "win32" });
  copyFileSync(lock, installed);
}

export function build() {
  const result = join(root, "dist", ".built");
  const sources = [
    join(root, "src"),
    join(root, "tsconfig.json"),
    join(root, "tsconfig.build.json"),
    join(root, "scripts", "web.mjs"),
  ];
  if (isOlder(sources, result)) {
    buildDocuments();
    return;
  }
  say("building");
  rmSync(join(root, "dist"), { recursive: true, force: true });
  node([join("node_modules", "typescript", "bin", "tsc"), "-p", "tsconfig.build.json"]);
  node([join("scripts", "web.mjs")]);
  copyFileSync(join(root, "package.json"), result);
}

/** Whether every source is older than a result that is there. */
function isOlder(sources, result) {
  return existsSync(result) && sources.every((path) => newest(path) < statSync(result).mtimeMs);
}

/** The documents beside the page, where one has changed since. */
function buildDocuments() {
  const names = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "docs", "examples"];
  const sources = [...names, join("python", "README.md"), join("scripts", "site")].map((name) => join(root, name));
  if (isOlder(sources, join(root, "dist", "web-page", "docs", "docs.css"))) return;
  node([join("scripts", "documents.mjs")]);
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`expected Node 20.19 or newer, got ${process.versions.node}; install a newer one from https://nodejs.org`);
}

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function say(text) {
  process.stderr.write(`crh-lab: ${text}\n`);
}

function fail(text) {
  process.stderr.write(`crh-lab: ${text}\n`);
  process.exit(1);
}
