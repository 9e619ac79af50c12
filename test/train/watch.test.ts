/** Watched numbers: when they are looked at, that they change nothing, that a resumed run has the same. */
import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { parseParameters } from "../../src/parameters/parse.ts";
import { milestones } from "../../src/train/milestones.ts";
import { train } from "../../src/train/train.ts";
import type { Metric } from "../../src/train/trainOptions.ts";
import { type Watch, Watcher } from "../../src/train/watch.ts";
import { loadedSetting } from "../settings/loadedSettings.ts";

const STEPS = 150;
const group = { title: "Norm", axis: "norm", quantities: { norm: "root of the sum of squares", gone: "never finite" } };

function watch(changes: Partial<Watch> = {}): Watch {
  return {
    groups: [group],
    of(values) {
      const all = [...values.values()].flatMap(({ data }) => Array.from(data as Float32Array));
      return { norm: Math.hypot(...all), gone: Number.NaN };
    },
    ...changes,
  };
}

async function record(watched?: Watch, resume?: Uint8Array) {
  const setting = loadedSetting("fc2");
  const small = { depth: 1, width: 8, inputs: 6, outputs: 3, terms: 4, batch: 5, samples: 40, steps: STEPS };
  const experiment = setting.build(parseParameters(setting, small) as never, {});
  const metrics: Metric[] = [];
  const checkpoints = new Map<number, Uint8Array>();
  const result = await train(nodeEngine, watched === undefined ? experiment : { ...experiment, watch: watched }, {
    steps: STEPS,
    milestones: milestones({ steps: STEPS, every: 50, checkpointEvery: 60 }),
    ...(resume === undefined ? {} : { resume }),
    observer: {
      onMetrics: (rows) => metrics.push(...rows),
      onCheckpoint: (step, bytes) => checkpoints.set(step, bytes),
    },
  });
  return { metrics, checkpoints, parameters: [...result.parameters.values()].map(({ data }) => data) };
}
const steps = (metrics: readonly Metric[], name = "watch/norm") =>
  metrics.filter((row) => row.name === name).map(({ step }) => step);

describe("watched numbers", () => {
  test("are there at step 0, wherever the loss is recorded and at the end, and nothing else changes", async () => {
    const [with_, without] = [await record(watch()), await record()];
    expect(steps(with_.metrics)).toEqual([0, ...steps(with_.metrics, "train/loss")]);
    expect(with_.metrics.filter(({ name }) => !name.startsWith("watch/"))).toEqual(without.metrics);
    expect(with_.parameters).toEqual(without.parameters);
    expect(with_.checkpoints).toEqual(without.checkpoints);
  });

  test("are there every so many steps, or where moments are measured", async () => {
    expect(steps((await record(watch({ every: 47 }))).metrics)).toEqual([0, 47, 94, 141, 150]);
    expect(steps((await record(watch({ every: "measurements" }))).metrics)).toEqual([0, 50, 100, 150]);
  });

  test("are the same, bit for bit, in a run that goes on from a checkpoint", async () => {
    const whole = await record(watch({ every: 7 }));
    for (const step of [0, 60, 120]) {
      const resumed = await record(watch({ every: 7 }), whole.checkpoints.get(step)!);
      expect(resumed.metrics).toEqual(whole.metrics.filter((row) => row.step > step));
      expect(resumed.checkpoints.get(STEPS)).toEqual(whole.checkpoints.get(STEPS));
    }
  });

  test("that are not finite are left out", async () => {
    expect(steps((await record(watch())).metrics, "watch/gone")).toEqual([]);
  });

  test.each([
    [{ groups: [group, group] }, /^watch: expected a name for each quantity, got norm twice; rename one$/],
    [{ every: 0 }, /^watch: expected a whole number of steps between looks, got 0$/],
    [{ every: 1.5 }, /got 1.5$/],
  ])("refuse %j in one line", (changes, message) => {
    expect(() => new Watcher(watch(changes as Partial<Watch>))).toThrow(message);
  });

  test("refuse a quantity that no group names", () => {
    const unnamed = new Watcher(watch({ of: () => ({ other: 1 }) }));
    expect(() => unnamed.look(0, new Map())).toThrow(/^watch: expected values of norm, gone, got other/);
  });
});
