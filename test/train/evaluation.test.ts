/**
 * @file Evaluation passes: beside the measurements, on what the setting holds out, in the evaluation form, changing no
 * other number.
 */
import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { objective } from "../../src/objectives/objective.ts";
import { GraphBuilder } from "../../src/onnx/graphBuilder.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { TARGET } from "../../src/probe/feeds.ts";
import { Random } from "../../src/random/random.ts";
import { decodeCheckpoint } from "../../src/train/checkpoint.ts";
import type { Experiment } from "../../src/train/experiment.ts";
import { finiteSet, rowsOf } from "../../src/train/finiteSet.ts";
import { milestones } from "../../src/train/milestones.ts";
import { optimizer } from "../../src/train/optimizer.ts";
import { schedule } from "../../src/train/schedule.ts";
import { train } from "../../src/train/train.ts";
import type { Metric, TrainOptions } from "../../src/train/trainOptions.ts";

const STEPS = 40;
const [INPUTS, HIDDEN, CLASSES, TRAINED, HELD] = [6, 5, 3, 64, 50];

/** Float32 of a network against float64 of the same formulas. */
const FLOAT32 = 1e-5;

const PIXELS = { mean: 0.5, sd: 0.3 };
const INDEX = { kind: "index" } as const;

function set(n: number, seed: number) {
  const random = new Random(seed);
  const x = Uint8Array.from({ length: n * INPUTS }, () => random.below(256));
  const y = Uint8Array.from({ length: n }, (_, i) => Math.min(CLASSES - 1, Math.floor(x[i * INPUTS]! / 86)));
  return { n, d: INPUTS, x, y };
}

const held = set(HELD, 2);

/**
 * softmax(U BatchNormalization(W x)), with running statistics, on images; the held-out samples are others than the
 * measured ones.
 */
function normalized(): Experiment {
  const random = new Random(5);
  const weights = random.split("network");
  const normal = (...shape: number[]) =>
    float32(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.4 * weights.normal()),
      shape,
    );
  const filled = (value: number) => float32(new Float32Array(HIDDEN).fill(value), [HIDDEN]);
  const g = new GraphBuilder("normalized");
  const x = g.input("x", "float32", ["n", INPUTS]);
  g.initializer("W", normal(INPUTS, HIDDEN));
  g.initializer("U", normal(HIDDEN, CLASSES));
  for (const [name, value] of [
    ["scale", 1.3],
    ["shift", 0.2],
    ["mean", 0],
    ["variance", 1],
  ] as const)
    g.initializer(name, filled(value));
  const hidden = g.op("BatchNormalization", [g.op("MatMul", [x, "W"]), "scale", "shift", "mean", "variance"]);
  g.output(g.op("MatMul", [hidden, "U"]), "output");
  const trained = set(TRAINED, 1);
  return {
    network: { graph: g.build(), parameters: ["W", "U", "scale", "shift"], buffers: ["mean", "variance"] },
    objective: objective("cross-entropy"),
    optimizer: optimizer({ kind: "sgd", momentum: 0.9 }),
    schedule: schedule({ kind: "constant", lr: 0.05, steps: STEPS }),
    data: finiteSet(trained, { batch: 16, random: random.split("data"), pixels: PIXELS, form: INDEX }),
    evaluation: async () => [fed(trained, 0, 32), fed(trained, 32, TRAINED)],
    test: () => [fed(held, 0, 30), fed(held, 30, HELD)],
    evaluationName: "training samples",
  };
}

function fed(of: ReturnType<typeof set>, from: number, to: number) {
  const { x, target } = rowsOf(of, from, to, PIXELS, INDEX);
  return { x, [TARGET]: target };
}

async function record(options: Partial<TrainOptions> = {}, evaluateEvery?: number) {
  const metrics: Metric[] = [];
  const checkpoints = new Map<number, Uint8Array>();
  await train(nodeEngine, normalized(), {
    steps: STEPS,
    milestones: milestones({
      steps: STEPS,
      every: 20,
      checkpointEvery: 10,
      ...(evaluateEvery === undefined ? {} : { evaluateEvery }),
    }),
    observer: {
      onMetrics: (rows) => metrics.push(...rows),
      onCheckpoint: (step, bytes) => checkpoints.set(step, bytes),
    },
    ...options,
  });
  return { metrics, checkpoints };
}

const isEvaluation = ({ name }: Metric) => name.startsWith("eval/");

