/**
 * @file Setting scalar: l = (u w x - y)^2, the smallest loss with a rescaling symmetry. Gradient flow conserves C = u^2
 * - w^2; the noise of SGD makes it vanish (docs/theory.md Eqs. 104, 106).
 */
import { z } from "zod";
import { identity } from "../../linalg/matrix.ts";
import { objective } from "../../objectives/objective.ts";
import { float32 } from "../../onnx/tensor.ts";
import { field, nonNegative, number } from "../../parameters/field.ts";
import { Random } from "../../random/random.ts";
import { fixedBatch } from "../../train/fixedBatch.ts";
import { freshSamples, type SampleSource } from "../../train/freshSamples.ts";
import type { Watch } from "../../train/watch.ts";
import { optimization } from "../optimization.ts";
import { defineSetting } from "../setting.ts";
import { chain, mapsOf, withWeights } from "./chain.ts";
import { NOISE, noiseFields } from "./fields.ts";
import { heldOut, linearSource, populationOf } from "./linearTask.ts";

/** The slides' target: 1 for every x ~ N(0, 1). */
const ones: SampleSource = {
  inputs: 1,
  outputs: 1,
  draw(random, x, target) {
    x[0] = random.normal();
    target[0] = 1;
  },
};
/** Two samples with the moments of the distribution: E[x] = E[x y] = 0, E[x^2] = E[y^2] = 1. */
const onesPopulation = { x: float32([1, -1], [2, 1]), target: float32([1, 1], [2, 1]) };

export const scalar = defineSetting({
  name: "scalar",
  needsData: false,
  parameters: z.object({
    target: field(
      z.enum(["linear", "one"]),
      "linear",
      "linear: y = x + noise; one: y = 1, whose minimum is u w = 0",
      "chosen: linear; the authors' slides have 1, which x of mean 0 cannot predict",
    ),
    noise: field(nonNegative, 1, "standard deviation of the noise of y = x + noise", "chosen: as large as x"),
    u: field(number, 2, "initial u", "chosen: far from |u| = |w|"),
    w: field(number, 0.3, "initial w", "chosen: as u"),
    ...noiseFields({
      steps: [20_000, "chosen: C is gone after a fifth of them"],
      lr: [0.02, "chosen: large enough to end in seconds"],
      schedule: ["constant", `${NOISE}: constant`],
    }),
  }),
  presets: {
    gd: { summary: "gradient descent", parameters: { descent: "gd" } },
    slide: { summary: "the slides' target 1", parameters: { target: "one" } },
    "slide-gd": { summary: "the slides' target 1, gradient descent", parameters: { target: "one", descent: "gd" } },
  },
  build(p) {
    const random = new Random(p.seed);
    const task = { V: identity(1), inputVariance: [1], noiseVariance: [p.noise ** 2] };
    const source = p.target === "one" ? ones : linearSource(task);
    const all = p.target === "one" ? onesPopulation : populationOf(task);
    return {
      network: withWeights(chain({ widths: [1, 1, 1] }, random.split("network")), (_, k) =>
        Float32Array.of(k === 0 ? p.w : p.u),
      ),
      objective: objective("squared-error"),
      ...optimization(p),
      data: p.descent === "gd" ? fixedBatch(all.x, all.target) : freshSamples(source, p.batch, random.split("data")),
      watch: watched(p.target === "one" ? 0 : 1),
      evaluation: async () => heldOut(source, p.samples, random.split("evaluation")),
      evaluationName: `${p.samples} held-out samples`,
    };
  },
});

function watched(best: number): Watch {
  return {
    groups: [
      {
        ...{ title: "Charge", axis: "|u² − w²|", log: true },
        quantities: { charge: "|u² − w²| (Eq. 104); float32 rounds it to some 1e−7" },
      },
      {
        ...{ title: "The two weights and their product", axis: "value" },
        quantities: { u: "upper weight", w: "lower weight", uw: "u w, all that the output depends on" },
        expected: { "u w of minimal loss": best },
      },
    ],
    of(values) {
      const [w, u] = mapsOf(values).map(({ data }) => data[0]!) as [number, number];
      return { charge: Math.abs(u * u - w * w), u, w, uw: u * w };
    },
  };
}
