/**
 * @file Settings res1 and res2 on a small folder of coloured images: they learn, go on bit for bit, refuse in one line.
 */
import { describe, expect, test } from "vitest";
import { inThisThread } from "../../src/data/augment/batchMaker.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { parseParameters } from "../../src/parameters/parse.ts";
import { findPreset, smallerThanPaper } from "../../src/settings/presets.ts";
import type { DataFolder } from "../../src/settings/setting.ts";
import { milestones } from "../../src/train/milestones.ts";
import { train } from "../../src/train/train.ts";
import type { Metric } from "../../src/train/trainOptions.ts";
import { records } from "./cifarSet.ts";
import { buildExperiment, loadedSetting } from "./loadedSettings.ts";

const files: Record<string, Uint8Array> = { "data_batch_1.bin": records(120, 1), "test_batch.bin": records(40, 2) };
const folder: DataFolder = { file: (name) => files[name] };
const tiny = { width: 0.0625, batch: 20, steps: 12, samples: 20, lr: 0.05 };

async function record(name: string, given: Record<string, unknown>, resume?: Uint8Array) {
  const { experiment } = buildExperiment(name, given, folder);
  const metrics: Metric[] = [];
  const checkpoints = new Map<number, Uint8Array>();
  const kinds = new Map<string, string>();
  const sampled = new Set<string>();
  const steps = given.steps as number;
  await train(nodeEngine, experiment, {
    steps,
    milestones: milestones({ steps, every: steps / 2, checkpointEvery: 4 }),
    ...(resume === undefined ? {} : { resume }),
    observer: {
      onMetrics: (rows) => metrics.push(...rows),
      onCheckpoint: (step, bytes) => checkpoints.set(step, bytes),
      onMeasurement(_, { total }) {
        for (const layer of total.layers) {
          kinds.set(layer.name, layer.kind);
          if (layer.a?.sample !== undefined) sampled.add(layer.name);
        }
      },
    },
  });
  const values = (metric: string) => metrics.filter((row) => row.name === metric).map(({ value }) => value);
  return { metrics, checkpoints, kinds, sampled, values };
}

describe("res1", () => {
  test("learns, measures convolutions and both fully connected layers; resumes bit for bit with its running statistics", async () => {
    const given = { ...tiny, steps: 24, lr: 0.1, limit: 150 };
    const run = await record("res1", given);
    expect(run.values("train/loss").at(-1)).toBeLessThan(Math.log(10) - 0.3); // knowing nothing: log 10
    expect(run.values("eval/accuracy")).toHaveLength(3);
    expect([...run.kinds.values()].filter((kind) => kind === "conv")).toHaveLength(20);
    expect([...run.kinds].filter(([, kind]) => kind === "block").map(([name]) => name)).toEqual([
      "layer1",
      "layer2",
      "layer3",
      "layer4",
    ]);
    expect([run.kinds.get("fc1"), run.kinds.get("fc2")]).toEqual(["linear", "linear"]);
    // 3x3 patches of the last stage: 9 x 16 and 9 x 32 values.
    expect([...run.sampled]).toEqual(["layer4.0.conv2", "layer4.1.conv1", "layer4.1.conv2"]);
    const resumed = await record("res1", given, run.checkpoints.get(20)!);
    expect(resumed.metrics).toEqual(run.metrics.filter(({ step }) => step > 20));
    expect(resumed.checkpoints.get(24)).toEqual(run.checkpoints.get(24));
  });

  test("in parts it learns with statistics of the parts, says so, and resumes bit for bit", async () => {
    const given = { ...tiny, steps: 24, lr: 0.1, accumulate: 2 };
    expect(buildExperiment("res1", tiny, folder).experiment.notes).toBeUndefined();
    expect(buildExperiment("res1", given, folder).experiment.notes).toEqual([
      "BatchNormalization takes the statistics of parts of 10 images, 2 parts a step, and its running statistics follow part by part.",
    ]);
    const run = await record("res1", given);
    expect(run.values("train/loss").at(-1)).toBeLessThan(Math.log(10) - 0.3);
    const resumed = await record("res1", given, run.checkpoints.get(8)!);
    expect(resumed.metrics).toEqual(run.metrics.filter(({ step }) => step > 8));
    expect(resumed.checkpoints.get(24)).toEqual(run.checkpoints.get(24));
  });

  test("has images augmented by threads that are handed in, as many as asked for", () => {
    const asked: number[] = [];
    const augment = (workers: number) => {
      asked.push(workers);
      return inThisThread;
    };
    buildExperiment("res1", { ...tiny, workers: 3 }, { ...folder, augment });
    expect(asked).toEqual([3]);
  });

  test("refuses a missing folder and a batch above the set in one line", () => {
    expect(() => buildExperiment("res1")).toThrow(/pass --data DIR/);
    expect(() => buildExperiment("res1", { batch: 500 }, folder)).toThrow(/at most 120 images, got 500/);
    expect(() => buildExperiment("res1", { ...tiny, accumulate: 3 }, folder)).toThrow(
      /^res1: expected accumulate to divide the batch of 20, got 3; change one$/,
    );
  });
});

describe("res2", () => {
  test("lowers its contrastive loss, and tells at each measurement what a linear probe reads; resumes bit for bit", async () => {
    const given = { ...tiny, steps: 16, lr: 0.01, measuredBatch: 10 };
    const run = await record("res2", given);
    const [first, , last] = run.values("eval/loss");
    expect(last).toBeLessThan(first!);
    const probes = run.values("eval/linear-probe");
    expect(probes).toHaveLength(3);
    // brightness alone tells the classes apart; chance is 0.1
    for (const value of probes) expect(value).toBeGreaterThan(0.3);
    const resumed = await record("res2", given, run.checkpoints.get(8)!);
    expect(resumed.metrics).toEqual(run.metrics.filter(({ step }) => step > 8));
  });
});

test("presets: the paper's are the defaults, a small one changes what it says, an unknown one is refused with the list", () => {
  for (const name of ["res1", "res2", "llm"]) {
    const setting = loadedSetting(name);
    expect(findPreset(setting, "paper").parameters).toEqual({});
    const { parameters } = findPreset(setting, "small");
    expect(parseParameters(setting, parameters)).toMatchObject(parameters);
    const paper = parseParameters(setting, {});
    expect(smallerThanPaper(setting, paper)).toEqual([]);
    expect(smallerThanPaper(setting, { ...paper, steps: 10 })).toEqual(["steps"]);
    expect(smallerThanPaper(setting, parseParameters(setting, parameters))).toContain("width");
    expect(() => findPreset(setting, "tiny")).toThrow(`${name}: expected a preset of paper, small, got "tiny"`);
  }
});
