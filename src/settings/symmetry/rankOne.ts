/**
 * @file Setting rank-one: l = |u (w^T x) - y|^2 on y = x + eps. From large weights the sharpness S (docs/theory.md
 * Eq. 114) is too high for the rate, and SGD diverges at once; at a smaller rate its noise lowers S first.
 */
import { z } from "zod";
import { identity, type Matrix } from "../../linalg/matrix.ts";
import { objective } from "../../objectives/objective.ts";
import { count, field, positive, wholeFromZero } from "../../parameters/field.ts";
import { Random } from "../../random/random.ts";
import { rankOneSharpness } from "../../symmetry/rankOneStability.ts";
import { fixedBatch } from "../../train/fixedBatch.ts";
import { freshSamples } from "../../train/freshSamples.ts";
import type { Watch } from "../../train/watch.ts";
import { optimization } from "../optimization.ts";
import { defineSetting } from "../setting.ts";
import { chain, mapsOf } from "./chain.ts";
import { NOISE, noiseFields } from "./fields.ts";
import { heldOut, linearSource, populationOf } from "./linearTask.ts";

/** chosen: of 64 starts at noise 1 and 50 dimensions all diverge at once, and none after the warm-up. */
const RATES = { direct: 0.008, slow: 0.001 };

const { warmup: _, ...shared } = noiseFields({
  steps: [15_000, "chosen: twice as many steps at the large rate as at the small one"],
  lr: [RATES.direct, "chosen: every start diverges at it within 100 steps"],
  schedule: ["constant", `${NOISE}: constant`],
});

export const rankOne = defineSetting({
  name: "rank-one",
  needsData: false,
  parameters: z.object({
    inputs: field(count, 50, "dimension of x and y", "chosen: the authors state none; every seed tried does the same"),
    noise: field(positive, 1, "standard deviation of the noise of y = x + noise", "chosen: as inputs"),
    initialisation: field(
      z.enum(["torch", "xavier"]),
      "torch",
      "torch: u from U(-1, 1), since its fan-in is 1; xavier: both with variance 2 / (inputs + 1)",
      `${NOISE}: the default of torch.nn.Linear against Xavier`,
    ),
    warmup: field(wholeFromZero, 5000, "first steps, at the rate warmupRate", "chosen: S is stationary by then"),
    warmupRate: field(positive, RATES.slow, "learning rate of the warm-up", "chosen: an eighth of lr"),
    ...shared,
  }),
  presets: {
    warm: { summary: "the defaults, with the warm-up", parameters: {} },
    direct: { summary: "without the warm-up: diverges", parameters: { warmup: 0 } },
    glorot: {
      summary: "Xavier's initial weights, at the small rate throughout",
      parameters: { initialisation: "xavier", lr: RATES.slow },
    },
    gd: { summary: "gradient descent, at the small rate throughout", parameters: { descent: "gd", lr: RATES.slow } },
  },
  build(p) {
    const random = new Random(p.seed);
    const ones = new Array<number>(p.inputs).fill(1);
    const task = { V: identity(p.inputs), inputVariance: ones, noiseVariance: ones.map(() => p.noise ** 2) };
    const source = linearSource(task);
    const all = populationOf(task);
    const { initialisation } = p;
    return {
      network: chain({ widths: [p.inputs, 1, p.inputs], initialisation }, random.split("network")),
      objective: objective("squared-error"),
      ...optimization(p),
      data: p.descent === "gd" ? fixedBatch(all.x, all.target) : freshSamples(source, p.batch, random.split("data")),
      watch: watched(identity(p.inputs)),
      evaluation: async () => heldOut(source, p.samples, random.split("evaluation")),
      evaluationName: `${p.samples} held-out samples`,
    };
  },
});

function watched(inputMoment: Matrix): Watch {
  return {
    groups: [
      {
        title: "Sharpness",
        axis: "S",
        log: true,
        quantities: { sharpness: "S, trace of the Hessian of the mean loss (Eq. 114)" },
      },
      {
        title: "Squared norms of the two vectors",
        axis: "squared norm",
        log: true,
        quantities: { u2: "|u|² of the upper map", w2: "|w|² of the lower one" },
      },
    ],
    of(values) {
      const [w, u] = mapsOf(values).map(({ data }) => data) as [Float64Array, Float64Array];
      const square = (v: Float64Array) => v.reduce((sum, value) => sum + value * value, 0);
      return { sharpness: rankOneSharpness(u, w, inputMoment), u2: square(u), w2: square(w) };
    },
  };
}
