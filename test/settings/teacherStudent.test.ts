/**
 * @file fc1 and fc2: the shapes of the paper, a stream of its own for everything random, and the teacher against its
 * float64 twin.
 */
import { describe, expect, test } from "vitest";
import { drawTeacher, TEACHER_SCALE, teacherInput, teacherOutput } from "../../src/data/teacher.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { snapshot } from "../../src/measure/snapshot.ts";
import { initialParameters } from "../../src/networks/network.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { parseParameters } from "../../src/parameters/parse.ts";
import { TARGET } from "../../src/probe/feeds.ts";
import { Random } from "../../src/random/random.ts";
import { findPreset, smallerThanPaper } from "../../src/settings/presets.ts";
import type { Experiment } from "../../src/train/experiment.ts";
import { teacherNodes } from "../../src/train/onlineTeacher.ts";
import { train } from "../../src/train/train.ts";
import { loadedSetting } from "./loadedSettings.ts";

/** Sums of at most 20 terms of order 1 in float32. */
const FLOAT32 = 2e-6;

const tiny = { depth: 2, width: 12, inputs: 8, outputs: 3, terms: 5, batch: 10, samples: 60 };

function build(name: "fc1" | "fc2", given: Record<string, unknown>): Experiment {
  const setting = loadedSetting(name);
  return setting.build(parseParameters(setting, given) as never, {});
}

function shapes({ network }: Experiment): string[] {
  return [...initialParameters(network).values()].map(({ shape }) => shape.join("x"));
}

/** Runs a graph of the teacher alone and gives x and y. */
async function fromGraph(g: GraphBuilder, nodes: { x: string; target: string }, feeds: Record<string, Tensor>) {
  g.output(nodes.x, "x");
  g.output(nodes.target, "y");
  const program = await nodeEngine.compile({ graph: g.build(), opset: WORKING_OPSET });
  const { x, y } = await program.run(feeds);
  await program.dispose();
  return { x: x!, y: y! };
}

function largestDifference(actual: Tensor, expected: Float64Array): number {
  expect(actual.data).toHaveLength(expected.length);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - Number(actual.data[i]))), 0);
}

describe("the network", () => {
  test("of fc1 is 100 - 4 x 100 - 1", () => {
    const hidden = Array.from({ length: 4 }, () => ["100x100", "100"]).flat();
    expect(shapes(build("fc1", {}))).toEqual([...hidden, "1x100", "1"]);
  });

  test("of fc2 is 100 - 5 x 100 - 100", () => {
    expect(shapes(build("fc2", {}))).toEqual(Array.from({ length: 6 }, () => ["100x100", "100"]).flat());
  });

  test("has the widths that are asked for", () => {
    expect(shapes(build("fc2", tiny))).toEqual(["12x8", "12", "12x12", "12", "3x12", "3"]);
  });
});

describe("everything random has its own stream", () => {
  const parameters = (given: Record<string, unknown>) => initialParameters(build("fc2", { ...tiny, ...given }).network);
  const drawn = (given: Record<string, unknown>) => build("fc2", { ...tiny, ...given }).data.draw(2);
  const measured = (given: Record<string, unknown>) => build("fc2", { ...tiny, ...given }).evaluation(nodeEngine);
  const others = [
    { terms: 9 },
    { batch: 4 },
    { samples: 20 },
    { phi: 0.5 },
    { lr: 0.3, decay: 0.1, optimizer: "adam", schedule: "cosine" },
    { uScale: 2, wScale: 0, bScale: 3 },
    { noise: 0.3 },
    { activation: "tanh", steps: 5 },
  ];

  test.each(others)("so that the network stays the same with %j", (change) => {
    expect(parameters(change)).toEqual(parameters({}));
  });

  test.each([{ depth: 4 }, { width: 30 }, { outputs: 7 }, { terms: 9 }, { samples: 20 }, { initialisation: "he" }])(
    "so that the training inputs stay the same with %j",
    (change) => {
      expect(drawn(change)).toEqual(drawn({}));
    },
  );

  test.each([{ depth: 4 }, { width: 30 }, { batch: 4 }, { activation: "tanh" }])(
    "so that the measured samples stay the same with %j",
    async (change) => {
      expect(await measured(change)).toEqual(await measured({}));
    },
  );

  test("and all of them change with the seed", async () => {
    expect(parameters({ seed: 1 })).not.toEqual(parameters({}));
    expect(drawn({ seed: 1 })).not.toEqual(drawn({}));
    expect(await measured({ seed: 1 })).not.toEqual(await measured({}));
  });

  test("so that training and measured samples are not the same", async () => {
    const [first] = await measured({});
    const x = (await build("fc2", tiny).data.draw(1))["data/x'"]!;
    expect(first!.x!.data.slice(0, 8)).not.toEqual(x.data.slice(0, 8));
  });
});

