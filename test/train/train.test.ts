/** @file The training loop: resuming bit for bit, milestones, interruption, divergence, checkpoints. */
import { describe, expect, test } from "vitest";
import type { Engine, Program } from "../../src/engine/engine.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { mlp } from "../../src/networks/mlp.ts";
import { bufferShapes, parameterShapes } from "../../src/networks/network.ts";
import { resnet18 } from "../../src/networks/resnet18.ts";
import { objective } from "../../src/objectives/objective.ts";
import { parseParameters } from "../../src/parameters/parse.ts";
import { Random } from "../../src/random/random.ts";
import { decodeCheckpoint, stepOfCheckpoint } from "../../src/train/checkpoint.ts";
import { DivergedError } from "../../src/train/diverged.ts";
import type { Experiment } from "../../src/train/experiment.ts";
import { finiteSet, rowsOf } from "../../src/train/finiteSet.ts";
import { logSpaced, milestones } from "../../src/train/milestones.ts";
import { optimizer } from "../../src/train/optimizer.ts";
import { schedule } from "../../src/train/schedule.ts";
import { STEP_MODEL } from "../../src/train/stepModel.ts";
import { train } from "../../src/train/train.ts";
import type { Metric, TrainOptions } from "../../src/train/trainOptions.ts";
import { loadedSetting } from "../settings/loadedSettings.ts";

const STEPS = 150;
/** Twenty Adam steps of 0.01 at most, on gradients that differ in the order of their sums. */
const SUMMED = 1e-4;

function fc2(changes: Record<string, unknown> = {}): Experiment {
  const setting = loadedSetting("fc2");
  const small = { depth: 2, width: 12, inputs: 8, outputs: 3, terms: 5, batch: 10, samples: 60, steps: STEPS };
  return setting.build(parseParameters(setting, { ...small, ...changes }) as never, {});
}

/** A finite set of random bytes with Adam, a schedule and shuffling: every kind of state there is. */
function finite(): Experiment {
  const random = new Random(5);
  const n = 73;
  const set = {
    n,
    d: 6,
    x: Uint8Array.from({ length: n * 6 }, () => random.below(256)),
    y: Uint8Array.from({ length: n }, () => random.below(4)),
  };
  const pixels = { mean: 0.5, sd: 0.3 };
  const form = { kind: "index" } as const;
  return {
    network: mlp({ widths: [6, 9, 4], activation: "gelu" }, random.split("network")),
    objective: objective("cross-entropy"),
    optimizer: optimizer({ kind: "adamw", decay: 0.01 }),
    schedule: schedule({ kind: "cosine", lr: 0.01, steps: STEPS, warmup: 10 }),
    data: finiteSet(set, { batch: 8, random: random.split("data"), pixels, form }),
    evaluation: async () => [rowsOf(set, 0, 40, pixels, form), rowsOf(set, 40, n, pixels, form)],
    evaluationName: "all",
  };
}

/** The same in parts, whose gradients are added up. */
const inParts = (): Experiment => ({ ...finite(), parts: 4 });

/** A ResNet, whose running statistics follow training without a gradient. */
function normalized(): Experiment {
  const random = new Random(6);
  const [n, batch, image] = [30, 6, [3, 8, 8]];
  const set = {
    n,
    d: 192,
    x: Uint8Array.from({ length: n * 192 }, () => random.below(256)),
    y: Uint8Array.from({ length: n }, () => random.below(4)),
  };
  const pixels = { mean: 0.5, sd: 0.3 };
  const form = { kind: "index" } as const;
  const rows = finiteSet(set, { batch, random: random.split("data"), pixels, form });
  const measured = (from: number, to: number) => {
    const { x, target } = rowsOf(set, from, to, pixels, form);
    return { x: { ...x, shape: [to - from, ...image] }, target };
  };
  return {
    network: resnet18({ outputs: 4, width: 1 / 16, side: 8 }, random.split("network")),
    objective: objective("cross-entropy"),
    optimizer: optimizer({ kind: "sgd", momentum: 0.9, decay: 5e-4 }),
    schedule: schedule({ kind: "cosine", lr: 0.05, steps: STEPS, warmup: 10 }),
    data: {
      ...rows,
      inputShape: [batch, ...image],
      prepare(g) {
        const { x, target } = rows.prepare(g);
        return { x: g.op("Reshape", [x, g.ints([-1, batch, ...image])]), target };
      },
    },
    evaluation: async () => [measured(0, 15), measured(15, n)],
    evaluationName: "all",
  };
}

