/**
 * @file Setting res2 of arXiv 2410.03006: ResNet-18 learning without labels by SimCLR. Two views of an image are
 * trained to have the nearest embeddings. The two fully connected layers are the projection head; a linear probe
 * measures the information in the features before it.
 */
import { z } from "zod";
import { simclr } from "../data/augment/augmentation.ts";
import type { ImageSplit } from "../data/cifarFolder.ts";
import { resnet18 } from "../networks/resnet18.ts";
import { objective } from "../objectives/objective.ts";
import { count, field, positive } from "../parameters/field.ts";
import { Random } from "../random/random.ts";
import { imageFeeds, twoViews, viewFeeds } from "../train/imageData.ts";
import { optimizerNames } from "../train/optimizer.ts";
import { cifarOf, drawn, FORWARD_BATCH, imageFields, scaleOf } from "./imageSetting.ts";
import { optimization } from "./optimization.ts";
import { defineSetting } from "./setting.ts";
import { sharedFields } from "./sharedFields.ts";

const paper = "paper, appendix C.1 (res2)";

const parameters = z.object({
  ...imageFields,
  embedding: field(count, 128, "dimensions of the embedding", paper),
  temperature: field(positive, 0.5, "temperature of NT-Xent", "chosen: SimCLR's on CIFAR-10; the paper leaves it open"),
  samples: field(count, 512, "most test images measured, two views each", "chosen"),
  measuredBatch: field(
    count,
    64,
    "test images that are each other's negatives in a measurement",
    "chosen: bounds memory",
  ),
  probed: field(count, 10_000, "most training images for the linear probe", "chosen"),
  ...sharedFields({
    steps: [97_000, `${paper}: 1000 epochs, of 97 steps`],
    batch: [512, `${paper}; pairs of views, each other's negatives, so that a batch is taken whole`],
    lr: [1e-3, "chosen: the paper leaves it open"],
    momentum: [0, "chosen: not used by adam"],
    decay: [5e-5, paper],
    schedule: ["cosine", "chosen: as res1"],
  }),
  optimizer: field(
    z.enum(optimizerNames),
    "adam",
    "update rule, as in torch.optim",
    "chosen: the paper leaves it open",
  ),
});

export const res2 = defineSetting({
  name: "res2",
  needsData: true,
  parallel: true,
  parameters,
  presets: {
    small: {
      summary: "a quarter of the width and smaller batches, for some ten minutes on two cores and 10,000 images",
      parameters: { width: 0.25, steps: 800, batch: 64, samples: 128, probed: 5000 },
      every: 400,
    },
  },
  build(p, folder) {
    const images = cifarOf("res2", folder, p.batch);
    const { shape, train, test, classes } = images;
    const scale = scaleOf(images);
    const random = new Random(p.seed);
    const network = resnet18({ outputs: p.embedding, width: p.width, side: shape.height }, random.split("network"));
    const samples = Math.min(p.samples, test.n);
    const labelled = (set: ImageSplit, most: number) =>
      imageFeeds(set, { shape, scale, samples: Math.min(most, set.n), batch: FORWARD_BATCH });
    const batch = Math.min(p.measuredBatch, samples);
    return {
      network,
      objective: objective("nt-xent", { temperature: p.temperature }),
      ...optimization(p),
      data: twoViews(train, { ...drawn(p, images, { ...folder, random }), augment: simclr }),
      callSteps: 1,
      largestSide: p.limit,
      positions: p.positions,
      evaluation: async () =>
        viewFeeds(test, { shape, scale, samples, batch, augment: simclr, random: random.split("views") }),
      linearProbe: {
        features: network.features!,
        train: () => labelled(train, p.probed),
        test: () => labelled(test, test.n),
        classes,
      },
      evaluationName: `two views of ${samples} test images, ${batch} images a batch`,
    };
  },
});
