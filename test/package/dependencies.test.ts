/**
 * @file What the program and the packages that come with it could reach. Each file that names a module for connections
 * or processes, or one of a browser's ways out, is listed here with why; an upgrade that brings another fails. Names
 * put together at run time are not seen; what the whole does is in offline.test.ts.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..", "..");
const modules = join(root, "node_modules");

/** Modules of Node that connect, resolve names, start programs or reach another process, however they are asked for. */
const MODULES =
  /["'`](?:node:)?(https?|http2|net|tls|dgram|dns|dns\/promises|inspector|inspector\/promises|child_process)["'`]|["'`]node:cluster["'`]/g;
/** What connects, or loads machine code, without a module. */
const GLOBALS =
  /\b(fetch(?=\s*\()|XMLHttpRequest|WebSocket|EventSource|sendBeacon|WebTransport|RTCPeerConnection|importScripts|process\.(?:binding|dlopen))/g;

/** Files as a pattern, what they name, and why that is no way out that nobody asked for. */
type Known = readonly [files: RegExp, names: RegExp, why: string];

const ownFiles: readonly Known[] = [
  [/^disk\/fetch\//, /^(fetch|https?)$/, "crh data get, the one command that uses the network"],
  [/^cli\/browser\.ts$/, /^child_process$/, "--open and crh open start the user's browser on a file"],
  [/^runner\/devices\.ts$/, /^child_process$/, "tries each device in a process of this program's own"],
  [/^runner\/sweeps\/runSweep\.ts$/, /^child_process$/, "starts the workers of a sweep, this program itself"],
  [/^runner\/sweeps\/slurm\/programs\.ts$/, /^child_process$/, "sbatch, squeue and others of Slurm, where asked to"],
  [/^cli\/(labBeside|commands\/lab)\.ts$/, /^child_process$/, "starts this program itself: a lab, crh ingest"],
  [/^lab\/lab\.ts$/, /^net$/, "the type of an address; crh lab listens, on this machine unless told otherwise"],
  [/^web\//, /^(fetch|EventSource)$/, "the page asks the server that it came from, and its policy allows no other"],
  [/^cli\/commands\/doctor\/python\.ts$/, /^child_process$/, "crh doctor asks for the version of Python"],
  [
    /^engineNode\/telemetry\.ts$/,
    /^inspector$/,
    "switches telemetry off in the main thread of this process; opens no port",
  ],
];

const installer = "the installer of CUDA libraries, a script that npm is not asked to run and nothing imports";
const ofPackages: readonly Known[] = [
  [
    /^commander\/lib\/command\.js$|^d3-dsv\/node_modules\/commander\/index\.js$/,
    /^child_process$/,
    "starts a subcommand that is a program of its own; crh has none, and d3-dsv's own programs are not called",
  ],
  [
    /^d3\/dist\/d3(\.min)?\.js$|^d3-fetch\/dist\/d3-fetch(\.min)?\.m?js$/,
    /^fetch$/,
    "d3.csv, d3.json and others fetch an address that they are given; Observable Plot calls none of them",
  ],
  [
    /(^|\/)domutils\/(dist|lib|lib\/esm)\/feeds\.js$|^linkedom\/worker\.js$/,
    /^fetch$/,
    "a function of this name in the file itself, which looks for an element",
  ],
  [
    /^detect-libc\/lib\/detect-libc\.js$/,
    /^child_process$/,
    "asks the system which C library it has, where Node does not say, for DuckDB's library of that one",
  ],
  [
    /^hyparquet\/src\/utils\.js$/,
    /^fetch$/,
    "reads Parquet files from an address that it is given; here such files are written alone",
  ],
  [
    /^@hono\/node-server\/dist\//,
    /^(https?|http2|WebSocket)$/,
    "listens where crh lab does; WebSockets are not upgraded to, and nothing connects",
  ],
  [
    /^hono\/dist\//,
    /^(fetch|https?|http2|net|dns|WebSocket|child_process|EventSource)$/,
    "methods of this name of the application itself, adapters of other platforms, a client; the server and its own helpers are used",
  ],
  [/^global-agent\/dist\//, /^(https?|net|tls)$/, installer],
  [/^onnxruntime-node\/script\/(build|install-utils)\.js$/, /^(child_process|https)$/, installer],
  [/^safer-buffer\/safer\.js$/, /^process\.binding$/, "asks how long a text may be"],
];

/** Names found, by file, of the code in a folder; `skip` are files that are not looked into. */
function namesIn(folder: string, code: RegExp, skip?: RegExp): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const file = path.slice(folder.length + 1).replaceAll("\\", "/");
    if (!entry.isFile() || !code.test(file) || skip?.test(file)) continue;
    const text = readFileSync(path, "utf8");
    const names = new Set(
      [MODULES, GLOBALS].flatMap((pattern) => [...text.matchAll(pattern)].map(([whole, name]) => name ?? whole)),
    );
    if (names.size > 0) found.set(file, [...names].sort());
  }
  return found;
}

/** "file: name" of all that the list does not explain. */
function unexplained(found: ReadonlyMap<string, readonly string[]>, list: readonly Known[]): string[] {
  return [...found].flatMap(([file, names]) =>
    names
      .filter((name) => !list.some(([files, known]) => files.test(file) && known.test(name)))
      .map((name) => `${file}: ${name}`),
  );
}

/** Patterns of a list that explain nothing any more. */
function unused(found: ReadonlyMap<string, readonly string[]>, list: readonly Known[]): string[] {
  return list.filter(([files]) => ![...found.keys()].some((file) => files.test(file))).map(([files]) => String(files));
}

test("own files that connect, or start a program, are those that are known", () => {
  const found = namesIn(join(root, "src"), /\.tsx?$/);
  expect(unexplained(found, ownFiles)).toEqual([]);
  expect(unused(found, ownFiles)).toEqual([]);
});

test("files of dependencies that could connect, or start a program, are those that are known", () => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: true }>;
  };
  const shipped = Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== "" && dev !== true && existsSync(join(root, path)))
    .map(([path]) => path.slice("node_modules/".length));
  expect(shipped.length).toBeGreaterThan(20);
  const found = new Map(
    shipped.flatMap((name) =>
      [...namesIn(join(modules, name), /\.[cm]?js$/, /^node_modules\/|\.test\.js$/)].map(([file, names]) => [
        `${name}/${file}`,
        names,
      ]),
    ),
  );
  expect(unexplained(found, ofPackages)).toEqual([]);
  expect(unused(found, ofPackages)).toEqual([]);
});

