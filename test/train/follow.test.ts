import { describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import type { Experiment } from "../../src/train/experiment.ts";
import { type Follow, type FollowedStep, Follower, pairsOf, squaredDistances } from "../../src/train/follow.ts";
import { followSamples } from "../../src/train/followSamples.ts";
import { milestones } from "../../src/train/milestones.ts";
import { train } from "../../src/train/train.ts";
import type { TrainOptions } from "../../src/train/trainOptions.ts";
import { records } from "../settings/cifarSet.ts";
import { idxSet } from "../settings/idxSet.ts";
import { buildExperiment } from "../settings/loadedSettings.ts";

const cifar: Record<string, Uint8Array> = { "data_batch_1.bin": records(60, 1), "test_batch.bin": records(20, 2) };
const mnist = idxSet();
const small = { depth: 3, width: 8, steps: 40, gain: 0.8, lr: 0.05, layer: 1, followEvery: 1 };

async function followed(experiment: Experiment, steps: number, options: Partial<TrainOptions> = {}) {
  const rows: FollowedStep[] = [];
  const observer = { ...options.observer, onFollowed: (some: readonly FollowedStep[]) => rows.push(...some) };
  const due = options.milestones ?? milestones({ steps, every: "log" });
  const result = await train(nodeEngine, experiment, { steps, milestones: due, ...options, observer });
  return { rows, result };
}

const built = (given: Record<string, unknown>) => buildExperiment("twopoint", { ...small, ...given }).experiment;
const apart = (experiment: Experiment): Experiment => ({
  ...experiment,
  follow: { ...experiment.follow!, areBatch: false } satisfies Follow,
});

/** The network of two hidden units below, by hand. */
function byHand(experiment: Experiment, parameters: ReadonlyMap<string, { data: unknown }>) {
  const at = (name: string) => [...(parameters.get(name)!.data as Float32Array)];
  const { x, wanted } = experiment.follow!.points;
  const leaky = (z: number) => (z > 0 ? z : 0.01 * z);
  const [W0, b0, W1, b1] = ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"].map(at);
  const h = [0, 1].map((p) => W0!.map((w, i) => leaky(w * (x.data[p] as number) + b0![i]!)));
  const y = h.map((row) => row.reduce((sum, value, i) => sum + value * W1![i]!, b1![0]!));
  const dh2 = h[0]!.reduce((sum, value, i) => sum + (h[1]![i]! - value) ** 2, 0);
  const [dy, wish] = [y[1]! - y[0]!, (wanted.data[1] as number) - (wanted.data[0] as number)];
  const loss = y.reduce((sum, value, p) => sum + (value - (wanted.data[p] as number)) ** 2 / 4, 0);
  return { dh2, dy2: dy * dy, w: dy * (dy - wish), loss };
}

describe("followed points", () => {
  it("are what the network computes by hand, before the first step and behind the last", async () => {
    const experiment = built({ depth: 1, width: 5, layer: 0 });
    const { rows, result } = await followed(experiment, 40);
    expect(rows.map(({ step }) => step)).toEqual(Array.from({ length: 41 }, (_, step) => step));
    const initial = experiment.network.graph.initializers;
    for (const [row, parameters] of [
      [rows[0]!, initial],
      [rows.at(-1)!, result.parameters],
    ] as const) {
      const expected = byHand(experiment, parameters);
      expect(row.dh2[0]![0]).toBeCloseTo(expected.dh2, 6);
      expect(row.dy2[0]).toBeCloseTo(expected.dy2, 6);
      expect(row.w[0]).toBeCloseTo(expected.w, 6);
      expect(row.loss).toBeCloseTo(expected.loss, 6);
    }
    expect(rows.at(-1)!.dh2[0]![0]).not.toBeCloseTo(rows[0]!.dh2[0]![0]!, 3);
  });

  it.each(["leaky-relu", "tanh", "skip", "cnn"])(
    "of %s are the same from the step and from a pass of their own",
    async (architecture) => {
      const more = architecture === "cnn" ? { width: 60, depth: 3 } : {};
      const [own, other] = [built({ architecture, ...more }), apart(built({ architecture, ...more }))];
      const [first, second] = [await followed(own, 12), await followed(other, 12)];
      expect(first.rows).toHaveLength(13);
      first.rows.forEach((row, i) => {
        const twin = second.rows[i]!;
        row.dh2.forEach((values, l) => {
          expect(values[0]).toBeCloseTo(twin.dh2[l]![0]!, 5);
        });
        expect(row.w[0]).toBeCloseTo(twin.w[0]!, 5);
        expect(row.loss).toBeCloseTo(twin.loss, 5);
      });
    },
  );

  it("are looked at every so many steps, at the same values", async () => {
    const every = await followed(built({}), 40);
    for (const experiment of [built({ followEvery: 7 }), apart(built({ followEvery: 7 }))]) {
      const some = await followed(experiment, 40);
      expect(some.rows.map(({ step }) => step)).toEqual([0, 7, 14, 21, 28, 35, 40]);
      for (const row of some.rows) expect(row.w[0]).toBeCloseTo(every.rows[row.step]!.w[0]!, 6);
    }
  });

  it.each(["leaky-relu", "dropout"])("of %s go on bit for bit in a resumed run", async (architecture) => {
    const due = milestones({ steps: 40, every: "log", checkpointEvery: 10 });
    const checkpoints = new Map<number, Uint8Array>();
    const observer = { onCheckpoint: (step: number, bytes: Uint8Array) => checkpoints.set(step, bytes) };
    const whole = await followed(built({ architecture }), 40, { milestones: due, observer });
    const rest = await followed(built({ architecture }), 40, { milestones: due, resume: checkpoints.get(20)! });
    expect(rest.rows).toEqual(whole.rows.filter(({ step }) => step >= 20));
    expect(rest.result.parameters).toEqual(whole.result.parameters);
  });

  it("train by plain SGD as by the update that weight decay takes", async () => {
    const [plain, decayed] = await Promise.all(
      [{}, { decay: 1e-30 }].map(async (more) => (await followed(built(more), 40)).result.parameters),
    );
    const initial = built({}).network.graph.initializers;
    for (const [name, { data }] of plain!) {
      const [own, other] = [data, decayed!.get(name)!.data].map((values) => [...(values as Float32Array)]);
      own!.forEach((value, i) => {
        expect(value).toBeCloseTo(other![i]!, 5);
      });
      expect(own).not.toEqual([...(initial.get(name)!.data as Float32Array)]);
    }
  });

  it("of several points come in all pairs", async () => {
    const experiment = built({});
    const x = float32([-1, 0, 0.5], [3, 1]);
    const target = float32([0, 1, 1], [3, 1]);
    const points = { names: ["a", "b", "c"], x, target, wanted: target };
    const { rows } = await followed({ ...experiment, follow: { points, every: 5 } }, 5);
    expect(rows[0]!.dh2.map((values) => values.length)).toEqual([3, 3, 3]);
    expect(pairsOf(3)).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
    ]);
    expect(squaredDistances(x, pairsOf(3))).toEqual([1, 2.25, 0.25]);
    const two = { names: ["a", "c"], x: float32([-1, 0.5], [2, 1]), target: float32([0, 1], [2, 1]) };
    const pair = { ...two, wanted: two.target };
    const alone = await followed({ ...experiment, follow: { points: pair, every: 5 } }, 5);
    expect(alone.rows[1]!.dh2[2]![0]).toBeCloseTo(rows[1]!.dh2[2]![1]!, 6);
  });

  it("drop values in training alone, as much as asked", async () => {
    const experiment = built({ architecture: "dropout", dropout: 0.4, width: 400 });
    const masks = (await experiment.data.draw(10))["data/mask/1"]!;
    const values = [...(masks.data as Float32Array)];
    expect(new Set(values.map((value) => value.toFixed(4)))).toEqual(new Set(["0.0000", "1.6667"]));
    const dropped = values.filter((value) => value === 0).length / values.length;
    expect(Math.abs(dropped - 0.4)).toBeLessThan(4 * Math.sqrt((0.4 * 0.6) / values.length));
    const kept = built({ dropout: 0.4, width: 400 });
    const [first] = (await followed(experiment, 1)).rows;
    expect(first!.dh2[2]![0]).toBeCloseTo((await followed(kept, 1)).rows[0]!.dh2[2]![0]!, 6);
  });

  it.each([
    [
      "res1",
      { width: 0.0625, batch: 20, samples: 20, lr: 0.05, schedule: "constant" },
      { file: (name: string) => cifar[name] },
    ],
    ["mlp", { hidden: "10,6", batch: 20, lr: 0.1, schedule: "constant" }, { file: (name: string) => mnist.get(name) }],
  ])("of %s ride along with batches, as the trained network sees them", async (name, given, surroundings) => {
    const build = async (steps: number) => {
      const { experiment } = buildExperiment(name, { ...given, steps }, surroundings);
      return { ...experiment, follow: await followSamples(nodeEngine, experiment, [0, 4, 11], 2) };
    };
    const due = { measure: [], record: [], checkpoint: [] };
    const [short, long] = [await build(4), await build(6)];
    const end = (await followed(short, 4, { milestones: due })).rows.at(-1)!; // by a program of its own
    // within the steps
    const along = (await followed(long, 6, { milestones: due })).rows.find(({ step }) => step === 4)!;
    expect(along.dh2).toHaveLength(name === "res1" ? 5 : 2);
    expect(along.dh2.flatMap((row) => [...row])).toEqual(
      end.dh2.flatMap((row) => [...row]).map((value) => expect.closeTo(value, 4)),
    );
    expect(along.loss).toBeCloseTo(end.loss, 5);
    const { wanted, target } = long.follow.points;
    expect([...(wanted.data as Float32Array)].filter((value) => value === 1)).toHaveLength(3);
    expect(wanted.data[Number(target.data[0])]).toBe(1);
    const error = along.dy2[0]! - along.w[0]!; // dy . dy*, of one-hot targets
    expect(Math.abs(error)).toBeLessThanOrEqual(Math.sqrt(2 * along.dy2[0]!) + 1e-6);
  });

  it("are held-out samples of another setting", async () => {
    const { experiment } = buildExperiment("fc2", {
      depth: 2,
      width: 10,
      inputs: 6,
      outputs: 3,
      samples: 40,
      steps: 8,
    });
    const follow = await followSamples(nodeEngine, experiment, [3, 0, 39], 2);
    expect(follow.points.x.shape).toEqual([3, 6]);
    const { rows } = await followed({ ...experiment, follow }, 8);
    expect(rows.map(({ step }) => step)).toEqual([0, 2, 4, 6, 8]);
    expect(rows[0]!.dy2).toHaveLength(3);
    await expect(followSamples(nodeEngine, experiment, [3, 40], 2)).rejects.toThrow(
      /^follow: expected samples from 0 to 39, got 40$/,
    );
    await expect(followSamples(nodeEngine, experiment, [3, 3], 2)).rejects.toThrow(/two different samples or more/);
    const nameless = { ...experiment, network: { ...experiment.network, hidden: [] } };
    await expect(followSamples(nodeEngine, nameless, [0, 1], 2)).rejects.toThrow(/names its hidden representations/);
    const { points } = follow;
    expect(() => new Follower(experiment, { points, every: 0 })).toThrow(/whole number of steps/);
  });
});
