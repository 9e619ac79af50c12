/**
 * @file Steps per second of training, ours against PyTorch's: the same networks, batch, optimizer and data generation, one
 * thread, in turn, so that a busy machine slows both. Says how our time divides: drawing the data, the matrix products alone
 * (a graph of only those), and the rest (activations, update, ONNX Runtime's cost per node).
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildExperiment, GraphBuilder, nodeEngine, train } from "../dist/index.js";

const cases = {
  fc2: { setting: "fc2", widths: [100, 100, 100, 100, 100, 100, 100], batch: 100, teacher: [100, 100] },
  fc1: { setting: "fc1", widths: [100, 100, 100, 100, 100, 1], batch: 100, teacher: [100, 1] },
  mlp: { setting: "mlp", widths: [784, 256, 256, 10], batch: 100 },
};

/** Steps before the clock starts, here as in steps.py: allocation, just-in-time compilation. */
const WARM_UP = 200;

/** A set of random images in the layout of MNIST, so that the bench needs no data. */
function randomImages() {
  const random = (n) => Uint8Array.from({ length: n }, (_, i) => (i * 2654435761) >>> 24);
  const idx = (dims, data) => {
    const head = new DataView(new ArrayBuffer(4 + 4 * dims.length));
    head.setUint32(0, 0x0800 + dims.length);
    dims.forEach((extent, i) => {
      head.setUint32(4 + 4 * i, extent);
    });
    return Buffer.concat([Buffer.from(head.buffer), data]);
  };
  const part = (n) => [
    idx([n, 28, 28], random(n * 784)),
    idx(
      [n],
      Uint8Array.from({ length: n }, (_, i) => i % 10),
    ),
  ];
  const [train, test] = [part(10_000), part(1000)];
  const files = { "train-images": train[0], "train-labels": train[1], "t10k-images": test[0], "t10k-labels": test[1] };
  return { file: (name) => files[name.replace(/[-.]idx\d-ubyte$/, "")] };
}

/** Steps per second of our training loop, and the seconds a step of drawing data. */
async function ours({ setting }, steps) {
  const surroundings = setting === "mlp" ? randomImages() : {};
  const { experiment } = await buildExperiment(setting, { steps: WARM_UP + steps }, surroundings);
  let drawing = 0;
  let begin = 0;
  const draw = experiment.data.draw;
  experiment.data.draw = (K) => {
    const started = performance.now();
    const drawn = draw.call(experiment.data, K);
    drawing += performance.now() - started;
    return drawn;
  };
  await train(nodeEngine, experiment, {
    steps: WARM_UP + steps,
    milestones: { measure: [], record: [WARM_UP], checkpoint: [] },
    observer: {
      onMetrics() {
        begin = performance.now();
        drawing = 0;
      },
    },
  });
  const seconds = (performance.now() - begin) / 1000;
  return { stepsPerSecond: steps / seconds, drawSeconds: drawing / 1000 / steps };
}

/** Seconds a step of the matrix products alone: forward, weight and input gradients, and the teacher's. */
async function productsAlone({ widths, batch, teacher }) {
  const g = new GraphBuilder("products");
  const shapes = new Map();
  const matrix = (rows, cols) => {
    const name = `${rows}x${cols}`;
    if (!shapes.has(name)) shapes.set(name, [rows, cols]) && g.input(name, "float32", [rows, cols]);
    return name;
  };
  let count = 0;
  const product = (m, k, n, transA, transB) => {
    const [A, B] = [transA ? matrix(k, m) : matrix(m, k), transB ? matrix(n, k) : matrix(k, n)];
    g.output(g.op("Gemm", [A, B], { transA: { int: transA }, transB: { int: transB } }, { name: `p${count}` }));
    count++;
  };
  for (let l = 0; l + 1 < widths.length; l++) {
    const [dIn, dOut] = [widths[l], widths[l + 1]];
    product(batch, dIn, dOut, 0, 1);
    product(dOut, batch, dIn, 1, 0);
    if (l > 0) product(batch, dOut, dIn, 0, 0);
  }
  if (teacher !== undefined) {
    product(batch, widths[0], teacher[0], 0, 0);
    product(batch, teacher[0], teacher[1], 0, 0);
  }
  const program = await nodeEngine.compile({ graph: g.build(), opset: 24 }, { optimize: false });
  const feeds = {};
  for (const [name, shape] of shapes) {
    const data = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sin(i));
    feeds[name] = { dtype: "float32", shape, data };
  }
  // Only the last product is fetched; the others run all the same, because the graph is not optimized.
  const last = [program.outputNames.at(-1)];
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 300; i++) {
    const started = performance.now();
    await program.run(feeds, last);
    best = Math.min(best, performance.now() - started);
  }
  await program.dispose();
  return best / 1000;
}

/** Steps per second of PyTorch, or undefined where there is none. */
function torch(name, steps) {
  const python = process.env.CRH_PYTHON ?? "python3";
  const script = join(import.meta.dirname, "steps.py");
  const { status, stdout, stderr } = spawnSync(python, [script, name, String(steps)], { encoding: "utf8" });
  if (status === 0) return JSON.parse(stdout);
  if (/No module named/.test(stderr ?? "")) return undefined;
  if (status === null) return undefined;
  throw new Error(`bench: expected ${script} to print steps per second, got ${stderr.trim().split("\n").at(-1)}`);
}

const median = (values) => values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)];

export async function benchSteps(args) {
  const options = { repeats: { type: "string", default: "5" }, steps: { type: "string", default: "4000" } };
  const { values } = parseArgs({ args, options });
  const [repeats, steps] = [Number(values.repeats), Number(values.steps)];
  const first = torch("fc1", 10);
  const versions = first === undefined ? "PyTorch not found: ours alone" : `PyTorch ${first.version}`;
  process.stdout.write(
    `${versions}, Node ${process.versions.node}, one thread each, ${repeats} x ${steps} steps in turn\n\n`,
  );
  const rows = [["setting", "ours", "PyTorch", "ratio", "spread", "a step: draw", "products", "rest"]];
  for (const [name, parts] of Object.entries(cases)) {
    const count = name === "mlp" ? Math.ceil(steps / 4) : steps;
    const [mine, theirs, ratios, draws] = [[], [], [], []];
    for (let i = 0; i < repeats; i++) {
      process.stderr.write(`${name}: ${i + 1}/${repeats}\n`);
      const run = await ours(parts, count);
      mine.push(run.stepsPerSecond);
      draws.push(run.drawSeconds);
      if (first === undefined) continue;
      theirs.push(torch(name, count).stepsPerSecond);
      ratios.push(mine.at(-1) / theirs.at(-1));
    }
    const [step, draw, products] = [1 / median(mine), median(draws), await productsAlone(parts)];
    const us = (seconds) => `${(seconds * 1e6).toFixed(0)} us`;
    rows.push([
      name,
      `${median(mine).toFixed(0)}/s`,
      theirs.length > 0 ? `${median(theirs).toFixed(0)}/s` : "-",
      ratios.length > 0 ? median(ratios).toFixed(2) : "-",
      ratios.length > 0 ? `${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)}` : "-",
      us(draw),
      us(products),
      us(Math.max(0, step - draw - products)),
    ]);
  }
  const widths = rows[0].map((_, j) => Math.max(...rows.map((row) => row[j].length)));
  for (const row of rows) process.stdout.write(`${row.map((cell, j) => cell.padStart(widths[j])).join("  ")}\n`);
  if (first === undefined)
    process.stdout.write("\nFor the comparison: pip install torch, or set CRH_PYTHON to a Python that has it.\n");
}
