/** @file Networks that train together against the same networks alone: numbers, divergence, resuming, refusals. */
import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { parseParameters } from "../../src/parameters/parse.ts";
import { NotReplicableError } from "../../src/replicate/notReplicable.ts";
import type { Experiment } from "../../src/train/experiment.ts";
import type { FollowedStep } from "../../src/train/follow.ts";
import type { Milestones } from "../../src/train/milestones.ts";
import { train } from "../../src/train/train.ts";
import type { Metric, TrainOptions, TrainResult } from "../../src/train/trainOptions.ts";
import { Replicates } from "../../src/train/trainReplicates.ts";
import { loadedSetting } from "../settings/loadedSettings.ts";

const STEPS = 100;
/**
 * Rounding of float32 (6e-8) in another order of sums, grown over 100 steps: relative to the largest entry it is below
 * 1e-6 in all of these, and 100 times that is far below any real difference.
 */
const GROWN = 1e-4;

/** Calls of 40, 10, 10 and 40 steps. */
const MILESTONES: Milestones = { measure: [0, 50, 100], record: [40, 60, 100], checkpoint: [0, 60, 100] };

type Changes = Readonly<Record<string, unknown>>;

function build(name: string, changes: Changes): Experiment {
  const setting = loadedSetting(name);
  return setting.build(parseParameters(setting, { steps: STEPS, ...changes }) as never, {});
}

const fc2 = { depth: 2, width: 12, inputs: 8, outputs: 3, terms: 5, batch: 10, samples: 60 };
const fourLayers = { depth: 3, width: 8, gain: 0.6, lr: 0.05, layer: 1, followEvery: 7 };

/** What came of one network. */
interface Recorded {
  readonly metrics: Metric[];
  readonly checkpoints: Map<number, Uint8Array>;
  readonly followed: FollowedStep[];
  readonly moments: Float64Array[];
  readonly options: TrainOptions;
}

function recorder(changes: Partial<TrainOptions> = {}): Recorded {
  const [metrics, checkpoints, followed, moments] = [[], new Map(), [], []] as [
    Metric[],
    Map<number, Uint8Array>,
    FollowedStep[],
    Float64Array[],
  ];
  const options: TrainOptions = {
    steps: STEPS,
    milestones: MILESTONES,
    observer: {
      onMetrics: (rows) => metrics.push(...rows),
      onCheckpoint: (step, bytes) => checkpoints.set(step, bytes),
      onFollowed: (steps) => followed.push(...steps),
      onMeasurement: (_, { total }) => {
        for (const { b } of total.layers) moments.push(b.hh!.slice());
      },
    },
    ...changes,
  };
  return { metrics, checkpoints, followed, moments, options };
}

async function alone(experiment: Experiment, changes?: Partial<TrainOptions>) {
  const recorded = recorder(changes);
  return { ...recorded, result: await train(nodeEngine, experiment, recorded.options) };
}

async function together(make: readonly Experiment[], changes: readonly Partial<TrainOptions>[] = []) {
  const recorded = make.map((_, r) => recorder(changes[r]));
  const replicates = await Replicates.of(nodeEngine, make);
  const results = await replicates.train(recorded.map(({ options }) => options));
  return recorded.map((one, r) => ({ ...one, settled: results[r]! }));
}

const trained = (settled: PromiseSettledResult<TrainResult>): TrainResult => {
  if (settled.status === "rejected") throw settled.reason;
  return settled.value;
};

function expectClose(mine: ArrayLike<number>, theirs: ArrayLike<number>): void {
  expect(mine.length).toBe(theirs.length);
  const scale = Math.max(...Array.from(theirs, Math.abs));
  const worst = Math.max(0, ...Array.from(mine, (value, i) => Math.abs(value - theirs[i]!)));
  expect(worst).toBeLessThanOrEqual(GROWN * scale);
}

function expectSame(
  one: Recorded & { settled: PromiseSettledResult<TrainResult> },
  other: Awaited<ReturnType<typeof alone>>,
) {
  const names = (rows: readonly Metric[]) => rows.map(({ step, name }) => `${step} ${name}`);
  expect(names(one.metrics)).toEqual(names(other.metrics));
  for (const [i, { name, value }] of other.metrics.entries()) {
    if (!name.startsWith("watch/")) expectClose([one.metrics[i]!.value], [value]);
  }
  expect([...one.checkpoints.keys()]).toEqual([...other.checkpoints.keys()]);
  expect(one.followed.map(({ step }) => step)).toEqual(other.followed.map(({ step }) => step));
  for (const [i, { dy2, loss }] of other.followed.entries())
    expectClose([...one.followed[i]!.dy2, one.followed[i]!.loss], [...dy2, loss]);
  expect(one.moments.length).toBe(other.moments.length);
  for (const [i, sums] of other.moments.entries()) expectClose(one.moments[i]!, sums);
  const result = trained(one.settled);
  expect(result.step).toBe(other.result.step);
  for (const [name, { data }] of other.result.parameters)
    expectClose(result.parameters.get(name)!.data as Float32Array, data as Float32Array);
}