/** Trains and keeps everything that came out. */
async function record(experiment: Experiment, options: Partial<TrainOptions> = {}, checkpointEvery = 60) {
  const metrics: Metric[] = [];
  const checkpoints = new Map<number, Uint8Array>();
  const result = await train(nodeEngine, experiment, {
    steps: STEPS,
    milestones: milestones({ steps: STEPS, every: 50, checkpointEvery }),
    observer: {
      onMetrics: (rows) => metrics.push(...rows),
      onCheckpoint: (step, bytes) => checkpoints.set(step, bytes),
    },
    ...options,
  });
  return { metrics, checkpoints, result, parameters: [...result.parameters.values()].map(({ data }) => data) };
}

describe.each([
  ["online teacher", fc2],
  ["online teacher with noise", () => fc2({ noise: 0.1 })],
  ["finite set", finite],
  ["batches in parts", inParts],
] as const)("%s", (_, make) => {
  test("a run resumed from any of its checkpoints equals the unbroken run bit for bit", async () => {
    const whole = await record(make());
    expect([...whole.checkpoints.keys()]).toEqual([0, 60, 120, 150]);
    for (const step of [0, 60, 120]) {
      const resumed = await record(make(), { resume: whole.checkpoints.get(step)! });
      expect(resumed.metrics).toEqual(whole.metrics.filter((row) => row.step > step));
      expect(resumed.parameters).toEqual(whole.parameters);
      expect(resumed.checkpoints.get(150)).toEqual(whole.checkpoints.get(150));
    }
  });

  test("checkpoints by the clock fall between calls: they change no number, and the run goes on from each bit for bit", async () => {
    const whole = await record(make());
    const clocked = await record(make(), { checkpointMinutes: 1e-9 }); // after every call
    expect(clocked.metrics).toEqual(whole.metrics);
    expect(clocked.parameters).toEqual(whole.parameters);
    expect(clocked.checkpoints.get(150)).toEqual(whole.checkpoints.get(150));
    const extra = [...clocked.checkpoints.keys()].filter((step) => !whole.checkpoints.has(step));
    expect(extra.length).toBeGreaterThan(5);
    for (const step of [extra[0]!, extra.at(-1)!]) {
      const resumed = await record(make(), { resume: clocked.checkpoints.get(step)! });
      expect(resumed.metrics).toEqual(whole.metrics.filter((row) => row.step > step));
      expect(resumed.checkpoints.get(150)).toEqual(whole.checkpoints.get(150));
    }
    expect([...(await record(make(), { checkpointMinutes: 60 })).checkpoints.keys()]).toEqual([0, 60, 120, 150]);
  });

  test("a run stopped by its signal goes on from the checkpoint it leaves, bit for bit", async () => {
    const whole = await record(make());
    const controller = new AbortController();
    const checkpoints = new Map<number, Uint8Array>();
    const stopped = await record(make(), {
      signal: controller.signal,
      observer: {
        onProgress: (step) => {
          if (step > 70) controller.abort();
        },
        onCheckpoint: (step, bytes) => checkpoints.set(step, bytes),
      },
    });
    expect(stopped.result.step).toBeGreaterThan(70);
    expect(stopped.result.step).toBeLessThan(STEPS);
    const resumed = await record(make(), { resume: checkpoints.get(stopped.result.step)! });
    expect(resumed.metrics).toEqual(whole.metrics.filter((row) => row.step > stopped.result.step));
    expect(resumed.parameters).toEqual(whole.parameters);
  });
});

