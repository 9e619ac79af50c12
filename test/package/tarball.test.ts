/**
 * @file The package as `npm pack` makes it runs from where it is unpacked, with the engine that is inside it: nothing
 * that it needs of onnxruntime-node comes from a script or from another host.
 */
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TINY } from "../cli/builtProgram.ts";
import { readTar } from "../tar.ts";

const call = promisify(execFile);
const root = resolve(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "crh-package-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
/** Where npm puts it: its own bundle inside, the other packages above. */
const home = join(folder, "node_modules", "crh-lab");
const shell = process.platform === "win32";
let files = new Map<string, Uint8Array>();

/** chosen: what is there now and some room; the registry refuses much larger ones. */
const MAX_BYTES = 100e6;

beforeAll(async () => {
  const { stdout } = await call("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root, shell });
  const found: unknown = JSON.parse(stdout);
  const [{ filename }] = (Array.isArray(found) ? found : Object.values(found as object)) as [{ filename: string }];
  const packed = readFileSync(join(folder, filename));
  expect(packed.length).toBeLessThan(MAX_BYTES);
  files = new Map([...readTar(gunzipSync(packed))].map(([path, bytes]) => [path.replace(/^package\//, ""), bytes]));
  const native = join("node_modules", "onnxruntime-node", "bin", "napi-v6");
  for (const [path, bytes] of files) {
    if (path.startsWith(native) && !path.includes(`${process.platform}/${process.arch}/`)) continue; // of other systems
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), bytes);
  }
  for (const name of readdirSync(join(root, "node_modules")))
    if (!name.startsWith(".") && !existsSync(join(home, "node_modules", name)))
      symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name), "junction");
}, 120_000);

it("holds program, library, licence and the engine for every system; no source, test or script", () => {
  const names = [...files.keys()];
  for (const name of [
    "LICENSE",
    "THIRD-PARTY.md",
    "README.md",
    "dist/cli/main.js",
    "dist/index.d.ts",
    "dist/browser.js",
  ])
    expect(names).toContain(name);
  const own = names.filter((name) => !name.startsWith("node_modules/"));
  expect(own.filter((name) => !/^(dist\/|docs\/|[A-Z-]+(\.(md|cff))?$|package\.json$)/.test(name))).toEqual([]);
  const libraries = names
    .filter((name) => /onnxruntime_binding\.node$/.test(name))
    .map((name) => name.split("/").slice(4, 6).join("/"));
  expect(libraries.sort()).toEqual(["darwin/arm64", "linux/arm64", "linux/x64", "win32/arm64", "win32/x64"]);
});

it("asks npm to run nothing", () => {
  const manifests = [...files].filter(([path]) => /(^|node_modules\/[^/]+\/)package\.json$/.test(path));
  expect(manifests.length).toBeGreaterThan(2);
  for (const [path, bytes] of manifests) {
    const { scripts = {} } = JSON.parse(new TextDecoder().decode(bytes)) as { scripts?: Record<string, string> };
    for (const event of ["preinstall", "install", "postinstall"]) expect(scripts, path).not.toHaveProperty(event);
  }
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: true; inBundle?: true; hasInstallScript?: true }>;
  };
  const others = Object.entries(lock.packages).filter(([, { dev, inBundle }]) => dev !== true && inBundle !== true);
  expect(others.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path)).toEqual([]);
});

it("trains from where it is unpacked", async () => {
  const program = join(home, "dist", "cli", "main.js");
  const words = ["run", "fc2", ...TINY, "--steps", "10", "--quiet", "--out", join(folder, "runs")];
  const { stdout } = await call(process.execPath, [program, ...words], { cwd: folder });
  expect(stdout).toMatch(/10 steps in .*\nbest evaluation.*\nreport: .*report\.html/);
  const bundled = join(home, "node_modules", "onnxruntime-node", "dist", "index.js");
  const where = `import { createRequire } from "node:module"; console.log(createRequire(process.argv[1]).resolve("onnxruntime-node"))`;
  const found = await call(process.execPath, ["--input-type=module", "--eval", where, program], { cwd: folder });
  expect(found.stdout.trim()).toBe(bundled);
});
