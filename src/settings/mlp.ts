/**
 * @file Setting mlp: a fully connected classifier on images in IDX files (MNIST and sets of the same layout), with
 * accuracy in addition to alignments. Not a setting of the paper, but the smallest one on real data.
 */
import { z } from "zod";
import { type ImageSet, loadIdxFolder } from "../data/idxFolder.ts";
import { activations } from "../networks/activation.ts";
import { mlp as buildMlp, initialisations } from "../networks/mlp.ts";
import { objective } from "../objectives/objective.ts";
import { count, field, flag } from "../parameters/field.ts";
import { ParameterError } from "../parameters/parse.ts";
import { type Feeds, TARGET } from "../probe/feeds.ts";
import { MOST_GROUPS } from "../probe/groupCount.ts";
import { Random } from "../random/random.ts";
import { finiteSet, type LabelledBytes, type PixelScale, rowsOf, type TargetForm } from "../train/finiteSet.ts";
import { optimization } from "./optimization.ts";
import { defineSetting } from "./setting.ts";
import { sharedFields } from "./sharedFields.ts";

/** chosen: rows per measured batch; bounds memory at 784 inputs to a few megabytes. */
const EVALUATION_BATCH = 500;

const positiveWidths = "widths of 1 or more, such as 256,256";
const widths = z
  .union([z.array(z.number()), z.string().transform((text) => text.split(",").map(Number))])
  .refine((list) => list.every((width) => Number.isInteger(width) && width > 0), positiveWidths);

const parameters = z.object({
  hidden: field(widths, [256, 256], "widths of the hidden layers, comma-separated", "chosen"),
  activation: field(z.enum(activations), "relu", "activation of the hidden layers", "chosen"),
  initialisation: field(z.enum(initialisations), "torch", "initial weights", "chosen: the default of torch.nn.Linear"),
  objective: field(
    z.enum(["mse", "cross-entropy"]),
    "cross-entropy",
    "loss; mse regresses on one-hot labels",
    "chosen",
  ),
  normalize: field(
    flag,
    true,
    "subtract mean and divide by deviation of the training pixels",
    "chosen: common practice",
  ),
  measureOn: field(z.enum(["test", "train"]), "test", "samples measured", "paper, appendix C.1: unseen points"),
  samples: field(count, 3000, "most samples measured; loss and accuracy are of the whole test set", "chosen: as fc2"),
  ...sharedFields({
    steps: [6_000, "chosen: ten epochs of MNIST"],
    batch: [100, "chosen: as for fc1 and fc2"],
    lr: [0.05, "chosen"],
    schedule: ["cosine", "chosen: a rate that ends at 0 gains half a percent of accuracy on MNIST"],
    momentum: [0.9, "chosen: as fc2"],
    decay: [1e-4, "chosen: as fc2"],
  }),
});

export const mlp = defineSetting({
  name: "mlp",
  needsData: true,
  parameters,
  presets: {
    small: {
      summary:
        "seconds on two cores: layers of 64, less than two epochs of MNIST; RGA rises in every layer, and the rate ends at 0 before " +
        "training has converged",
      parameters: { hidden: [64, 64], samples: 1600, steps: 1000 },
    },
  },
  build(p, { file }) {
    if (file === undefined)
      throw new ParameterError(
        "mlp: expected a folder with IDX files, got none; pass --data DIR (crh data get mnist fetches MNIST)",
      );
    const images = loadIdxFolder(file);
    const random = new Random(p.seed);
    const loss = objective(p.objective);
    const form: TargetForm =
      loss.classAxis !== undefined ? { kind: "index" } : { kind: "one-hot", classes: images.classes };
    const pixels = p.normalize ? pixelScale(images) : { mean: 0, sd: 1 };
    const train: LabelledBytes = { ...images.train, d: images.d };
    if (p.batch > train.n)
      throw new ParameterError(`mlp: expected a batch of at most ${train.n} samples, got ${p.batch}; lower batch`);
    const measured: LabelledBytes = { ...images[p.measureOn], d: images.d };
    const samples = Math.min(p.samples, measured.n);
    return {
      network: buildMlp({ ...p, widths: [images.d, ...p.hidden, images.classes] }, random.split("network")),
      objective: loss,
      ...optimization(p),
      data: finiteSet(train, { batch: p.batch, random: random.split("data"), pixels, form }),
      evaluation: async () => batches(measured, samples, pixels, form),
      test: () => batches({ ...images.test, d: images.d }, images.test.n, pixels, form),
      evaluationName: `${samples} ${p.measureOn} samples`,
    };
  },
});

export function batches(set: LabelledBytes, samples: number, pixels: PixelScale, form: TargetForm): Feeds[] {
  const size = Math.max(1, Math.min(EVALUATION_BATCH, Math.ceil(samples / MOST_GROUPS)));
  return Array.from({ length: Math.ceil(samples / size) }, (_, i) => {
    const { x, target } = rowsOf(set, i * size, Math.min(samples, (i + 1) * size), pixels, form);
    return { x, [TARGET]: target };
  });
}

/** Mean and standard deviation of all training pixels, scaled to [0, 1]. */
export function pixelScale({ train }: ImageSet): PixelScale {
  const histogram = new Float64Array(256);
  for (const byte of train.x) histogram[byte]!++;
  let [sum, squares] = [0, 0];
  histogram.forEach((times, byte) => {
    sum += (times * byte) / 255;
    squares += times * (byte / 255) ** 2;
  });
  const mean = sum / train.x.length;
  const sd = Math.sqrt(squares / train.x.length - mean * mean);
  return { mean, sd: sd > 0 ? sd : 1 };
}
