/**
 * @file Seconds of one training step and peak memory of ResNet-18 (full width, batch 64) and GPT (6 layers, 8 heads, width 512,
 * 8 x 256 tokens), ours against PyTorch's (networks.py), two threads each. Both live in processes of their own and take single
 * steps in turn, so that a slow minute of the machine slows both.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { gpt, nodeEngine, objective, optimizer, Random, resnet18, train } from "../dist/index.js";

const THREADS = 2;
const ramp = (count, below) => BigInt64Array.from({ length: count }, (_, i) => BigInt((i * 7919) % below));
const int64 = (data, shape) => ({ dtype: "int64", shape, data });

const cases = {
  resnet18: () => {
    const x = new Float32Array(64 * 3 * 1024);
    new Random(1).fillNormal(x);
    return {
      network: resnet18({ outputs: 10 }, new Random(0)),
      x: { dtype: "float32", shape: [64, 3, 32, 32], data: x },
      target: int64(ramp(64, 10), [64]),
      optimizer: optimizer({ kind: "sgd", momentum: 0.9, decay: 5e-4 }),
      lr: 0.01,
    };
  },
  gpt: () => ({
    network: gpt({ layers: 6, heads: 8, width: 512, context: 256, vocabulary: 256, tied: false }, new Random(0)),
    x: int64(ramp(2048, 256), [8, 256]),
    target: int64(ramp(2048, 251), [8, 256]),
    optimizer: optimizer({ kind: "adamw", decay: 0.1 }),
    lr: 1e-4,
  }),
};

/** One batch over and over, each drawn when a line comes in. */
function constantData({ x, target }, lines, K = 1) {
  return {
    inputShape: x.shape,
    target,
    async draw(count) {
      if (count !== K) throw new RangeError(`bench: expected calls of ${K} step, got ${count}`);
      await lines.next();
      return { "data/x": { ...x, shape: [1, ...x.shape] }, "data/target": { ...target, shape: [1, ...target.shape] } };
    },
    prepare: (g) => ({
      x: g.input("data/x", x.dtype, ["K", ...x.shape]),
      target: g.input("data/target", "int64", ["K", ...target.shape]),
    }),
    state: () => null,
    restore: () => {},
  };
}

/** Trains in this process: a step for each line that comes in, and then a line of JSON. */
async function answer(name, steps) {
  const { network, lr, ...rest } = cases[name]();
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  let before = 0;
  const report = () => {
    const seconds = performance.now() / 1000 - before;
    const peakMegabytes = process.resourceUsage().maxRSS / 1024;
    process.stdout.write(`${JSON.stringify({ seconds, peakMegabytes })}\n`);
  };
  const go = { next: () => lines.next().then(() => (before = performance.now() / 1000)) };
  await train(
    nodeEngine,
    {
      network,
      objective: objective("cross-entropy"),
      optimizer: rest.optimizer,
      schedule: () => lr,
      data: constantData(rest, go),
      evaluation: async () => [],
      evaluationName: "nothing",
    },
    {
      steps,
      threads: THREADS,
      milestones: { measure: [], record: Array.from({ length: steps }, (_, i) => i + 1), checkpoint: [] },
      observer: { onProgress: report },
    },
  );
}

const median = (values) => values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)];

/** A process that takes a step for each line. */
class Stepper {
  constructor(command, args) {
    this.process = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.errors = "";
    this.process.on("error", (error) => (this.errors = error.message));
    this.process.stderr.on("data", (text) => (this.errors += text));
    this.process.stdin.on("error", () => {});
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  /** What the step took, or undefined when the process has ended. */
  async step() {
    this.process.stdin.write("step\n");
    const { value, done } = await this.lines.next();
    return done ? undefined : JSON.parse(value);
  }

  async end() {
    if (this.process.exitCode === null) {
      this.process.stdin.end();
      await once(this.process, "close");
    }
  }
}

export async function benchNetwork(name, args) {
  const options = { steps: { type: "string", default: "10" } };
  const { values } = parseArgs({ args, options });
  const steps = Number(values.steps) + 1;
  const mine = new Stepper(process.execPath, [import.meta.filename, name, String(steps)]);
  const script = join(import.meta.dirname, "networks.py");
  const theirs = new Stepper(process.env.CRH_PYTHON ?? "python3", [script, name, String(steps), String(THREADS)]);
  const ratios = [];
  let ours = 0;
  let last;
  for (let i = 0; i < steps; i++) {
    const a = await mine.step();
    if (a === undefined) throw new Error(`bench: expected a step's time, got ${mine.errors.trim().split("\n").at(-1)}`);
    const b = await theirs.step();
    if (i === 0) continue; // both prepare memory and kernels in their first step
    last = { a, b };
    ours = a.seconds;
    if (b === undefined) break;
    ratios.push(a.seconds / b.seconds);
    process.stdout.write(
      `${name}: ours ${a.seconds.toFixed(2)} s, PyTorch ${b.seconds.toFixed(2)} s, ratio ${ratios.at(-1).toFixed(2)}\n`,
    );
  }
  await Promise.all([mine.end(), theirs.end()]);
  if (last.b === undefined) {
    process.stdout.write(
      `${name}: ours ${ours.toFixed(2)} s a step, peak ${last.a.peakMegabytes.toFixed(0)} MB; PyTorch not found: pip install torch torchvision, or set CRH_PYTHON\n`,
    );
    return;
  }
  const sorted = ratios.toSorted((x, y) => x - y);
  const { a, b } = last;
  process.stdout.write(
    `${name}: ours over PyTorch ${b.version}: time ${median(ratios).toFixed(2)} (${sorted[0].toFixed(2)} to ${sorted.at(-1).toFixed(2)}), ` +
      `memory ${(a.peakMegabytes / b.peakMegabytes).toFixed(2)} (${a.peakMegabytes.toFixed(0)} and ${b.peakMegabytes.toFixed(0)} MB)\n`,
  );
}

if (process.argv[1] === import.meta.filename) await answer(process.argv[2], Number(process.argv[3]));
