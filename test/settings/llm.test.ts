/** @file Setting llm: learns a text with structure, goes on bit for bit, refuses in one line. */
import { describe, expect, test } from "vitest";
import { inMemory } from "../../src/data/byteSource.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { initialParameters } from "../../src/networks/network.ts";
import type { DataFolder } from "../../src/settings/setting.ts";
import { milestones } from "../../src/train/milestones.ts";
import { train } from "../../src/train/train.ts";
import type { Metric } from "../../src/train/trainOptions.ts";
import { buildExperiment } from "./loadedSettings.ts";

/** Sums of a float32 gradient in another order, relative to how far the parameters moved. */
const ROUNDING = 1e-4;

const SMALL = {
  layers: 1,
  heads: 2,
  width: 16,
  context: 12,
  batch: 8,
  samples: 12,
  validation: 20,
  lr: 0.01,
  steps: 120,
};

/** A folder with one text file. */
function text(content: string): DataFolder {
  return { list: () => ["text.txt"], open: () => inMemory(new TextEncoder().encode(content)) };
}

/** Windows of the last tenth of 4000 bytes, at most 20. */
const validationTokens = 20 * SMALL.context;

const periodic = text("abcdefgh".repeat(500));

async function record(resume?: Uint8Array) {
  const { experiment } = buildExperiment("llm", SMALL, periodic);
  const metrics: Metric[] = [];
  const checkpoints = new Map<number, Uint8Array>();
  const layers: string[] = [];
  await train(nodeEngine, experiment, {
    steps: SMALL.steps,
    milestones: milestones({ steps: SMALL.steps, every: 60, evaluateEvery: 40, checkpointEvery: 50 }),
    ...(resume === undefined ? {} : { resume }),
    observer: {
      onMetrics: (rows) => metrics.push(...rows),
      onCheckpoint: (step, bytes) => checkpoints.set(step, bytes),
      onMeasurement(step, { total }) {
        if (step === SMALL.steps) layers.push(...total.layers.map(({ name }) => name));
      },
    },
  });
  const of = (name: string) => metrics.filter((row) => row.name === name);
  const validation = of("eval/loss").map(({ value }) => value);
  expect(of("eval/loss").map(({ step }) => step)).toEqual(
    [0, 40, 60, 80, 120].filter((s) => resume === undefined || s > 50),
  );
  expect(of("eval/perplexity").map(({ value }) => value)).toEqual(validation.map(Math.exp));
  expect(new Set(of("eval/samples").map(({ value }) => value))).toEqual(new Set([validationTokens]));
  return { metrics, checkpoints, layers, validation };
}

test("starts at the entropy of its vocabulary, learns a periodic text, measures every map and head; resumes bit for bit", async () => {
  const { metrics, checkpoints, layers, validation } = await record();
  expect(validation[0]).toBeGreaterThan(Math.log(256) - 0.1);
  expect(validation[0]).toBeLessThan(Math.log(256) + 0.1);
  expect(validation.at(-1)).toBeLessThan(Math.log(8) / 4); // a quarter of what single letters tell
  expect(layers.filter((name) => name.includes("heads"))).toHaveLength(2);
  expect(layers).toHaveLength(2 + 4 + 1); // heads, four maps of the block, the output layer
  const resumed = await record(checkpoints.get(50)!);
  expect(resumed.metrics).toEqual(metrics.filter(({ step }) => step > 50));
  expect(resumed.checkpoints.get(120)).toEqual(checkpoints.get(120));
});

describe("clip and accumulate", () => {
  const STEPS = 6;

  /** Parameters after a few steps, one after the other. */
  async function trained(changes: Record<string, unknown>, steps = STEPS): Promise<number[]> {
    const { experiment } = buildExperiment(
      "llm",
      { ...SMALL, optimizer: "sgd", lr: 0.5, decay: 0, ...changes },
      periodic,
    );
    const { parameters } = await train(nodeEngine, experiment, {
      steps,
      milestones: { measure: [], record: [], checkpoint: [] },
    });
    return [...parameters.values()].flatMap(({ data }) => [...(data as Float32Array)]);
  }
  const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(...a.map((value, i) => value - b[i]!));

  test("accumulating over parts of a batch is the whole batch to rounding, in the same bytes each time", async () => {
    const [whole, parts, again] = [
      await trained({ accumulate: 1 }),
      await trained({ accumulate: 4 }),
      await trained({ accumulate: 4 }),
    ];
    expect(again).toEqual(parts);
    const moved = distance(whole, await trained({ accumulate: 1 }, 1));
    expect(distance(whole, parts)).toBeLessThan(ROUNDING * moved);
    expect(moved).toBeGreaterThan(0.01);
  });

  test("clip bounds the length of a step of sgd, accumulated or not", async () => {
    const start = [...initialParameters(buildExperiment("llm", SMALL, periodic).experiment.network).values()].flatMap(
      ({ data }) => [...(data as Float32Array)],
    );
    const length = async (changes: Record<string, unknown>) => distance(start, await trained({ lr: 1, ...changes }, 1));
    expect(await length({})).toBeGreaterThan(0.1);
    for (const accumulate of [0, 4]) expect(await length({ clip: 0.01, accumulate })).toBeCloseTo(0.01, 4);
  });
});

describe("is refused in one line", () => {
  test.each<[string, Record<string, unknown>, DataFolder, RegExp]>([
    ["no text", {}, {}, /^llm: expected a text, got none; pass --data/],
    ["heads", { heads: 3 }, periodic, /^llm: expected heads that divide the width 16, got 3; change one$/],
    ["parts", { accumulate: 3 }, periodic, /^llm: expected accumulate to divide the batch of 8, got 3; change one$/],
    ["a tokenizer", { tokenizer: "nowhere" }, { ...periodic, folder: () => ({}) }, /^llm: .*got "nowhere"; check/],
    ["a short text", {}, text("abc"), /^corpus: expected at least 13 training tokens .*, got 2; pass a longer text/],
    ["an empty text", {}, text(""), /^[^\n]*expected [^\n]*$/],
    [
      "a text that is no UTF-8",
      {},
      { ...periodic, open: () => inMemory(Uint8Array.of(97, 255, 98)) },
      /^[^\n]*UTF-8[^\n]*$/,
    ],
  ])("%s", (_, changes, surroundings, line) => {
    expect(() => buildExperiment("llm", { ...SMALL, ...changes }, surroundings)).toThrow(line);
  });
});
