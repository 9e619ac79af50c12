import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { snapshot } from "../../src/measure/snapshot.ts";
import { emptyLayer, type Moments } from "../../src/moments/moments.ts";
import { EarlierMoments } from "../../src/runner/training/earlierMoments.ts";
import type { RunPlan } from "../../src/runner/training/runPlan.ts";
import { createRun, type RunFolder } from "../../src/runs/runFolder.ts";
import { plantedTransformer } from "../figures/planted.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "crh-earlier-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const plan = { every: "log", checkpointEvery: null, threads: 1, moments: "final" } as unknown as RunPlan;
const versions = { crh: "0", node: "0", onnxruntime: "0" };
const measured = (step: number): Moments => ({ ...plantedTransformer({ d: 4 }).moments, step });

/** Measures at 0, 10 and 20, with checkpoints behind the last two. */
async function trained(): Promise<{ run: RunFolder; earlier: EarlierMoments }> {
  const run = createRun(root, { setting: "llm", seed: 0, config: {}, steps: 30, argv: [], versions, notes: [] });
  const earlier = new EarlierMoments(run, plan, { steps: 30, measured: [0, 10, 20, 30] });
  for (const step of [0, 10, 20]) {
    const moments = measured(step);
    run.writeSnapshot(await snapshot(moments, { cost: "economy" }));
    earlier.measured(step, moments);
    if (step === 0) continue;
    earlier.beforeCheckpoint();
    run.writeCheckpoint(step, new Uint8Array(8));
    earlier.afterCheckpoint();
  }
  return { run, earlier };
}

test("a resumed run compares its heads with those of the same first measurement", async () => {
  const { run, earlier } = await trained();
  const heads = earlier.start!;
  expect(heads.step).toBe(0);
  expect(heads.layers.every(({ kind }) => kind === "head")).toBe(true);
  expect(run.momentSteps()).toContain(0);
  const resumed = new EarlierMoments(run, plan, { steps: 30, measured: [0, 10, 20, 30], resumedFrom: 20 });
  expect(resumed.previous?.step).toBe(20);
  expect(resumed.start!.layers.map(({ name }) => name)).toEqual(heads.layers.map(({ name }) => name));
  expect(resumed.start!.layers[0]!.b.hh).toEqual(heads.layers[0]!.b.hh);
});

test("a finished run keeps what the user asked for alone", async () => {
  const { run, earlier } = await trained();
  earlier.measured(30, measured(30));
  earlier.finished();
  expect(run.momentSteps()).toEqual([30]);
});

test("a measurement is compared with that at half its step, also after a resumption, and one at a time is kept", async () => {
  const steps = [0, 10, 20, 30, 40];
  const run = createRun(root, { setting: "llm", seed: 0, config: {}, steps: 40, argv: [], versions, notes: [] });
  const earlier = new EarlierMoments(run, plan, { steps: 40, measured: steps });
  const take = async (step: number, taker: EarlierMoments) => {
    const moments = measured(step);
    const half = taker.half(step)?.step;
    run.writeSnapshot(await snapshot(moments, { cost: "economy" }));
    taker.measured(step, moments);
    taker.beforeCheckpoint();
    run.writeCheckpoint(step, new Uint8Array(8));
    taker.afterCheckpoint();
    return half;
  };
  const halves = [];
  for (const step of [0, 10, 20, 30]) halves.push(await take(step, earlier));
  expect(halves).toEqual([undefined, undefined, 10, undefined]);
  expect(run.momentSteps()).toContain(20);
  const resumed = new EarlierMoments(run, plan, { steps: 40, measured: steps, resumedFrom: 30 });
  expect(resumed.half(30)).toBeUndefined();
  expect(await take(40, resumed)).toBe(20);
});

test("moments whose sums overflowed are said not to be kept, and end no training", async () => {
  const run = createRun(root, { setting: "llm", seed: 0, config: {}, steps: 20, argv: [], versions, notes: [] });
  const all = { ...plan, moments: "all" } as RunPlan;
  const earlier = new EarlierMoments(run, all, { steps: 20, measured: [0, 10, 20] });
  const overflown = measured(0);
  for (const { kind, b } of overflown.layers) if (kind === "head") b.h4 = Number.POSITIVE_INFINITY;
  expect(earlier.measured(0, overflown)).toMatch(/^h4 = Infinity on side b of layer "/);
  earlier.beforeCheckpoint();
  expect(run.momentSteps()).toEqual([]);
  expect([earlier.previous, earlier.start]).toEqual([undefined, undefined]);
  expect(earlier.measured(10, measured(10))).toBeUndefined();
  expect(run.momentSteps()).toEqual([10]);
  expect(earlier.measured(20, measured(20), false)).toBe("too large for one file");
});

test("of a network that is too large the smallest layers are compared, convolutions last, and a resumed run has the same", async () => {
  const run = createRun(root, { setting: "res1", seed: 0, config: {}, steps: 20, argv: [], versions, notes: [] });
  const layers = [
    emptyLayer("conv", "conv", 400, 400),
    emptyLayer("large", "linear", 700, 700),
    emptyLayer("small", "linear", 20, 20),
    emptyLayer("last", "conv", 1000, 1000),
  ];
  const total = { step: 0, objective: "mse", source: "planted", layers, edges: { pairs: [], broken: [] } };
  const all = { ...plan, moments: "all" } as RunPlan;
  const earlier = new EarlierMoments(run, all, { steps: 20, measured: [0, 10, 20] });
  earlier.measured(0, total);
  expect(run.momentSteps()).toEqual([0]);
  expect(earlier.previous!.layers.map(({ name }) => name)).toEqual(["conv", "large", "small"]);
  expect(earlier.previous!.edges).toBeUndefined();
  run.writeSnapshot(await snapshot(measured(0), { cost: "economy" }));
  const resumed = new EarlierMoments(run, all, { steps: 20, measured: [0, 10, 20], resumedFrom: 0 });
  expect(resumed.previous!.layers.map(({ name }) => name)).toEqual(["conv", "large", "small"]);
});