test.each([
  ["whole batches", normalized],
  ["batches in parts", () => ({ ...normalized(), parts: 3 })],
])("%s: running statistics of a resumed run equal those of the unbroken one bit for bit", async (_, make) => {
  const stops = { steps: 9, milestones: { measure: [], record: [3, 9], checkpoint: [0, 4, 9] } };
  const whole = await record(make(), stops);
  expect([...whole.checkpoints.keys()]).toEqual([0, 4, 9]);
  const network = normalized().network;
  const shapes = { parameters: parameterShapes(network), states: ["momentum"], buffers: bufferShapes(network) };
  const statistics = (step: number) => [...decodeCheckpoint(whole.checkpoints.get(step)!, shapes).buffers!.values()];
  expect(statistics(4).length).toBe(40);
  statistics(4).forEach((tensor, i) => {
    expect(tensor.data).not.toEqual(statistics(9)[i]!.data);
  });
  for (const step of [0, 4]) {
    const resumed = await record(make(), { ...stops, resume: whole.checkpoints.get(step)! });
    expect(resumed.metrics).toEqual(whole.metrics.filter((row) => row.step > step));
    expect(resumed.checkpoints.get(9)).toEqual(whole.checkpoints.get(9));
  }
});

test("a batch taken in parts has the gradient of the whole", async () => {
  const [whole, parts] = [await record(finite(), { steps: 20 }), await record(inParts(), { steps: 20 })];
  const flat = ({ parameters }: typeof whole) => parameters.flatMap((data) => [...(data as Float32Array)]);
  const expected = flat(whole);
  const moved = await record(finite(), { steps: 19 });
  expect(Math.max(...flat(moved).map((value, i) => Math.abs(value - expected[i]!)))).toBeGreaterThan(1e-3);
  flat(parts).forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThan(SUMMED);
  });
});

test("a batch that cannot be taken in parts is refused in one line", async () => {
  await expect(record({ ...finite(), parts: 3 })).rejects.toThrow(/divides the batch of 8, got 3$/);
  const { network } = normalized();
  const mixing = { ...normalized(), network: { ...network, independentSamples: false }, parts: 2 };
  await expect(record(mixing)).rejects.toThrow(/samples depend on each other; leave parts out$/);
  const contrastive = { ...normalized(), objective: objective("nt-xent"), parts: 2 };
  await expect(record(contrastive)).rejects.toThrow(
    /the nt-xent loss compares all samples of a batch; leave parts out$/,
  );
});

test("a large network's step and what measures it never hold memory at the same time", async () => {
  const network = mlp({ widths: [6, 1100, 1100, 4], activation: "relu" }, new Random(5));
  const holding = { step: new Set<Program>(), measuring: new Set<Program>() };
  const order: string[] = [];
  const engine: Engine = {
    name: "watched",
    async compile(model, options) {
      const program = await nodeEngine.compile(model, options);
      const isStep = program.inputNames.includes(STEP_MODEL.coefficients);
      const [own, others] = isStep ? [holding.step, holding.measuring] : [holding.measuring, holding.step];
      return {
        ...program,
        run(feeds, fetch) {
          expect(others.size).toBe(0);
          own.add(program);
          order.push(isStep ? "step" : "measuring");
          return program.run(feeds, fetch);
        },
        dispose() {
          own.delete(program);
          return program.dispose();
        },
      };
    },
  };
  await train(
    engine,
    { ...finite(), network, largestSide: 16, callSteps: 1 },
    {
      steps: 3,
      milestones: { measure: [0, 2, 3], record: [], checkpoint: [] },
    },
  );
  const runs = order.slice(order.lastIndexOf("measuring", order.indexOf("step")) - 1);
  expect(runs).toEqual([
    "measuring",
    "measuring",
    "step",
    "step",
    "measuring",
    "measuring",
    "step",
    "measuring",
    "measuring",
  ]);
});

test("same seed, same bytes; another seed, other bytes", async () => {
  const [one, two, other] = [await record(fc2()), await record(fc2()), await record(fc2({ seed: 1 }))];
  expect(two.checkpoints).toEqual(one.checkpoints);
  expect(other.parameters).not.toEqual(one.parameters);
});