describe("the teacher in the graph equals its float64 twin", () => {
  test.each([
    ["without mixing", {}],
    ["at phi = 0.3", { phi: 0.3 }],
    ["at phi = 0", { phi: 0 }],
  ])("%s", async (_, mixing) => {
    const random = new Random(3);
    const teacher = drawTeacher(random, { dIn: 8, dOut: 3, terms: 5, ...mixing });
    const xPrime = new Float32Array(2 * 7 * 8);
    random.fillNormal(xPrime);
    const g = new GraphBuilder("teacher");
    const nodes = teacherNodes(g, teacher, g.input("x'", "float32", [2, 7, 8]));
    const { x, y } = await fromGraph(g, nodes, { "x'": float32(xPrime, [2, 7, 8]) });
    expect([x.shape, y.shape]).toEqual([
      [2, 7, 8],
      [2, 7, 3],
    ]);
    expect(largestDifference(x, teacherInput(teacher, xPrime))).toBeLessThan(FLOAT32);
    expect(largestDifference(y, teacherOutput(teacher, xPrime))).toBeLessThan(FLOAT32);
  });

  test("in the batches that fc2 trains on and in the samples it measures", async () => {
    const experiment = build("fc2", { ...tiny, phi: 0.4, seed: 5 });
    const { inputs: dIn, outputs: dOut, terms } = tiny;
    const options = { dIn, dOut, terms, phi: 0.4, wScale: 0.058, bScale: 0.058, uScale: 0.058 };
    const random = new Random(5);
    const teacher = drawTeacher(random.split("teacher"), options);
    const g = new GraphBuilder("data");
    const nodes = experiment.data.prepare(g);
    const feeds = await experiment.data.draw(3);
    const { x, y } = await fromGraph(g, nodes, feeds);
    const xPrime = feeds["data/x'"]!.data as Float32Array;
    expect(largestDifference(x, teacherInput(teacher, xPrime))).toBeLessThan(FLOAT32);
    expect(largestDifference(y, teacherOutput(teacher, xPrime))).toBeLessThan(FLOAT32);

    const unseen = new Float32Array(tiny.samples * dIn);
    random.split("evaluation").fillNormal(unseen);
    const batches = await experiment.evaluation(nodeEngine);
    const targets = Float32Array.from(batches.flatMap((batch) => [...(batch[TARGET]!.data as Float32Array)]));
    const expected = teacherOutput(teacher, unseen);
    expect(largestDifference(float32(targets), expected)).toBeLessThan(FLOAT32);
    expect(batches.length).toBeGreaterThanOrEqual(2);
  });
});

