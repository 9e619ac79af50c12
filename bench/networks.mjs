/**
 * @file Seconds of one training step and peak memory of ResNet-18 (full width, batch 64) and GPT (6 layers, 8 heads, width 512,
 * 8 x 256 tokens), ours against PyTorch's (networks.py), two threads each, in processes of their own, in turn.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
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

/** One batch over and over. */
function constantData({ x, target }, K = 1) {
  return {
    inputShape: x.shape,
    target,
    draw(count) {
      if (count !== K) throw new RangeError(`bench: expected calls of ${K} step, got ${count}`);
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

/** Trains in this process and prints one line of JSON. */
async function measure(name, steps) {
  const { network, lr, ...rest } = cases[name]();
  const every = Array.from({ length: steps + 1 }, (_, i) => i + 1);
  const times = [];
  const experiment = {
    network,
    objective: objective("cross-entropy"),
    optimizer: rest.optimizer,
    schedule: () => lr,
    data: constantData(rest),
    evaluation: async () => [],
    evaluationName: "nothing",
  };
  await train(nodeEngine, experiment, {
    steps: steps + 1,
    threads: THREADS,
    milestones: { measure: [], record: every, checkpoint: [] },
    observer: { onProgress: () => times.push(performance.now() / 1000) },
  });
  const seconds = times.slice(1).map((time, i) => time - times[i]);
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(`${JSON.stringify({ seconds: median(seconds), peakMegabytes })}\n`);
}

const median = (values) => values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)];

function child(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? JSON.parse(stdout) : { problem: stderr.trim().split("\n").at(-1) };
}

export function benchNetwork(name, args) {
  const options = { repeats: { type: "string", default: "3" }, steps: { type: "string", default: "5" } };
  const { values } = parseArgs({ args, options });
  const ratios = [];
  for (let i = 0; i < Number(values.repeats); i++) {
    const mine = child(process.execPath, [import.meta.filename, name, values.steps]);
    if (mine.problem !== undefined) throw new Error(`bench: expected a step's time, got ${mine.problem}`);
    const script = join(import.meta.dirname, "networks.py");
    const theirs = child(process.env.CRH_PYTHON ?? "python3", [script, name, values.steps, String(THREADS)]);
    const line = `${name}: ours ${mine.seconds.toFixed(2)} s a step, peak ${mine.peakMegabytes.toFixed(0)} MB`;
    if (theirs.problem !== undefined) {
      process.stdout.write(
        `${line}; PyTorch with torchvision not found: pip install torch torchvision, or set CRH_PYTHON\n`,
      );
      return;
    }
    const ratio = { time: mine.seconds / theirs.seconds, memory: mine.peakMegabytes / theirs.peakMegabytes };
    ratios.push(ratio);
    process.stdout.write(
      `${line}; PyTorch ${theirs.version} ${theirs.seconds.toFixed(2)} s, peak ${theirs.peakMegabytes.toFixed(0)} MB; ` +
        `ours over theirs: time ${ratio.time.toFixed(2)}, memory ${ratio.memory.toFixed(2)}\n`,
    );
  }
  const [time, memory] = ["time", "memory"].map((key) => median(ratios.map((ratio) => ratio[key])).toFixed(2));
  process.stdout.write(`${name}: median of ours over theirs: time ${time}, memory ${memory}\n`);
}

if (process.argv[1] === import.meta.filename) await measure(process.argv[2], Number(process.argv[3]));
