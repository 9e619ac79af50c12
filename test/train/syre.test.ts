/**
 * @file Removal of symmetries: the step against a loop in float64, what it leaves alone, what it keeps decay from
 * doing.
 */
import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { type Matrix, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { singularValues } from "../../src/linalg/singularValues.ts";
import { mlp } from "../../src/networks/mlp.ts";
import { initialParameters } from "../../src/networks/network.ts";
import { objective } from "../../src/objectives/objective.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { ParameterError } from "../../src/parameters/parse.ts";
import { Random } from "../../src/random/random.ts";
import type { Experiment } from "../../src/train/experiment.ts";
import { fixedBatch } from "../../src/train/fixedBatch.ts";
import { milestones } from "../../src/train/milestones.ts";
import { optimizer } from "../../src/train/optimizer.ts";
import { drawAnchor, fanInOf, type Syre } from "../../src/train/syre.ts";
import { train } from "../../src/train/train.ts";
import { buildExperiment } from "../settings/loadedSettings.ts";

/** Float32 over some hundred steps of numbers of order 1. */
const FLOAT32 = 2e-5;

const tiny = { depth: 2, width: 12, inputs: 8, outputs: 3, terms: 5, batch: 10, samples: 60, steps: 40 };

async function trained(experiment: Experiment, steps: number, resume?: Uint8Array) {
  const checkpoints = new Map<number, Uint8Array>();
  const { parameters } = await train(
    nodeEngine,
    { ...experiment, evaluation: async () => [] },
    {
      steps,
      milestones: milestones({ steps, every: steps, checkpointEvery: 20 }),
      ...(resume && { resume }),
      observer: { onCheckpoint: (step, bytes) => checkpoints.set(step, bytes) },
    },
  );
  return { parameters, checkpoints };
}

const valuesOf = (parameters: ReadonlyMap<string, Tensor>) =>
  [...parameters].map(([name, { data }]): [string, number[]] => [name, Array.from(data as Float32Array)]);

/** U W x on rows x = sqrt(d) e_i, whose second moment is the identity, towards T x. */
function factors(T: Matrix, width: number, random: Random, biases = false): Experiment {
  const d = T.cols;
  const x = new Float32Array(d * d);
  const y = new Float32Array(d * T.rows);
  for (let i = 0; i < d; i++) {
    x[i * d + i] = Math.sqrt(d);
    for (let k = 0; k < T.rows; k++) y[i * T.rows + k] = Math.sqrt(d) * T.data[k * d + i]!;
  }
  return {
    network: mlp({ widths: [d, width, T.rows], activation: "identity", biases }, random),
    objective: objective("mse"),
    optimizer: optimizer({ kind: "sgd" }),
    schedule: () => 0.1,
    data: fixedBatch(float32(x, [d, d]), float32(y, [d, T.rows])),
    evaluation: async () => [],
    evaluationName: "nothing",
  };
}

/** The same network with its biases in float64: SGD with momentum, then theta - lr lambda D (theta - theta0). */
function byHand({ network, data }: Experiment, syre: Syre, { steps, momentum }: { steps: number; momentum: number }) {
  const lr = 0.1;
  const { "data/x": x, "data/target": y } = data.draw(1) as Record<string, Tensor>;
  const [n, d] = [x!.shape[1]!, x!.shape[2]!];
  const start = initialParameters(network);
  const shapes = new Map([...start].map(([name, { shape }]) => [name, shape]));
  const theta = new Map(
    [...start].map(([name, { data: values }]) => [name, Float64Array.from(values as Float32Array)]),
  );
  const speed = new Map([...theta].map(([name, values]) => [name, new Float64Array(values.length)]));
  const anchors = new Map(
    [...shapes].map(([name, shape]) => [name, drawAnchor(syre, { name, shape }, fanInOf(name, shapes))]),
  );
  const [w, b, u, c] = ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"] as const;
  const [k, o] = [shapes.get(w)![0]!, shapes.get(u)![0]!];
  for (let step = 0; step < steps; step++) {
    const gradients = new Map([...theta].map(([name, values]) => [name, new Float64Array(values.length)]));
    for (let i = 0; i < n; i++) {
      const h = Array.from({ length: k }, (_, p) => {
        let sum = theta.get(b)![p]!;
        for (let j = 0; j < d; j++) sum += theta.get(w)![p * d + j]! * Number(x!.data[i * d + j]);
        return sum;
      });
      for (let q = 0; q < o; q++) {
        let f = theta.get(c)![q]!;
        for (let p = 0; p < k; p++) f += theta.get(u)![q * k + p]! * h[p]!;
        const g = (2 * (f - Number(y!.data[i * o + q]))) / (o * n);
        gradients.get(c)![q]! += g;
        for (let p = 0; p < k; p++) {
          gradients.get(u)![q * k + p]! += g * h[p]!;
          const back = g * theta.get(u)![q * k + p]!;
          gradients.get(b)![p]! += back;
          for (let j = 0; j < d; j++) gradients.get(w)![p * d + j]! += back * Number(x!.data[i * d + j]);
        }
      }
    }
    for (const [name, values] of theta) {
      const { point, factor } = anchors.get(name)!;
      const v = speed.get(name)!;
      values.forEach((value, i) => {
        v[i] = momentum * v[i]! + gradients.get(name)![i]!;
        const moved = value - lr * v[i]!;
        values[i] = moved - lr * syre.decay * factor[i]! * (moved - point[i]!);
      });
    }
  }
  return theta;
}

describe("the step", () => {
  test("is the optimizer's, then theta - lr lambda D (theta - theta0), as a loop in float64 has it", async () => {
    const T = matrix(4, 3, [1, 0.2, -0.3, 0, 0.7, 0.1, 0.5, 0, -0.4, 0.2, 0.3, 0.9]);
    const syre: Syre = { decay: 0.05, size: 0.5, spread: 0.3, random: new Random(3) };
    const experiment = {
      ...factors(T, 5, new Random(1), true),
      optimizer: optimizer({ kind: "sgd", momentum: 0.8 }),
      syre,
    };
    const { parameters } = await trained(experiment, 100);
    const expected = byHand(experiment, syre, { steps: 100, momentum: 0.8 });
    for (const [name, values] of valuesOf(parameters))
      values.forEach((value, i) => {
        expect(Math.abs(value - expected.get(name)![i]!), `${name} ${i}`).toBeLessThan(FLOAT32);
      });
  });

  test("takes a bias to a point by the inputs of its neuron", () => {
    const shapes = new Map([
      ["layers.0.weight", [7, 5]],
      ["layers.0.bias", [7]],
      ["conv.weight", [8, 3, 3, 3]],
      ["bn.weight", [8]],
    ]);
    const all = [...shapes.keys()].map((name) => fanInOf(name, shapes));
    expect(all).toEqual([5, 5, 27, 8]);
  });

  test("draws points and factors of the sizes asked for, another for each parameter and seed, the same twice", () => {
    const syre: Syre = { decay: 1, size: 0.02, spread: 0.1, random: new Random(0) };
    const member = { name: "a", shape: [100, 400] };
    const { point, factor } = drawAnchor(syre, member, 400);
    const sd = Math.sqrt(point.reduce((sum, value) => sum + value ** 2, 0) / point.length);
    expect(sd / 0.001).toBeGreaterThan(0.98); // 40,000 draws: 0.4 % is a deviation
    expect(sd / 0.001).toBeLessThan(1.02);
    expect(factor.every((value) => value >= 0.9 - 1e-7 && value <= 1.1 + 1e-7)).toBe(true);
    expect(factor.reduce((sum, value) => sum + value, 0) / factor.length).toBeCloseTo(1, 2);
    expect(drawAnchor(syre, member, 400).point).toEqual(point);
    expect(drawAnchor(syre, { ...member, name: "b" }, 400).point).not.toEqual(point);
    expect(drawAnchor({ ...syre, random: new Random(1) }, member, 400).point).not.toEqual(point);
  });
});

describe("fc2", () => {
  const build = (given: Record<string, unknown>) =>
    buildExperiment("fc2", { ...tiny, decay: 0.01, ...given }).experiment;
  const values = async (given: Record<string, unknown>) => valuesOf((await trained(build(given), 40)).parameters);

  test("is the same in every bit where syre is off, whatever its size, and another where it is on", async () => {
    const plain = await values({});
    expect(await values({ syre: false, syreSize: 3, syreSpread: 0.5 })).toEqual(plain);
    expect(await values({ syre: true })).not.toEqual(plain);
    expect(await values({ decay: 0, syre: true })).toEqual(await values({ decay: 0 }));
  });

  test("with syre of size and spread 0 is plain decay behind the step, and keeps its data and first weights", async () => {
    const [plain, centred] = [build({}), build({ syre: true })];
    expect(initialParameters(centred.network)).toEqual(initialParameters(plain.network));
    expect(centred.data.draw(1)).toEqual(plain.data.draw(1));
    const shrunk = await values({ momentum: 0, syre: true, syreSize: 0, syreSpread: 0 });
    const usual = await values({ momentum: 0 });
    shrunk.forEach(([name, own], k) => {
      own.forEach((value, i) => {
        // theta - lr g - lr lambda (theta - lr g): other than usual by lr^2 lambda g a step
        expect(Math.abs(value - usual[k]![1][i]!), name).toBeLessThan(40 * 0.1 ** 2 * 0.01 * 0.5);
      });
    });
  });

  test.each([{ optimizer: "sgd" }, { optimizer: "adam", lr: 0.01 }, { optimizer: "adamw", lr: 0.01 }])(
    "resumed from a checkpoint equals the unbroken run bit for bit with %j",
    async (given) => {
      const whole = await trained(build({ ...given, syre: true }), 40);
      const resumed = await trained(build({ ...given, syre: true }), 40, whole.checkpoints.get(20)!);
      expect(valuesOf(resumed.parameters)).toEqual(valuesOf(whole.parameters));
    },
  );

  test.each([
    ["syreSize", "-1", 'fc2: expected syreSize to be 0 or more, got "-1"'],
    ["syreSpread", "1", 'fc2: expected syreSpread to be less than 1, got "1"'],
    ["syre", "often", 'fc2: expected syre to be true or false, got "often"'],
  ])("refuses %s=%s in one line", (key, value, line) => {
    expect(() => build({ [key]: value })).toThrow(ParameterError);
    expect(() => build({ [key]: value })).toThrow(line);
  });
});

/** An orthogonal matrix of eigenvectors of nothing in particular: Gram-Schmidt on normal numbers. */
function orthogonal(d: number, random: Random): Matrix {
  const Q = matrix(d, d);
  for (let i = 0; i < d; i++) {
    const row = Float64Array.from({ length: d }, () => random.normal());
    for (let j = 0; j < i; j++) {
      const dot = row.reduce((sum, value, p) => sum + value * Q.data[j * d + p]!, 0);
      row.forEach((value, p) => {
        row[p] = value - dot * Q.data[j * d + p]!;
      });
    }
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value ** 2, 0));
    row.forEach((value, p) => {
      Q.data[i * d + p] = value / norm;
    });
  }
  return Q;
}