describe("noise on the targets", () => {
  /**
   * Entries of the noise in 100 batches: their mean and variance are known to 1 / sqrt(n) and sqrt(2 / n), of which
   * five are allowed.
   */
  const ENTRIES = 100 * tiny.batch * tiny.outputs;

  /** x and y of 100 batches that fc2 trains on. */
  async function batches(given: Record<string, unknown>) {
    const { data } = build("fc2", { ...tiny, ...given });
    const g = new GraphBuilder("data");
    const nodes = data.prepare(g);
    return fromGraph(g, nodes, await data.draw(100));
  }
  const differences = (one: ArrayLike<number>, other: ArrayLike<number>) =>
    Array.from(one, (value, i) => value - other[i]!);
  const measured = async (noise: number) =>
    (await build("fc2", { ...tiny, noise }).evaluation(nodeEngine)).flatMap((batch) =>
      Array.from(batch[TARGET]!.data as Float32Array),
    );

  test("has the deviation asked for and mean 0, and leaves the inputs as they were", async () => {
    const [noisy, plain] = [await batches({ noise: 0.2 }), await batches({})];
    expect(noisy.x).toEqual(plain.x);
    const e = differences(noisy.y.data as Float32Array, plain.y.data as Float32Array);
    expect(e).toHaveLength(ENTRIES);
    const mean = e.reduce((sum, value) => sum + value, 0) / ENTRIES;
    const square = e.reduce((sum, value) => sum + value * value, 0) / ENTRIES;
    expect(Math.abs(mean)).toBeLessThan((5 * 0.2) / Math.sqrt(ENTRIES));
    expect(Math.abs(square / 0.04 - 1)).toBeLessThan(5 * Math.sqrt(2 / ENTRIES));
  });

  test("is on the measured samples as well, the same at every call and other than on those of training", async () => {
    const e = differences(await measured(0.2), await measured(0));
    expect(await measured(0.2)).toEqual(await measured(0.2));
    expect(Math.sqrt(e.reduce((sum, value) => sum + value * value, 0) / e.length)).toBeCloseTo(0.2, 1);
    const [noisy, plain] = [await batches({ noise: 0.2 }), await batches({})];
    const first = differences(noisy.y.data as Float32Array, plain.y.data as Float32Array).slice(0, 3);
    expect(largestDifference(float32(first), Float64Array.from(e.slice(0, 3)))).toBeGreaterThan(0.01);
  });
});

test("the preset small of fc1, fc2 and mlp resolves, smaller than the defaults in what it says", () => {
  for (const name of ["fc1", "fc2", "mlp"]) {
    const setting = loadedSetting(name);
    const { parameters } = findPreset(setting, "small");
    const [small, whole] = [parseParameters(setting, parameters), parseParameters(setting, {})];
    expect(small).toMatchObject(parameters);
    expect(smallerThanPaper(setting, small)).toContain("steps");
    for (const key of ["samples", "steps"]) expect(small[key]).toBeLessThan(whole[key] as number);
  }
});

test("the preset nonlinear of fc1 and fc2 is the teacher of unit arguments; the defaults are those of drawTeacher", () => {
  for (const name of ["fc1", "fc2"]) {
    const setting = loadedSetting(name);
    const { parameters } = findPreset(setting, "nonlinear");
    expect(parseParameters(setting, parameters)).toMatchObject({ wScale: 0.1, bScale: 1, uScale: 0.1 });
    expect(parseParameters(setting, {})).toMatchObject({ wScale: 0.058, bScale: 0.058, uScale: 0.058, noise: 0 });
    expect(findPreset(setting, "paper").parameters).toEqual({});
  }
  expect(TEACHER_SCALE).toBe(0.058);
});

test("a dead network can be made: with --preset nonlinear uScale=1 no gradient passes the last hidden layer", async () => {
  const { parameters } = findPreset(loadedSetting("fc2"), "nonlinear");
  const experiment = build("fc2", { ...parameters, uScale: 1, samples: 300, steps: 1000 });
  const { measurement } = await train(nodeEngine, experiment, {
    steps: 1000,
    milestones: { measure: [1000], record: [1000], checkpoint: [] },
  });
  const { layers } = await snapshot(measurement!.total, { cost: "economy" });
  expect(layers.map(({ droppedRows }) => droppedRows.b)).toEqual([300, 300, 300, 300, 300, 0]);
});
