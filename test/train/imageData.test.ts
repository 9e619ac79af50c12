import { expect, test } from "vitest";
import { cropFlip, simclr } from "../../src/data/augment/augmentation.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { mlp } from "../../src/networks/mlp.ts";
import { objective } from "../../src/objectives/objective.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { int64, type Tensor } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";
import type { Experiment } from "../../src/train/experiment.ts";
import { augmentedImages, imageFeeds, twoViews, viewFeeds } from "../../src/train/imageData.ts";
import { milestones } from "../../src/train/milestones.ts";
import { optimizer } from "../../src/train/optimizer.ts";
import { schedule } from "../../src/train/schedule.ts";
import { train } from "../../src/train/train.ts";
import type { TrainingData } from "../../src/train/trainingData.ts";
import { augmentThreads } from "../../src/workers/augmentThreads.ts";
import { builtEntry } from "../builtEntry.ts";

const shape = { channels: 3, height: 4, width: 4 };
const n = 12;
const x = Uint8Array.from({ length: n * 48 }, (_, i) => (i * 29 + (i >> 4)) % 256);
const set = { n, x, y: Uint8Array.from({ length: n }, (_, i) => (i * 7) % 10) };
const scale = { mean: [0.5, 0.4, 0.3], sd: [0.25, 0.2, 0.5] };
const options = { batch: 4, scale, shape };

async function drawn(data: TrainingData, K: number) {
  const g = new GraphBuilder("data");
  const { x: images, target } = data.prepare(g);
  g.output(g.op("Identity", [images]), "x");
  g.output(g.op("Identity", [target]), "target");
  const program = await nodeEngine.compile({ graph: g.build(), opset: WORKING_OPSET }, {});
  try {
    const out = await program.run(await data.draw(K));
    return { x: out.x!, target: out.target! };
  } finally {
    await program.dispose();
  }
}

test("labelled images reach the network scaled per channel, with their own labels", async () => {
  const data = augmentedImages(set, { ...options, random: new Random(1), augment: { kind: "none" } });
  const batch = await drawn(data, 3);
  expect([batch.x.shape, batch.target.shape]).toEqual([
    [3, 4, 3, 4, 4],
    [3, 4],
  ]);
  const feeds = imageFeeds(set, { ...options, samples: n, batch: 6 });
  // for as many groups of samples
  expect(feeds.map(({ x: part }) => part!.shape)).toEqual(Array(12).fill([1, 3, 4, 4]));
  expect(feeds[0]!.x!.data[17]).toBeCloseTo((x[17]! / 255 - 0.4) / 0.2, 6);
  expect(feeds[6]!.x!.data[47]).toBeCloseTo((x[6 * 48 + 47]! / 255 - 0.3) / 0.5, 6);
  const rows = feeds.flatMap(({ x: part, target }) =>
    Array.from({ length: target!.data.length }, (_, i) => ({
      label: target!.data[i],
      pixels: Array.from(part!.data.slice(i * 48, (i + 1) * 48) as Float32Array),
    })),
  );
  const seen = Array.from({ length: 12 }, (_, i) => {
    const pixels = Array.from(batch.x.data.slice(i * 48, (i + 1) * 48) as Float32Array);
    const at = rows.findIndex((row) => row.pixels.every((value, j) => Math.abs(value - pixels[j]!) < 1e-5));
    expect(rows[at]!.label).toBe(batch.target.data[i]);
    return at;
  });
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
});

test("two views come in one batch, each with its partner's index, and as feeds that never change", async () => {
  const data = twoViews(set, { ...options, random: new Random(1), augment: simclr });
  expect([data.inputShape, data.target.shape]).toEqual([[8, 3, 4, 4], [8]]);
  const { x: images, target } = await drawn(data, 2);
  expect(images.shape).toEqual([2, 8, 3, 4, 4]);
  expect(Array.from(target.data, Number)).toEqual([4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3]);
  const views = () => viewFeeds(set, { ...options, samples: 10, augment: simclr, random: new Random(5) });
  expect(views().map(({ target: partners }) => Array.from(partners!.data, Number))).toEqual([
    [4, 5, 6, 7, 0, 1, 2, 3],
    [4, 5, 6, 7, 0, 1, 2, 3],
    [2, 3, 0, 1],
  ]);
  expect(views()).toEqual(views());
});

test("is saved and resumed exactly, also through JSON", async () => {
  const make = () => augmentedImages(set, { ...options, random: new Random(8), augment: cropFlip });
  const [first, second] = [make(), make()];
  await first.draw(4);
  second.restore(JSON.parse(JSON.stringify(first.state())));
  expect(await second.draw(3)).toEqual(await first.draw(3));
});

/** The images as rows, for a network of fully connected layers. */
function flat(data: TrainingData): TrainingData {
  return {
    ...data,
    inputShape: [4, 48],
    prepare(g) {
      const { x: images, target } = data.prepare(g);
      return { x: g.op("Reshape", [images, g.constant(int64([0, 0, -1]))]), target };
    },
  };
}

test("training on batches that threads made ends with the same numbers when it is broken off and resumed", async () => {
  const rows = () =>
    imageFeeds(set, { ...options, samples: n, batch: 6 }).map(({ x: images, target }) => ({
      x: { ...images!, shape: [1, 48] } as Tensor,
      target: target!,
    }));
  const experiment = (workers: number): Experiment => ({
    network: mlp({ widths: [48, 6, 10], activation: "gelu" }, new Random(3)),
    objective: objective("cross-entropy"),
    optimizer: optimizer({ kind: "adamw", decay: 0.01 }),
    schedule: schedule({ kind: "cosine", lr: 0.01, steps: 24 }),
    data: flat(
      augmentedImages(set, {
        ...options,
        random: new Random(4),
        augment: cropFlip,
        maker: augmentThreads(workers, builtEntry("workers/augmentWorker.js")),
      }),
    ),
    evaluation: async () => rows(),
    evaluationName: "all",
  });
  const run = async (workers: number, resume?: Uint8Array) => {
    const saved = new Map<number, Uint8Array>();
    const { parameters } = await train(nodeEngine, experiment(workers), {
      steps: 24,
      milestones: milestones({ steps: 24, every: 12, checkpointEvery: 7 }),
      observer: { onCheckpoint: (step, bytes) => saved.set(step, bytes) },
      ...(resume === undefined ? {} : { resume }),
    });
    return { parameters, saved };
  };
  const unbroken = await run(2);
  for (const step of [7, 14]) {
    const resumed = await run(1, unbroken.saved.get(step)!);
    expect(resumed.parameters).toEqual(unbroken.parameters);
    expect(resumed.saved.get(21)).toEqual(unbroken.saved.get(21));
  }
  expect((await run(0)).parameters).toEqual(unbroken.parameters);
});