test("plain decay leaves a product the rank of the modes above the penalty, syre leaves it whole", async () => {
  const s = [2, 1.5, 1, 0.7, 0.4, 0.2];
  const [gamma, d] = [0.6, 6];
  const random = new Random(0);
  const T = matmul(
    matmul(
      orthogonal(d, random),
      matrix(
        d,
        d,
        s.flatMap((value, i) => s.map((_, j) => (i === j ? value : 0))),
      ),
    ),
    transpose(orthogonal(d, random)),
  );
  // The mean over 6 outputs makes the loss a sixth, so that a rate of .12 and a decay of 2 gamma / 6 are .02 and 2
  // gamma.
  const rate = { schedule: () => 0.02 * d };
  const spectrum = async (size: number, spread: number) => {
    const syre = { decay: (2 * gamma) / d, size, spread, random: new Random(7) };
    const { parameters } = await trained({ ...factors(T, 8, new Random(2)), ...rate, syre }, 20_000);
    const [W, U] = [...parameters.values()].map(({ data, shape }) =>
      matrix(shape[0]!, shape[1]!, data as Float32Array),
    );
    return singularValues(matmul(U!, W!));
  };
  const rank = (values: Float64Array, share: number) => values.filter((value) => value > share * values[0]!).length;
  const [plain, removed] = [await spectrum(0, 0), await spectrum(0.01, 0.01)];
  expect([rank(plain, 1e-8), rank(removed, 1e-8), rank(removed, 1e-3)]).toEqual([4, 6, 4]);
});