test("what the engine loads asks for nothing of its installer", () => {
  const dist = join(modules, "onnxruntime-node", "dist");
  const asked = readdirSync(dist)
    .filter((name) => name.endsWith(".js"))
    .flatMap((name) => [...readFileSync(join(dist, name), "utf8").matchAll(/require\(["'`]([^."'`][^"'`]*)["'`]\)/g)])
    .map(([, name]) => name);
  expect([...new Set(asked)].sort()).toEqual(["onnxruntime-common", "worker_threads"]);
});

/** Hosts of references in descriptions of operators and in messages. */
const REFERENCES = new Set(
  (
    "arxiv.org crbug.com curl.se dawn.googlesource.com developer.apple.com devblogs.nvidia.com docs.microsoft.com docs.nvidia.com docs.rs docs.scipy.org " +
    "en.wikipedia.org github.com gpuweb.github.io huggingface.co ieeexplore.ieee.org issues.chromium.org numpy.org papers.nips.cc pytorch.org " +
    "tinyurl.com www.microsoft.com www.opencompute.org www.tensorflow.org"
  ).split(" "),
);
/** The one that telemetry is sent to, where it is not switched off (src/engine/telemetry.ts). */
const TELEMETRY = "mobile.events.data.microsoft.com";

/** The engine's libraries whose names match. */
function libraries(pattern: RegExp): [file: string, bytes: Buffer][] {
  const bin = join(modules, "onnxruntime-node", "bin");
  const files = readdirSync(bin, { recursive: true, encoding: "utf8" }).filter((file) => pattern.test(file));
  expect(files.length).toBeGreaterThan(0);
  return files.map((file) => [file, readFileSync(join(bin, file))]);
}

test("the engine's libraries for Linux and macOS know one host to connect to, and the variable that keeps them from it", () => {
  for (const [file, bytes] of libraries(/libonnxruntime\.(so\.1|1\.dylib)$/)) {
    expect(
      [...hosts(bytes)].filter((host) => !REFERENCES.has(host)),
      file,
    ).toEqual([TELEMETRY]);
    expect(bytes.includes("ORT_DISABLE_TELEMETRY"), file).toBe(true);
  }
});

test("the engine's builds for browsers know no host to connect to", () => {
  const dist = join(modules, "onnxruntime-web", "dist");
  const threaded = "ort-wasm-simd-threaded";
  for (const [script, wasm] of [
    ["ort.wasm.bundle.min.mjs", `${threaded}.wasm`],
    ["ort.webgpu.bundle.min.mjs", `${threaded}.asyncify.wasm`],
  ] as const) {
    const found = [script, wasm].flatMap((name) => [...hosts(readFileSync(join(dist, name)))]);
    // What several threads need is explained on web.dev.
    expect(found.filter((host) => !REFERENCES.has(host))).toEqual(["web.dev"]);
  }
});

test("DuckDB's library knows the hosts of its extensions, and no other of its maker's", () => {
  const folder = join(modules, "@duckdb");
  if (!existsSync(folder)) return; // an optional package
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /(libduckdb\.(so|dylib)|duckdb\.dll)$/.test(name),
  );
  for (const file of files) {
    const found = [...hosts(readFileSync(join(folder, file)))].filter((host) => /duckdb/.test(host));
    expect(
      found.filter((host) => !/^([a-z-]+\.)?duckdb\.org$/.test(host)),
      file,
    ).toEqual([]);
  }
});

test("the engine's libraries for Windows have no code for a network", () => {
  for (const [file, bytes] of libraries(/onnxruntime\.dll$/))
    for (const name of ["ws2_32.dll", "winhttp.dll", "wininet.dll", "urlmon.dll"])
      expect(
        bytes.includes(name) || bytes.includes(name.toUpperCase()) || bytes.includes(name.replace("w", "W")),
        `${name} of ${file}`,
      ).toBe(false);
});

/** Hosts of all addresses that stand in a file as text. */
function hosts(bytes: Buffer): Set<string> {
  const found = new Set<string>();
  for (let at = bytes.indexOf("://"); at >= 0; at = bytes.indexOf("://", at + 3)) {
    const around = bytes.toString("latin1", Math.max(0, at - 5), at + 80);
    const host = /(?:https?|wss?|ftp):\/\/([a-z0-9-]+(?:\.[a-z0-9-]+)+)/i.exec(around)?.[1];
    if (host !== undefined) found.add(host.toLowerCase());
  }
  return found;
}
