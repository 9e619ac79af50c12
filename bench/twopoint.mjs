/**
 * @file The two-point experiment, ours against PyTorch's and SciPy's (twopoint.py), in turn: steps per second of 20 layers of 500 with
 * the distances of all layers recorded at every step, on one thread and on two; and seconds of a fit of 3,000 points, which SciPy
 * does as the authors' code does (--repeats N --steps N).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildExperiment, fitTwoPoint, nodeEngine, Random, train, twoPointTheory } from "../dist/index.js";

const WARM_UP = 20;
const median = (values) => values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)];

/** Steps per second of our training loop with every step looked at. */
async function ours(steps, threads) {
  const { experiment } = await buildExperiment("twopoint", { steps: WARM_UP + steps, followEvery: 1 });
  let [begin, looks] = [0, 0];
  await train(nodeEngine, experiment, {
    steps: WARM_UP + steps,
    threads,
    milestones: { measure: [], record: [WARM_UP], checkpoint: [] },
    observer: {
      onMetrics() {
        begin = performance.now();
      },
      onFollowed(rows) {
        looks += rows.length;
      },
    },
  });
  if (looks !== WARM_UP + steps + 1) throw new Error(`bench: expected a look at each step, got ${looks}`);
  return (1000 * steps) / (performance.now() - begin);
}

/** What twopoint.py says, or undefined where Python lacks a package. */
function theirs(...args) {
  const script = join(import.meta.dirname, "twopoint.py");
  const { status, stdout, stderr } = spawnSync(process.env.CRH_PYTHON ?? "python3", [script, ...args.map(String)], {
    encoding: "utf8",
  });
  if (status === 0) return JSON.parse(stdout);
  if (status === null || /No module named/.test(stderr ?? "")) return undefined;
  throw new Error(`bench: expected ${script} to print JSON, got ${stderr.trim().split("\n").at(-1)}`);
}

/** A solution at 3,000 steps with 1 % of noise. */
function planted() {
  const [constants, start] = [
    { dx2: 1, dy2: 0.5, etaH: 0.0014, etaY: 0.082 },
    { dh2: 1.2e-3, dy2: 1e-5, w: 1e-5 - Math.sqrt(0.5e-5) },
  ];
  const step = Array.from({ length: 3000 }, (_, i) => i);
  const exact = twoPointTheory(constants, start, step);
  const random = new Random(0);
  const noisy = (values) => Array.from(values, (value, i) => (i === 0 ? value : value * (1 + 0.01 * random.normal())));
  return {
    constants,
    trajectory: { layer: "0", step, dh2: noisy(exact.dh2), dy2: noisy(exact.dy2), w: noisy(exact.w) },
  };
}

export async function benchTwopoint(args) {
  const options = { repeats: { type: "string", default: "3" }, steps: { type: "string", default: "300" } };
  const { values } = parseArgs({ args, options });
  const [repeats, steps] = [Number(values.repeats), Number(values.steps)];
  const say = (line) => process.stdout.write(`${line}\n`);
  const found = theirs("steps", 1, 1);
  say(
    found === undefined ? "PyTorch not found: ours alone" : `PyTorch ${found.version}, Node ${process.versions.node}`,
  );
  for (const threads of [1, 2]) {
    const [mine, others] = [[], []];
    for (let i = 0; i < repeats; i++) {
      mine.push(await ours(steps, threads));
      if (found !== undefined) others.push(theirs("steps", steps, threads).stepsPerSecond);
    }
    const ratios = others.map((other, i) => mine[i] / other);
    const beside =
      found === undefined ? "" : `, PyTorch ${median(others).toFixed(0)}, ratio ${median(ratios).toFixed(2)}`;
    say(`steps a second on ${threads} thread${threads > 1 ? "s" : ""}: ours ${median(mine).toFixed(0)}${beside}`);
  }
  const { constants, trajectory } = planted();
  const seconds = [];
  let fitted;
  for (let i = 0; i < Math.max(3, repeats); i++) {
    const begin = performance.now();
    fitted = fitTwoPoint(trajectory, constants);
    seconds.push((performance.now() - begin) / 1000);
  }
  say(
    `a fit of 3,000 points: ours ${median(seconds).toFixed(2)} s (etaH ${fitted.etaH.value.toPrecision(4)}, etaY ${fitted.etaY.value.toPrecision(4)})`,
  );
  const folder = mkdtempSync(join(tmpdir(), "crh-bench-"));
  try {
    const { step, dh2, dy2, w } = trajectory;
    const file = join(folder, "planted.csv");
    writeFileSync(file, `t,H,Y,w\n${step.map((t, i) => [t, dh2[i], dy2[i], w[i]].join()).join("\n")}\n`);
    const other = theirs("fit", file);
    if (other === undefined) return say("SciPy not found");
    say(
      `                       SciPy ${other.seconds.toFixed(2)} s (etaH ${other.etaH.toPrecision(4)}, etaY ${other.etaY.toPrecision(4)})`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
