/** @file Snapshots of networks measured in parts, against the same measured whole. */
import { expect, test } from "vitest";
import { inMemory } from "../../src/data/byteSource.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import type { Snapshot, SnapshotOptions } from "../../src/measure/snapshot.ts";
import type { Moments } from "../../src/moments/moments.ts";
import type { Experiment } from "../../src/train/experiment.ts";
import { train } from "../../src/train/train.ts";
import type { TrainObserver } from "../../src/train/trainOptions.ts";
import { LayerPool } from "../../src/workers/layerPool.ts";
import { SnapshotInParts } from "../../src/workers/snapshotInParts.ts";
import { expectAlike } from "../cli/expectAlike.ts";
import { buildExperiment } from "../settings/loadedSettings.ts";

const STEPS = 2;
const text = new TextEncoder().encode("in parts, or whole? ".repeat(200));
const surroundings = { list: () => ["text.txt"], open: () => inMemory(text) };
const build = (): Experiment =>
  buildExperiment(
    "llm",
    { layers: 2, heads: 2, width: 8, context: 6, batch: 4, samples: 12, validation: 4, steps: STEPS },
    surroundings,
  ).experiment;

/** Snapshots at steps 0 and 2: the second compares itself with the first. */
async function snapshots(
  observe: (found: (snapshot: Snapshot, kept: Moments) => void, options: () => SnapshotOptions) => TrainObserver,
) {
  const all: Snapshot[] = [];
  let previous: Moments | undefined;
  const options = (): SnapshotOptions => ({
    training: { lr: 0.1, decay: 1e-3, momentum: 0, batch: 4, optimizer: "sgd" },
    ...(all[0] && previous ? { initial: all[0], previous, start: previous } : {}),
  });
  const observer = observe((snapshot, kept) => {
    all.push(snapshot);
    previous = kept;
  }, options);
  await train(nodeEngine, build(), {
    steps: STEPS,
    milestones: { measure: [0, STEPS], record: [], checkpoint: [] },
    observer,
  });
  return all;
}

test("a run that is measured a layer at a time has the snapshots of one that is measured whole, changes and exponents included", async () => {
  const measuring = new LayerPool();
  const whole = await snapshots((found, options) => ({
    async onMeasurement(_, measurement) {
      found(await measuring.snapshot(measurement.total, { ...measurement, ...options() }), measurement.total);
    },
  }));
  let shares: number[] = [];
  let inParts: SnapshotInParts | undefined;
  let done = 0;
  const parts = await snapshots((found, options) => ({
    onMeasuring: (_, share) => shares.push(share),
    parts: {
      bytes: 1,
      async onPart(_, part, network) {
        inParts ??= new SnapshotInParts(measuring, network);
        await inParts.add(part.groups, { ...part, ...options() }, (layers) => {
          expect(layers).toBe(++done);
        });
      },
      onEnd(_, summary) {
        const { snapshot, kept } = inParts!.finished({ ...summary, ...options() });
        expect(inParts!.isKept).toBe(true);
        found(snapshot, kept);
        inParts = undefined;
        done = 0;
        expect(shares.at(-1)).toBe(1);
        expect(shares).toEqual(shares.toSorted((x, y) => x - y));
        shares = [];
      },
    },
  }));
  expect(parts).toHaveLength(2);
  expect(parts[1]!.layers.filter(({ exponents }) => exponents !== undefined).length).toBeGreaterThan(0);
  for (const key of ["change", "residuals", "phase", "collapse", "baselines"])
    expect(parts[1]!.layers.some((layer) => key in layer)).toBe(true);
  expectAlike(parts, whole, "snapshots");
});