test("two matrices with one gradient decay each by itself", async () => {
  const experiment = fc2({ depth: 1, momentum: 0, decay: 0.1, lr: 0.5, steps: 1 });
  const { graph, parameters } = experiment.network;
  // The first map's weight becomes the sum of two parameters, both with the gradient of the sum.
  const first = graph.nodes[0]!;
  const W = graph.initializers.get("layers.0.weight")!;
  const other = { ...W, data: (W.data as Float32Array).map((value) => 0.5 - value) };
  const sum = {
    op: "Add",
    domain: "",
    name: "",
    inputs: ["layers.0.weight", "other"],
    outputs: ["sum"],
    attributes: {},
  };
  const nodes = [sum, { ...first, inputs: [first.inputs[0]!, "sum", first.inputs[2]!] }, ...graph.nodes.slice(1)];
  const initializers = new Map([...graph.initializers, ["other", other]]);
  const network = { graph: { ...graph, nodes, initializers }, parameters: [...parameters, "other"] };
  const milestones = { measure: [], record: [], checkpoint: [] };
  const { parameters: trained } = await train(nodeEngine, { ...experiment, network }, { steps: 1, milestones });
  const moved = (name: string, start: Float32Array) =>
    (trained.get(name)!.data as Float32Array).map((value, i) => (value - start[i]! * (1 - 0.5 * 0.1)) / -0.5);
  const [g1, g2] = [moved("layers.0.weight", W.data as Float32Array), moved("other", other.data)];
  g1.forEach((value, i) => {
    expect(value).toBeCloseTo(g2[i]!, 5);
  });
  expect(g1.some((value) => Math.abs(value) > 1e-4)).toBe(true);
});

test("a loss that is not finite stops the run with the step, the last good checkpoint and advice", async () => {
  const failure = await record(fc2({ lr: 1000 }), {}, 1).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DivergedError);
  const { step, checkpoint, message } = failure as DivergedError;
  expect(step).toBeGreaterThan(checkpoint!);
  expect(message).toMatch(
    /expected a finite loss, got (NaN|Infinity) at step \d+; the checkpoint of step \d+ is good; lower lr/,
  );
});

describe("checkpoints", () => {
  const shapes = (experiment: Experiment) => ({
    parameters: new Map(
      experiment.network.parameters.map((name) => [name, experiment.network.graph.initializers.get(name)!.shape]),
    ),
    states: experiment.optimizer.states,
  });

  test("of another network or optimizer are refused with what was expected", async () => {
    const { checkpoints } = await record(fc2());
    const bytes = checkpoints.get(60)!;
    expect(stepOfCheckpoint(bytes)).toBe(60);
    expect(() => decodeCheckpoint(bytes, shapes(fc2({ width: 13 })))).toThrow(
      /expected parameters\/layers.0.weight as F32 \(13, 8\), got F32 \(12, 8\)/,
    );
    expect(() => decodeCheckpoint(bytes, shapes(fc2({ optimizer: "adam" })))).toThrow(/expected optimizer\/mean/);
  });

  test("cut anywhere are refused in one line", async () => {
    const { checkpoints } = await record(fc2());
    const bytes = checkpoints.get(60)!;
    for (const length of [0, 5, 8, 100, bytes.length - 1])
      expect(() => stepOfCheckpoint(bytes.slice(0, length))).toThrow(/^[^\n]+$/);
  });
});

describe("milestones", () => {
  test("log spacing begins with 0 and 1, ends with the last step, and rises", () => {
    for (const steps of [1, 2, 7, 1000, 100_000]) {
      const list = logSpaced(steps, 30);
      expect(list[0]).toBe(0);
      expect(list[1]).toBe(1);
      expect(list.at(-1)).toBe(steps);
      expect(list).toEqual([...new Set(list)].sort((a, b) => a - b));
    }
  });

  test("every k steps includes both ends", () => {
    expect(milestones({ steps: 10, every: 4 }).measure).toEqual([0, 4, 8, 10]);
  });
});
