/**
 * The settings of symmetry and noise: single steps against loops by hand in float64, what SGD and gradient descent do
 * to charges within seconds, runs that are resumed, refusals. Full lengths and all claims are in the studies.
 */
import { describe, expect, it, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { gram, type Matrix, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { TARGET } from "../../src/probe/feeds.ts";
import { Random } from "../../src/random/random.ts";
import { initialMaps, mapsOf } from "../../src/settings/symmetry/chain.ts";
import { linearSource, populationOf, spreadVariances } from "../../src/settings/symmetry/linearTask.ts";
import { nextImbalance } from "../../src/symmetry/noiseBalance.ts";
import { DivergedError } from "../../src/train/diverged.ts";
import { freshSamples, samplesOf } from "../../src/train/freshSamples.ts";
import { milestones } from "../../src/train/milestones.ts";
import { train } from "../../src/train/train.ts";
import type { Metric } from "../../src/train/trainOptions.ts";
import { combined, deviation } from "../symmetry/cases.ts";
import { idxSet } from "./idxSet.ts";
import { buildExperiment } from "./loadedSettings.ts";

/** Some tens of steps in float32. */
const FLOAT32 = 2e-5;

type Given = Readonly<Record<string, unknown>>;

/** Trains without measuring; watched values by name, each a list over looks. */
async function run(name: string, given: Given, resume?: Uint8Array) {
  const files = name === "deep-linear-mnist" ? { file: (file: string) => idxSet().get(file) } : {};
  const { experiment, parameters } = buildExperiment(name, given, files);
  const steps = parameters.steps as number;
  const metrics: Metric[] = [];
  const checkpoints = new Map<number, Uint8Array>();
  const result = await train(
    nodeEngine,
    { ...experiment, evaluation: async () => [] },
    {
      steps,
      milestones: milestones({ steps, every: steps, checkpointEvery: Math.max(1, Math.floor(steps / 2)) }),
      ...(resume && { resume }),
      observer: {
        onMetrics: (rows) => metrics.push(...rows),
        onCheckpoint: (step, bytes) => checkpoints.set(step, bytes),
      },
    },
  );
  const watched = (quantity: string) => metrics.filter((row) => row.name === `watch/${quantity}`);
  const values = (quantity: string) => watched(quantity).map(({ value }) => value);
  return { experiment, metrics, checkpoints, result, maps: mapsOf(result.parameters), watched, values };
}

const column = (values: ArrayLike<number>): Matrix => matrix(values.length, 1, values);

describe("a step of the settings", () => {
  test("is theta - lr times the gradient of |U W x - y|^2 of one new sample, as by hand", async () => {
    const [steps, lr, seed] = [40, 0.01, 5];
    const given = { inputs: 4, width: 3, steps, lr, seed, schedule: "constant", spread: 2 };
    const { maps, experiment } = await run("factorization", given);
    let [W, U] = initialMaps(experiment.network) as [Matrix, Matrix];
    const { x, target } = batchesOf(buildExperiment("factorization", given).experiment.data.draw(steps));
    for (let t = 0; t < steps; t++) {
      const [input, y] = [column(x.subarray(4 * t, 4 * t + 4)), column(target.subarray(4 * t, 4 * t + 4))];
      const hidden = matmul(W, input);
      const g = combined(2, matmul(U, hidden), -2, y);
      const [ofU, ofW] = [matmul(g, transpose(hidden)), matmul(matmul(transpose(U), g), transpose(input))];
      [U, W] = [combined(1, U, -lr, ofU), combined(1, W, -lr, ofW)];
    }
    expect(deviation(maps[0]!.data, W.data)).toBeLessThan(FLOAT32);
    expect(deviation(maps[1]!.data, U.data)).toBeLessThan(FLOAT32);
  });

  test("of gradient descent is that of the population, and leaves only what Eq. 106 says of the charge", async () => {
    const [steps, lr] = [60, 0.01];
    const given = { inputs: 4, width: 5, steps, lr, spread: 2, descent: "gd", schedule: "constant" };
    const { maps, experiment, values } = await run("factorization", given);
    let [W, U] = initialMaps(experiment.network) as [Matrix, Matrix];
    const random = new Random(0).split("variances");
    const X = matrix(4, 4);
    spreadVariances(4, 2, random.split("x")).forEach((value, i) => {
      X.data[5 * i] = value;
    });
    let Q = combined(1, gram(U, "a"), -1, gram(W, "b"));
    const start = Math.hypot(...Q.data);
    for (let t = 0; t < steps; t++) {
      const E = matmul(U, W);
      for (let i = 0; i < 4; i++) E.data[5 * i]! -= 1;
      const mean = combined(2, matmul(E, X), 0, E);
      const gradients = { U: matmul(mean, transpose(W)), W: matmul(transpose(U), mean) };
      Q = nextImbalance(Q, gradients, { eta: lr });
      [U, W] = [combined(1, U, -lr, gradients.U), combined(1, W, -lr, gradients.W)];
    }
    expect(deviation(maps[1]!.data, U.data)).toBeLessThan(FLOAT32);
    const first = initialMaps(experiment.network) as [Matrix, Matrix];
    const Q0 = combined(1, gram(first[1], "a"), -1, gram(first[0], "b"));
    const change = Math.hypot(...combined(1, Q, -1, Q0).data) / start;
    expect(change).toBeGreaterThan(1e-3); // steps of this size leak, and by no less than that
    expect(values("change").at(-1)).toBeCloseTo(change, 4);
  });
});

/** The data of `draw`, which is no promise here. */
function batchesOf(drawn: ReturnType<ReturnType<typeof buildExperiment>["experiment"]["data"]["draw"]>) {
  const feeds = drawn as Record<string, { data: ArrayLike<number> }>;
  return { x: feeds["data/x"]!.data as Float32Array, target: feeds["data/target"]!.data as Float32Array };
}

describe("samples of a linear task", () => {
  const task = { V: matrix(2, 3, [1, 0.5, 0, -1, 2, 0.3]), inputVariance: [2, 0.5, 1], noiseVariance: [0.3, 3] };
  const second = (x: ArrayLike<number>, y: ArrayLike<number>, n: number) => {
    const [X, Y] = [matrix(n, x.length / n, x), matrix(n, y.length / n, y)];
    return matmul(transpose(X), Y).data.map((value) => value / n);
  };
  const D = (values: readonly number[]) => {
    const A = matrix(values.length, values.length);
    values.forEach((value, i) => {
      A.data[i * (values.length + 1)] = value;
    });
    return A;
  };
  const cross = matmul(D(task.inputVariance), transpose(task.V));
  const outputs = combined(1, matmul(task.V, cross), 1, D(task.noiseVariance));

  it("have the second moments of the task, those of the population to rounding", () => {
    const { x, target } = populationOf(task);
    const [X, Y] = [x.data as Float32Array, target.data as Float32Array];
    expect(deviation(second(X, X, 5), D(task.inputVariance).data)).toBeLessThan(1e-6);
    expect(deviation(second(X, Y, 5), cross.data)).toBeLessThan(1e-6);
    expect(deviation(second(Y, Y, 5), outputs.data)).toBeLessThan(1e-6);
  });

  it("have them within the scatter of 40,000 drawn ones", () => {
    const { x, target } = samplesOf(linearSource(task), 40_000, new Random(1));
    const [X, Y] = [x.data as Float32Array, target.data as Float32Array];
    expect(deviation(second(X, Y, 40_000), cross.data)).toBeLessThan(0.04);
    expect(deviation(second(Y, Y, 40_000), outputs.data)).toBeLessThan(0.04);
  });

  it("go on where their state was saved, however many are drawn at once", () => {
    const [whole, parts] = [0, 1].map(() => freshSamples(linearSource(task), 2, new Random(9)));
    const all = batchesOf(whole!.draw(6));
    const first = batchesOf(parts!.draw(2));
    const later = freshSamples(linearSource(task), 2, new Random(0));
    later.restore(JSON.parse(JSON.stringify(parts!.state())));
    const rest = batchesOf(later.draw(4));
    expect([...first.x, ...rest.x]).toEqual([...all.x]);
    expect([...first.target, ...rest.target]).toEqual([...all.target]);
  });

  it("variances are geometric, their product 1, in an order of the seed", () => {
    const found = spreadVariances(5, 3, new Random(2));
    expect(found.toSorted((x, y) => x - y).map((value) => value.toFixed(6))).toEqual(
      [1 / 3, 1 / Math.sqrt(3), 1, Math.sqrt(3), 3].map((value) => value.toFixed(6)),
    );
    expect(spreadVariances(1, 3, new Random(2))).toEqual([1]);
  });
});

describe("scalar", () => {
  it.each([0, 1, 2])("seed %d: SGD loses its charge within 5,000 steps", async (seed) => {
    const { values } = await run("scalar", { steps: 5000, seed });
    const charge = values("charge");
    expect(charge[0]).toBeCloseTo(3.91, 5);
    expect(charge.at(-1)! / charge[0]!).toBeLessThan(1e-3);
  });

  it("gradient descent keeps it within 1 % and learns u w = 1; on the slides' target u w = 0", async () => {
    for (const [target, best] of [
      ["linear", 1],
      ["one", 0],
    ] as const) {
      const { values } = await run("scalar", { steps: 2000, target, descent: "gd" });
      expect(values("charge").at(-1)! / 3.91).toBeGreaterThan(0.99);
      expect(values("uw").at(-1)).toBeCloseTo(best, 4);
    }
  });

  it("SGD on the slides' target loses both weights", async () => {
    const { values } = await run("scalar", { steps: 12_000, target: "one" });
    expect(Math.abs(values("u").at(-1)!)).toBeLessThan(1e-2);
    expect(Math.abs(values("w").at(-1)!)).toBeLessThan(1e-2);
  });
});

describe("factorization", () => {
  const small = { inputs: 8, width: 10, lr: 0.008, lrEnd: 0.0005, steps: 12_000 };

  it.each([0, 1])("seed %d: SGD comes to rest in noise balance at a falling rate", async (seed) => {
    const { values } = await run("factorization", { ...small, seed });
    expect(values("residual")[0]! / values("residual").at(-1)!).toBeGreaterThan(10);
    expect(values("cosine").at(-1)).toBeGreaterThan(0.98);
    expect(values("change").at(-1)).toBeGreaterThan(0.5);
  });

  it("anisotropic: noise balance, and not norm balance", async () => {
    const { values } = await run("factorization", { ...small, spread: 3, lr: 0.006, lrEnd: 0.0004, steps: 20_000 });
    const fall = (quantity: string) => values(quantity)[0]! / values(quantity).at(-1)!;
    expect(fall("residual")).toBeGreaterThan(4);
    expect(fall("normResidual")).toBeLessThan(fall("residual") / 2);
  });

  it("gradient descent keeps its charge to 1 %", async () => {
    const { values } = await run("factorization", { ...small, steps: 3000, lr: 0.002, descent: "gd" });
    expect(values("change").at(-1)).toBeLessThan(0.01);
    expect(values("error").at(-1)).toBeLessThan(1e-6);
    expect(values("residual").at(-1)).toBeGreaterThan(0.1);
  });
});

describe("deep-linear", () => {
  it("SGD gives all maps one size by the theory's norms, not by plain ones", async () => {
    const { watched } = await run("deep-linear", { lr: 0.008, lrEnd: 0.001, steps: 60_000 });
    const mean = (quantity: string) => {
      const late = watched(quantity).filter(({ step }) => step > 48_000);
      return late.reduce((sum, { value }) => sum + value, 0) / late.length;
    };
    const spread = (name: string) => {
      const all = [1, 2, 3, 4].map((k) => mean(`${name}${k}`));
      return (Math.max(...all) - Math.min(...all)) / (all.reduce((sum, value) => sum + value, 0) / 4);
    };
    expect(spread("size")).toBeLessThan(0.06);
    expect(spread("norm²")).toBeGreaterThan(0.3);
    expect(mean("cond2")).toBeLessThan(1.2);
  });

  it("unequal maps begin at the factors asked for", () => {
    const norms = (given: Given) =>
      initialMaps(buildExperiment("deep-linear", given).experiment.network).map(({ data }) => Math.hypot(...data));
    const [equal, unequal] = [norms({ gain: 1 }), norms({ gain: 1, unequal: true })];
    for (const [k, norm] of unequal.entries()) expect(norm / equal[k]!).toBeCloseTo([1, 1.6, 0.8, 1.3][k]!, 5);
  });
});

describe("deep-linear-mnist", () => {
  it("draws centred images with one-hot labels, and watches plain norms", async () => {
    const { values, experiment } = await run("deep-linear-mnist", { steps: 300, width: 4, lr: 0.01, samples: 20 });
    expect(values("norm²1").length).toBeGreaterThan(20);
    expect(values("size1")).toEqual([]);
    const { experiment: again } = buildExperiment(
      "deep-linear-mnist",
      { samples: 20 },
      { file: (name) => idxSet().get(name) },
    );
    const [batch] = await again.evaluation(nodeEngine);
    expect(batch!.x!.shape[1]).toBe(16);
    expect(Array.from(batch![TARGET]!.data as Float32Array).filter((value) => value === 1)).toHaveLength(
      batch!.x!.shape[0]!,
    );
    const { x } = batchesOf(
      buildExperiment("deep-linear-mnist", { batch: 500 }, { file: (n) => idxSet().get(n) }).experiment.data.draw(4),
    );
    expect(Math.abs(x.reduce((sum, value) => sum + value, 0) / x.length)).toBeLessThan(0.02);
    expect(experiment.network.parameters).toHaveLength(5);
  });

  it("needs a folder", () => {
    expect(() => buildExperiment("deep-linear-mnist")).toThrow(
      /^deep-linear-mnist: expected a folder with IDX files, got none/,
    );
  });
});

describe("rank-one", () => {
  it.each([0, 1, 2])("seed %d: diverges within 100 steps at 0.008, and not after 5,000 at 0.001", async (seed) => {
    const direct = run("rank-one", { seed, warmup: 0 });
    await expect(direct).rejects.toThrow(DivergedError);
    expect(((await direct.catch((error: unknown) => error)) as DivergedError).step).toBeLessThanOrEqual(100);
    if (seed > 0) return;
    const { values, watched } = await run("rank-one", { seed, steps: 8000 });
    const start = values("sharpness")[0]!;
    const warm = watched("sharpness").find(({ step }) => step >= 5000)!.value;
    expect(warm / start).toBeLessThan(0.4);
    expect(values("sharpness").at(-1)).toBeLessThan(start / 2);
  });

  it("Xavier's weights begin flat, and gradient descent stays as sharp as it began", async () => {
    const first = async (given: Given) => (await run("rank-one", { ...given, steps: 1 })).values("sharpness")[0]!;
    expect((await first({ initialisation: "xavier" })) / (await first({}))).toBeLessThan(0.4);
    const { values } = await run("rank-one", { descent: "gd", lr: 0.001, warmup: 0, steps: 2000 });
    expect(values("sharpness").at(-1)! / values("sharpness")[0]!).toBeGreaterThan(0.9);
  });
});

describe("tanh2", () => {
  it.each([0, 1])("seed %d: SGD aligns the two sides, gradient descent does not", async (seed) => {
    const small = { inputs: 6, width: 10, seed };
    const sgd = await run("tanh2", { ...small, lr: 0.02, lrEnd: 0.002, steps: 20_000 });
    const gd = await run("tanh2", { ...small, descent: "gd", fixed: 500, steps: 1500, schedule: "constant" });
    expect(gd.values("cosine")[0]).toBe(sgd.values("cosine")[0]);
    expect(sgd.values("cosine").at(-1)).toBeGreaterThan(0.8);
    expect(sgd.values("cosine").at(-1)! - gd.values("cosine").at(-1)!).toBeGreaterThan(0.3);
  });
});

describe("a run that is resumed", () => {
  it.each([
    ["scalar", {}],
    ["factorization", { inputs: 5, width: 4, batch: 2 }],
    ["deep-linear", {}],
    ["deep-linear-mnist", { width: 4 }],
    ["rank-one", { inputs: 6, warmup: 40 }],
    ["tanh2", { inputs: 4, width: 5, descent: "gd", fixed: 30 }],
  ] as const)("%s has the same watched values and weights, bit for bit", async (name, given) => {
    const whole = await run(name, { ...given, steps: 150 });
    const resumed = await run(name, { ...given, steps: 150 }, whole.checkpoints.get(75)!);
    expect(resumed.metrics).toEqual(whole.metrics.filter(({ step }) => step > 75));
    expect(resumed.metrics.some(({ name: metric }) => metric.startsWith("watch/"))).toBe(true);
    expect(resumed.checkpoints.get(150)).toEqual(whole.checkpoints.get(150));
  });
});

describe("refusals in one line", () => {
  it.each([
    ["scalar", { target: "two" }, /^scalar: expected target to be one of linear, one, got "two"/],
    ["scalar", { noise: -1 }, /^scalar: expected noise to be 0 or more, got "-1"/],
    ["factorization", { width: 0 }, /^factorization: expected width to be 1 or more, got "0"/],
    ["factorization", { spread: 0.5 }, /^factorization: expected spread to be 1 or more, got "0.5"/],
    ["factorization", { samples: 1 }, /^factorization: expected samples to be 2 or more, got "1"/],
    ["deep-linear", { depth: 1 }, /^deep-linear: expected depth to be 2 or more, got "1"/],
    ["rank-one", { decay: -1 }, /^rank-one: expected decay to be 0 or more, got "-1"/],
    ["rank-one", { warmupRate: 0 }, /^rank-one: expected warmupRate to be greater than 0, got "0"/],
    ["tanh2", { descent: "newton" }, /^tanh2: expected descent to be one of sgd, gd, got "newton"/],
  ] as const)("%s %j", (name, given, message) => {
    expect(() => buildExperiment(name, given)).toThrow(message);
  });
});
