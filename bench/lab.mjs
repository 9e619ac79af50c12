/**
 * @file `npm run bench -- lab`: how large the page is, what the tests in a browser measure (first views, frames, tasks that
 * block), and 200 readers of a run that trains over --minutes (default 1): events lost, delay, memory of the server.
 */
import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { root } from "../scripts/setup.mjs";

const READERS = 200;
/** Milliseconds between the rows of the run, and rows at once. */
const PERIOD = 200;
const ROWS = 10;

export async function benchLab(words) {
  const at = words.indexOf("--minutes");
  const minutes = at < 0 ? 1 : Number(words[at + 1]);
  if (!(minutes > 0)) throw new Error("bench: expected --minutes N, N above 0");
  printSizes();
  await printBrowser();
  await watchServer(minutes);
}

function printSizes() {
  const page = join(root, "dist", "web-page");
  const assets = readdirSync(join(page, "assets")).map((name) => join(page, "assets", name));
  const files = [join(page, "index.html"), join(page, "tips.js"), ...assets];
  const sizes = new Map(files.map((path) => [path, gzipSync(readFileSync(path)).length]));
  const isEngine = (path) => /\.wasm$|[/\\]ort/.test(path);
  const sum = (wanted) => [...sizes].filter(([path]) => wanted(path)).reduce((all, [, size]) => all + size, 0);
  const kB = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;
  console.log(`page, all views, compressed: ${kB(sum((path) => !isEngine(path)))}; engine: ${kB(sum(isEngine))}`);
}

/** Lines that tests of the page print: those that end in a measurement. */
async function printBrowser() {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const child = spawn(process.execPath, [vitest, "run", "test/web"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout }))
    if (/\d+(\.\d+)? (ms|kB|frames)/.test(line) && !/[✓×❯]|Duration|tests?\b.*\|/.test(line)) console.log(line.trim());
}

async function watchServer(minutes) {
  const runs = mkdtempSync(join(tmpdir(), "crh-bench-"));
  const dir = join(runs, "live");
  mkdirSync(dir);
  writeFileSync(join(dir, "run.json"), JSON.stringify(runInfo()));
  writeFileSync(join(dir, "config.json"), '{"setting":"fc2"}');
  writeFileSync(join(dir, "metrics.jsonl"), "");
  const words = [join(root, "dist", "cli", "main.js"), "lab", "--in", runs, "--port", "0", "--no-open"];
  const server = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = await new Promise((resolve) =>
    createInterface({ input: server.stdout }).once("line", (...all) => resolve(all)),
  );
  const readers = Array.from({ length: READERS }, () => new Reader(`${line}api/stream?run=live`));
  const memory = [];
  let step = 0;
  for (const end = Date.now() + 60_000 * minutes; Date.now() < end; await sleep(PERIOD)) {
    const rows = Array.from({ length: ROWS }, () => ({ step: step++, name: "train/loss", value: Date.now() }));
    appendFileSync(join(dir, "metrics.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    memory.push(residentOf(server.pid));
  }
  await sleep(2000);
  const lost = readers.filter(({ next, isWhole }) => next !== step || !isWhole).length;
  const delays = readers.flatMap(({ delays: own }) => own).sort((x, y) => x - y);
  const [early, late] = [0.2, 1].map((share) => memory[Math.ceil(share * memory.length) - 1]);
  console.log(`${READERS} readers, ${step.toLocaleString("en")} rows in ${minutes} min: ${lost} readers missed a row`);
  console.log(
    `delay: ${delays[delays.length >> 1]} ms in the median, ${delays[Math.floor(0.99 * delays.length)]} ms at 99 %`,
  );
  console.log(`memory of the server: ${early} MiB after a fifth of the time, ${late} MiB at the end`);
  for (const reader of readers) reader.close();
  server.kill();
  rmSync(runs, { recursive: true, force: true });
}

/** A reader that keeps nothing but how far it is. */
class Reader {
  next = 0;
  isWhole = true;
  delays = [];

  constructor(url) {
    let rest = "";
    this.request = get(url, { agent: false }, (response) => {
      response.setEncoding("utf8").on("data", (part) => {
        const blocks = (rest + part).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) this.take(block);
      });
    });
    this.request.on("error", () => {});
  }

  take(block) {
    if (!block.includes("event: metrics")) return;
    const data = block.split("\n").find((line) => line.startsWith("data: "));
    for (const { step, value } of JSON.parse(data.slice(6))) {
      this.isWhole &&= step === this.next;
      this.next = step + 1;
      if (step % 100 === 0) this.delays.push(Date.now() - value);
    }
  }

  close() {
    this.request.destroy();
  }
}

function residentOf(pid) {
  const found = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Math.round(Number(found[1]) / 1024);
}

function runInfo() {
  const versions = { crh: "0.1.0", node: process.versions.node, onnxruntime: "none" };
  const now = new Date().toISOString();
  const part = { id: "live", setting: "fc2", status: "running", seed: 0, steps: 1e9, step: 0, argv: ["run", "fc2"] };
  return { schema: "crh-lab/run@1", ...part, pid: process.pid, host: "elsewhere", versions, startedAt: now };
}
