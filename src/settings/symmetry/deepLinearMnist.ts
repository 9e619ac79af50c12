/**
 * @file Setting deep-linear-mnist: a chain of linear maps on the one-hot digits of MNIST, by SGD on single images
 * without decay. The norms of the inner maps approach one another; those of the first and the last map do not.
 */
import { z } from "zod";
import { type ImageSet, loadIdxFolder } from "../../data/idxFolder.ts";
import { objective } from "../../objectives/objective.ts";
import { count, field, layerCount } from "../../parameters/field.ts";
import { ParameterError } from "../../parameters/parse.ts";
import { Random } from "../../random/random.ts";
import { freshSamples, type SampleSource } from "../../train/freshSamples.ts";
import { optimization } from "../optimization.ts";
import { defineSetting } from "../setting.ts";
import { chain } from "./chain.ts";
import { chainWatch } from "./chainWatch.ts";
import { startFields, startGains } from "./deepLinear.ts";
import { NOISE, noiseFields } from "./fields.ts";
import { heldOut } from "./linearTask.ts";

const { descent: _, ...shared } = noiseFields({
  steps: [50_000, "chosen: a minute or two on two cores"],
  lr: [0.015, "chosen: the largest round value at which every tested start is stable"],
  schedule: ["constant", `${NOISE}: constant`],
});

export const deepLinearMnist = defineSetting({
  name: "deep-linear-mnist",
  needsData: true,
  parameters: z.object({
    depth: field(
      layerCount.pipe(z.number().min(2, "2 or more")),
      5,
      "maps",
      "chosen: three between the first and the last",
    ),
    width: field(count, 12, "hidden dimension", "chosen: a little more than the ten classes"),
    ...startFields(1.5, "products of several maps else begin near 0"),
    ...shared,
  }),
  presets: { unequal: { summary: "maps that start at different sizes", parameters: { unequal: true } } },
  build(p, { file }) {
    if (file === undefined)
      throw new ParameterError(
        "deep-linear-mnist: expected a folder with IDX files, got none; pass --data DIR (crh data get mnist fetches MNIST)",
      );
    const images = loadIdxFolder(file);
    const random = new Random(p.seed);
    const mean = meanImage(images);
    const widths = [images.d, ...new Array<number>(p.depth - 1).fill(p.width), images.classes];
    return {
      network: chain({ widths, gains: startGains(p.depth, p) }, random.split("network")),
      objective: objective("squared-error"),
      ...optimization(p),
      data: freshSamples(imagesOf(images, "train", mean), p.batch, random.split("data")),
      watch: chainWatch(p.depth),
      evaluation: async () => heldOut(imagesOf(images, "test", mean), p.samples, random.split("evaluation")),
      evaluationName: `${p.samples} test images`,
    };
  },
});

/** Images drawn at random with replacement: pixels in [0, 1] minus their mean over the training set, one-hot labels. */
function imagesOf({ d, classes, ...sets }: ImageSet, which: "train" | "test", mean: Float64Array): SampleSource {
  const { n, x: pixels, y } = sets[which];
  return {
    inputs: d,
    outputs: classes,
    draw(random, x, target) {
      const at = random.below(n);
      for (let j = 0; j < d; j++) x[j] = pixels[at * d + j]! / 255 - mean[j]!;
      target[y[at]!] = 1;
    },
  };
}

function meanImage({ train: { n, x }, d }: ImageSet): Float64Array {
  const sum = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) sum[j]! += x[i * d + j]!;
  return sum.map((value) => value / (255 * n));
}