describe("evaluation passes", () => {
  test("fall on every N-th step and on measured ones, and change no other number", async () => {
    const [plain, evaluated] = [await record(), await record({}, 7)];
    const losses = evaluated.metrics.filter(({ name }) => name === "eval/loss");
    expect(losses.map(({ step }) => step)).toEqual([0, 7, 14, 20, 21, 28, 35, 40]);
    expect(evaluated.metrics.filter((row) => row.step % 20 === 0 || !isEvaluation(row))).toEqual(plain.metrics);
    expect(evaluated.checkpoints).toEqual(plain.checkpoints);
  });

  test("are the same in a resumed run", async () => {
    const whole = await record({}, 7);
    const resumed = await record({ resume: whole.checkpoints.get(20)! }, 7);
    expect(resumed.metrics).toEqual(whole.metrics.filter(({ step }) => step > 20));
  });

  test("take running statistics and the held-out samples: loss and accuracy equal those computed by hand", async () => {
    const { metrics, checkpoints } = await record({}, 10);
    const found = (name: string) => metrics.find((row) => row.step === 30 && row.name === `eval/${name}`)!.value;
    const expected = byHand(checkpoints.get(30)!);
    expect(found("loss")).toBeCloseTo(expected.loss, -Math.log10(FLOAT32));
    expect(found("accuracy")).toBe(expected.accuracy);
    expect(found("samples")).toBe(HELD);
    expect(metrics.some(({ name }) => name === "eval/perplexity")).toBe(false); // no text
  });
});

describe("the best evaluation", () => {
  const STEP_LOSSES = 5;

  /** Steps at which a checkpoint of a better evaluation came, and their bytes. */
  async function bestOnes(best: NonNullable<TrainOptions["best"]>, resume?: Uint8Array) {
    const bests = new Map<number, Uint8Array>();
    const metrics: Metric[] = [];
    const checkpoints = new Map<number, Uint8Array>();
    await train(nodeEngine, normalized(), {
      steps: STEPS,
      milestones: milestones({ steps: STEPS, every: STEPS, evaluateEvery: STEP_LOSSES, checkpointEvery: 10 }),
      best,
      ...(resume === undefined ? {} : { resume }),
      observer: {
        onMetrics: (rows) => metrics.push(...rows),
        onCheckpoint: (step, bytes) => checkpoints.set(step, bytes),
        onBest: (step, bytes) => bests.set(step, bytes),
      },
    });
    return { bests, metrics, checkpoints };
  }

  test.each(["loss", "accuracy"] as const)(
    "by %s comes with a checkpoint whenever it is better than all before",
    async (by) => {
      const { bests, metrics, checkpoints } = await bestOnes({ by });
      let best: number | undefined;
      const better = metrics
        .filter(({ name }) => name === `eval/${by}`)
        .filter(({ value }) => {
          if (best !== undefined && (by === "loss" ? value >= best : value <= best)) return false;
          best = value;
          return true;
        });
      expect(better.length).toBeGreaterThan(2);
      expect([...bests.keys()]).toEqual(better.map(({ step }) => step));
      for (const [step, bytes] of bests) if (checkpoints.has(step)) expect(bytes).toEqual(checkpoints.get(step));
    },
  );

  test("of a resumed run is compared with what was best before", async () => {
    const whole = await bestOnes({ by: "loss" });
    const before = whole.metrics.filter(({ step, name }) => step <= 20 && name === "eval/loss");
    const value = Math.min(...before.map((row) => row.value));
    const resumed = await bestOnes({ by: "loss", value }, whole.checkpoints.get(20)!);
    expect([...resumed.bests]).toEqual([...whole.bests].filter(([step]) => step > 20));
    expect((await bestOnes({ by: "loss", value: 0 }, whole.checkpoints.get(20)!)).bests.size).toBe(0);
  });
});

/**
 * Loss and accuracy on the held-out samples of a checkpoint's network, each channel normalized by its running
 * statistics.
 */
function byHand(bytes: Uint8Array): { loss: number; accuracy: number } {
  const { graph, parameters, buffers = [] } = normalized().network;
  const shapes = (names: readonly string[]) =>
    new Map(names.map((name) => [name, graph.initializers.get(name)!.shape]));
  const checkpoint = decodeCheckpoint(bytes, {
    parameters: shapes(parameters),
    states: ["momentum"],
    buffers: shapes(buffers),
  });
  const all = new Map([...checkpoint.parameters, ...checkpoint.buffers!]);
  const at = (name: string, i: number) => Number((all.get(name) as Tensor).data[i]);
  let [loss, right] = [0, 0];
  for (let row = 0; row < held.n; row++) {
    const x = Array.from(held.x.subarray(row * INPUTS, (row + 1) * INPUTS), (byte) => (byte / 255 - 0.5) / 0.3);
    const hidden = Array.from({ length: HIDDEN }, (_, j) => {
      const value = x.reduce((sum, entry, i) => sum + entry * at("W", i * HIDDEN + j), 0);
      return (at("scale", j) * (value - at("mean", j))) / Math.sqrt(at("variance", j) + 1e-5) + at("shift", j);
    });
    const f = Array.from({ length: CLASSES }, (_, k) =>
      hidden.reduce((sum, entry, j) => sum + entry * at("U", j * CLASSES + k), 0),
    );
    const label = held.y[row]!;
    loss += Math.log(f.reduce((sum, entry) => sum + Math.exp(entry), 0)) - f[label]!;
    if (f.indexOf(Math.max(...f)) === label) right++;
  }
  return { loss: loss / held.n, accuracy: right / held.n };
}