const kinds: Readonly<Record<string, readonly [string, Changes, readonly Changes[]]>> = {
  "fc2, other seeds, rates, decays, noise and inputs": [
    "fc2",
    fc2,
    [{ noise: 0.1 }, { seed: 1, lr: 0.05, noise: 0.2 }, { decay: 1e-3, phi: 0.9, noise: 0.1 }],
  ],
  "fc2 by Adam with syre": [
    "fc2",
    { ...fc2, optimizer: "adam", lr: 0.01, syre: true },
    [{}, { seed: 1 }, { decay: 0.01 }],
  ],
  "factorization, other seeds and rates": [
    "factorization",
    { inputs: 5, width: 6, samples: 40 },
    [{}, { seed: 1, lr: 0.004 }, { noise: 2 }],
  ],
  "two points, followed every few steps": ["twopoint", fourLayers, [{}, { seed: 1, dy2: 0.7 }]],
  "two points with dropout, every step followed": [
    "twopoint",
    { ...fourLayers, architecture: "dropout", followEvery: 1 },
    [{}, { seed: 3 }],
  ],
};

describe.each(Object.entries(kinds))("%s", (_, [name, shared, changes]) => {
  test("networks that train together have the numbers of each alone", async () => {
    const make = () => changes.map((own) => build(name, { ...shared, ...own }));
    const all = await together(make());
    for (const [r, experiment] of make().entries()) expectSame(all[r]!, await alone(experiment));
  });
});

describe("one of several networks", () => {
  const make = (lr: number) => build("fc2", { ...fc2, lr });

  test("that diverges ends as it does alone, and leaves the others as they are", async () => {
    const rates = [0.1, 1e4, 0.05];
    const [first, diverging, last] = await together(rates.map(make));
    const error = await alone(make(1e4)).catch((reason: Error) => reason);
    expect(error).toMatchObject({ name: "DivergedError" });
    expect(diverging!.settled).toMatchObject({ status: "rejected", reason: { message: (error as Error).message } });
    expectSame(first!, await alone(make(0.1)));
    expectSame(last!, await alone(make(0.05)));
  });

  test("that is stopped writes a checkpoint, and the others go on", async () => {
    const stop = new AbortController();
    const signal = { signal: stop.signal };
    stop.abort();
    const [stopped, other] = await together([make(0.1), make(0.05)], [signal]);
    const { step } = trained(stopped!.settled);
    expect(step).toBe(40);
    expect([...stopped!.checkpoints.keys()].at(-1)).toBe(step);
    expectSame(other!, await alone(make(0.05)));
  });

  test("goes on alone from its checkpoint, with the numbers of all together", async () => {
    const [one] = await together([make(0.1), make(0.05)]);
    const resumed = await alone(make(0.1), { resume: one!.checkpoints.get(60)! });
    for (const [name, { data }] of trained(one!.settled).parameters)
      expectClose(resumed.result.parameters.get(name)!.data as Float32Array, data as Float32Array);
    const behind = one!.metrics.filter(({ step }) => step > 60);
    expectClose(
      resumed.metrics.map(({ value }) => value),
      behind.map(({ value }) => value),
    );
  });

  test("with an error of its own observer leaves the others as they are", async () => {
    const full = {
      observer: {
        onMetrics: () => {
          throw new Error("the disk is full");
        },
      },
    };
    const [failed, other] = await together([make(0.1), make(0.05)], [full]);
    expect(failed!.settled).toMatchObject({ status: "rejected", reason: { message: "the disk is full" } });
    expectSame(other!, await alone(make(0.05)));
  });
});

describe("networks that cannot train together are refused", () => {
  test.each([
    ["of other widths", [{ width: 12 }, { width: 13 }]],
    ["with and without decay", [{ decay: 0 }, { decay: 0.1 }]],
    ["of other activations", [{ activation: "relu" }, { activation: "tanh" }]],
  ] as const)("%s", async (_, changes) => {
    const experiments = changes.map((own) => build("fc2", { ...fc2, ...own }));
    await expect(Replicates.of(nodeEngine, experiments)).rejects.toThrow(NotReplicableError);
  });

  test("where they stop at other steps", async () => {
    const experiments = [0.1, 0.2].map((lr) => build("fc2", { ...fc2, lr }));
    const others = { ...MILESTONES, checkpoint: [30] };
    const results = await together(experiments, [{}, { milestones: others }]);
    for (const { settled } of results)
      expect(String(settled.status === "rejected" && settled.reason)).toMatch(
        /expected networks that all take steps 0 to 40, got one with 0 to 30/,
      );
  });
});
