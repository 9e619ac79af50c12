/**
 * @file Setting twopoint-mnist: MNIST regressed on one-hot labels while some training images are followed: by
 * default a zero and a one, the pair of Fig. 4 of van Rossem & Saxe (arXiv 2402.09142); with more, images of all
 * classes.
 */
import { z } from "zod";
import { type ImageSet, loadIdxFolder } from "../../data/idxFolder.ts";
import { objective } from "../../objectives/objective.ts";
import { count, field, wholeFromZero } from "../../parameters/field.ts";
import { ParameterError } from "../../parameters/parse.ts";
import { Random } from "../../random/random.ts";
import { finiteSet, type LabelledBytes, type PixelScale, rowsOf, type TargetForm } from "../../train/finiteSet.ts";
import type { FollowedPoints } from "../../train/follow.ts";
import { batches, pixelScale } from "../mlp.ts";
import { optimization } from "../optimization.ts";
import { defineSetting } from "../setting.ts";
import { sharedFields } from "../sharedFields.ts";
import { buildNetwork, followFields, lookEvery, networkFields, withMasks } from "./network.ts";

const table = "paper (2402.09142), the authors' table of settings: trajectories";
/** Batches of 64 in an epoch of 60,000 samples. */
const EPOCH = 937;

export const mnistPair = defineSetting({
  name: "twopoint-mnist",
  needsData: true,
  every: 50 * EPOCH, // a measurement takes as long as several epochs
  parameters: z.object({
    ...networkFields({ depth: 4, width: 200, gain: 0.5 }),
    ...followFields(2),
    images: field(
      count.pipe(z.number().min(2, "2 or more")),
      2,
      "number of followed training images: 2, of the two given classes; more, of all classes",
      "paper (2402.09142), Fig. 4",
    ),
    first: field(wholeFromZero, 0, "class of the first of two images", "paper (2402.09142), Fig. 4: 0"),
    second: field(wholeFromZero, 1, "class of the second", "paper (2402.09142), Fig. 4: 1"),
    samples: field(count, 3000, "most test samples whose alignments are measured", "chosen: as fc2"),
    ...sharedFields({
      steps: [200 * EPOCH, `${table}, 200 epochs`],
      batch: [64, "paper (2402.09142), the authors' code"],
      lr: [0.003, table],
      momentum: [0, "paper (2402.09142): gradient descent"],
      decay: [0, "paper (2402.09142): none"],
    }),
  }),
  presets: {
    short: { summary: "40 epochs", parameters: { steps: 40 * EPOCH } },
    structure: {
      summary: "100 images of all classes, Adam, as the authors' mnist_structure",
      parameters: { images: 100, optimizer: "adam", lr: 0.005, followEvery: 20 * EPOCH },
    },
  },
  build(p, { file }) {
    if (file === undefined)
      throw new ParameterError(
        "twopoint-mnist: expected a folder with IDX files, got none; pass --data DIR (crh data get mnist fetches MNIST)",
      );
    const images = loadIdxFolder(file);
    if (p.batch > images.train.n)
      throw new ParameterError(
        `twopoint-mnist: expected a batch of at most ${images.train.n} samples, got ${p.batch}; lower batch`,
      );
    const random = new Random(p.seed);
    const form: TargetForm = { kind: "one-hot", classes: images.classes };
    const pixels = pixelScale(images);
    const train: LabelledBytes = { ...images.train, d: images.d };
    const test: LabelledBytes = { ...images.test, d: images.d };
    const samples = Math.min(p.samples, test.n);
    const size = { inputs: images.d, outputs: images.classes };
    const chosen = p.images === 2 ? onePair(images, p, random.split("pair")) : byClass(images, p.images);
    const data = finiteSet(train, { batch: p.batch, random: random.split("data"), pixels, form });
    return {
      network: buildNetwork("twopoint-mnist", p, size, random.split("network")),
      objective: objective("half-mse"),
      ...optimization(p),
      data: withMasks(p, data, random.split("masks")),
      follow: { points: followedImages(train, chosen, pixels, form), every: lookEvery(p, chosen.length) },
      evaluation: async () => batches(test, samples, pixels, form),
      test: () => batches(test, test.n, pixels, form),
      evaluationName: `${samples} test samples`,
    };
  },
});

/** One random training image of each of two classes. @throws ParameterError if there is none */
function onePair({ train }: ImageSet, p: { first: number; second: number }, random: Random): number[] {
  return [p.first, p.second].map((wanted) => {
    const places = [...train.y.keys()].filter((i) => train.y[i] === wanted);
    if (places.length === 0 || p.first === p.second)
      throw new ParameterError(
        `twopoint-mnist: expected first and second to be two classes of the set, got ${p.first} and ${p.second}`,
      );
    return places[random.below(places.length)]!;
  });
}

/** The first training images, class by class. */
function byClass({ train }: ImageSet, count: number): number[] {
  if (count > train.n)
    throw new ParameterError(`twopoint-mnist: expected at most ${train.n} images, got ${count}; lower images`);
  return Array.from({ length: count }, (_, i) => i).sort((i, j) => train.y[i]! - train.y[j]!);
}

function followedImages(
  train: LabelledBytes,
  chosen: readonly number[],
  pixels: PixelScale,
  form: TargetForm,
): FollowedPoints {
  const x = new Uint8Array(chosen.length * train.d);
  const y = Uint8Array.from(chosen, (i) => train.y[i]!);
  chosen.forEach((place, i) => {
    x.set(train.x.subarray(place * train.d, (place + 1) * train.d), i * train.d);
  });
  const rows = rowsOf({ n: chosen.length, d: train.d, x, y }, 0, chosen.length, pixels, form);
  return { names: chosen.map((place, i) => `${y[i]} (image ${place})`), ...rows, wanted: rows.target };
}
