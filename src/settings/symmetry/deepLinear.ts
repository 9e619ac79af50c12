/**
 * @file Setting deep-linear: a chain of linear maps on y = V x + eps, anisotropic x and eps. Under SGD its maps become
 * equal in size by the norms of docs/theory.md Eq. 117, though not by plain norms.
 */
import { z } from "zod";
import { matrix } from "../../linalg/matrix.ts";
import { objective } from "../../objectives/objective.ts";
import { count, field, flag, layerCount, positive } from "../../parameters/field.ts";
import { Random } from "../../random/random.ts";
import { fixedBatch } from "../../train/fixedBatch.ts";
import { freshSamples } from "../../train/freshSamples.ts";
import { optimization } from "../optimization.ts";
import { defineSetting } from "../setting.ts";
import { chain } from "./chain.ts";
import { chainWatch } from "./chainWatch.ts";
import { NOISE, noiseFields } from "./fields.ts";
import { heldOut, linearSource, momentsOf, populationOf } from "./linearTask.ts";

/** chosen: a teacher of three modes of similar strength, singular values 1.06, 0.97 and 0.85. */
const V = [
  [1, 0.3, -0.1],
  [-0.2, 0.9, 0.3],
  [0.1, -0.3, 0.8],
];
/** chosen: variances in opposite orders, so that the first and the last map must differ in plain norms. */
const INPUT_VARIANCE = [2, 1, 0.4];
const NOISE_VARIANCE = [0.3, 1, 1.8];

/** chosen: factors of the initial weights, from the first map on, which then differ by a factor of two. */
const UNEQUAL = [1, 1.6, 0.8, 1.3];

/** Factors of the initial weights of each of the maps. */
export function startGains(maps: number, { gain, unequal }: { gain: number; unequal: boolean }): number[] {
  return Array.from({ length: maps }, (_, k) => gain * (unequal ? UNEQUAL[k % UNEQUAL.length]! : 1));
}

export const startFields = (gain: number, why: string) => ({
  gain: field(positive, gain, "factor of the initial weights", `chosen: ${why}`),
  unequal: field(flag, false, "whether maps start at different sizes", "chosen: no"),
});

export const deepLinear = defineSetting({
  name: "deep-linear",
  needsData: false,
  parameters: z.object({
    depth: field(
      layerCount.pipe(z.number().min(2, "2 or more")),
      4,
      "maps",
      "chosen: two between the first and the last",
    ),
    width: field(count, 3, "hidden dimension", "chosen: as the three inputs and outputs"),
    noise: field(positive, 1, "factor of the noise's standard deviations", "chosen: 1"),
    ...startFields(2, "from smaller products noise sometimes removes the weakest mode, and the rank is then 2"),
    ...noiseFields({
      steps: [300_000, "chosen: sizes agree to a few percent over the last fifth"],
      lr: [0.004, "chosen: half of where some starts diverge"],
      lrEnd: 0.0005,
      schedule: ["geometric", "chosen: at a constant rate sizes keep fluctuating"],
    }),
  }),
  presets: {
    unequal: { summary: "maps that start at different sizes", parameters: { unequal: true } },
    gd: { summary: "gradient descent", parameters: { descent: "gd", steps: 20_000, schedule: "constant" } },
  },
  build(p) {
    const random = new Random(p.seed);
    const task = {
      V: matrix(3, 3, V.flat()),
      inputVariance: INPUT_VARIANCE,
      noiseVariance: NOISE_VARIANCE.map((variance) => variance * p.noise ** 2),
    };
    const source = linearSource(task);
    const widths = [3, ...new Array<number>(p.depth - 1).fill(p.width), 3];
    const all = populationOf(task);
    return {
      network: chain({ widths, gains: startGains(p.depth, p) }, random.split("network")),
      objective: objective("squared-error"),
      ...optimization(p),
      data: p.descent === "gd" ? fixedBatch(all.x, all.target) : freshSamples(source, p.batch, random.split("data")),
      watch: chainWatch(p.depth, momentsOf(task)),
      evaluation: async () => heldOut(source, p.samples, random.split("evaluation")),
      evaluationName: `${p.samples} held-out samples`,
      notes: [`${NOISE} says the same of networks of any depth; the norms are those of docs/theory.md Eq. 117.`],
    };
  },
});
