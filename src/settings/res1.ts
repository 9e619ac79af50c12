/**
 * @file Setting res1 of arXiv 2410.03006: ResNet-18 with two fully connected layers at its end, classifying CIFAR-10.
 * Every linear map is measured on test images, convolutions by patches and channels.
 */
import { z } from "zod";
import { cropFlip } from "../data/augment/augmentation.ts";
import { resnet18 } from "../networks/resnet18.ts";
import { objective } from "../objectives/objective.ts";
import { count, field, flag } from "../parameters/field.ts";
import { Random } from "../random/random.ts";
import { augmentedImages, imageFeeds } from "../train/imageData.ts";
import { checkAccumulate } from "./accumulate.ts";
import { cifarOf, drawn, FORWARD_BATCH, imageFields, measuredBatch, scaleOf } from "./imageSetting.ts";
import { optimization } from "./optimization.ts";
import { defineSetting } from "./setting.ts";
import { sharedFields } from "./sharedFields.ts";

const paper = "paper, appendix C.1 (res1)";

const parameters = z.object({
  ...imageFields,
  augment: field(flag, true, "shifted crops and flips of the training images", `${paper}: standard augmentation`),
  samples: field(count, 1000, "most test images measured", "chosen: a million patches in the first stage"),
  ...sharedFields({
    steps: [78_000, `${paper}: 200 epochs, of 390 steps`],
    batch: [128, paper],
    lr: [0.01, paper],
    momentum: [0.9, paper],
    decay: [5e-4, "chosen: usual for ResNets on CIFAR-10; the paper leaves it open"],
    schedule: ["cosine", paper],
  }),
  accumulate: field(
    count,
    1,
    "parts of a batch whose gradients are averaged before an update; each is normalized by its own statistics, as in PyTorch",
    "chosen: statistics of whole batches",
  ),
});

export const res1 = defineSetting({
  name: "res1",
  needsData: true,
  parallel: true,
  parameters,
  presets: {
    small: {
      summary: "a quarter of the width, for some ten minutes on two cores and 10,000 images",
      parameters: { width: 0.25, steps: 1560, batch: 64, lr: 0.05, samples: 300 },
      every: 520,
    },
  },
  build(p, folder) {
    checkAccumulate("res1", p);
    const images = cifarOf("res1", folder, p.batch);
    const { shape } = images;
    const scale = scaleOf(images);
    const random = new Random(p.seed);
    const samples = Math.min(p.samples, images.test.n);
    return {
      network: resnet18({ outputs: images.classes, width: p.width, side: shape.height }, random.split("network")),
      objective: objective("cross-entropy"),
      ...optimization(p),
      data: augmentedImages(images.train, {
        ...drawn(p, images, { ...folder, random }),
        augment: p.augment ? cropFlip : { kind: "none" },
      }),
      ...(p.accumulate > 1 ? { parts: p.accumulate, notes: [partsNote(p)] } : {}),
      callSteps: 1,
      largestSide: p.limit,
      positions: p.positions,
      evaluation: async () =>
        imageFeeds(images.test, { shape, scale, samples, batch: measuredBatch(p.width, shape, p.positions) }),
      test: () => imageFeeds(images.test, { shape, scale, samples: images.test.n, batch: FORWARD_BATCH }),
      evaluationName: `${samples} test images`,
    };
  },
});

function partsNote({ batch, accumulate }: { batch: number; accumulate: number }): string {
  return (
    `BatchNormalization takes the statistics of parts of ${batch / accumulate} images, ${accumulate} parts a step, ` +
    "and its running statistics follow part by part."
  );
}
