/**
 * @file Setting tanh2: two maps with tanh between, on y = s x + eps with anisotropic x and eps. The rescaling symmetry
 * is only approximate, yet SGD aligns the two sides of the noise balance and gradient descent does not (docs/theory.md
 * Eq. 116).
 */
import { z } from "zod";
import { identity, type Matrix } from "../../linalg/matrix.ts";
import { objective } from "../../objectives/objective.ts";
import { count, field, nonNegative, number, positive } from "../../parameters/field.ts";
import { Random } from "../../random/random.ts";
import { gramDifference } from "../../symmetry/charge.ts";
import { deepLinearBalance, type LabelNoise } from "../../symmetry/deepLinear.ts";
import { fixedBatch } from "../../train/fixedBatch.ts";
import { freshSamples, samplesOf } from "../../train/freshSamples.ts";
import type { Watch } from "../../train/watch.ts";
import { optimization } from "../optimization.ts";
import { defineSetting } from "../setting.ts";
import { chain, initialMaps, mapsOf } from "./chain.ts";
import { noiseFields } from "./fields.ts";
import { heldOut, linearSource, momentsOf, spreadVariances } from "./linearTask.ts";
import { chargeChange, normResidual, sideCosine } from "./twoMaps.ts";

export const tanh2 = defineSetting({
  name: "tanh2",
  needsData: false,
  parameters: z.object({
    inputs: field(count, 10, "dimension of x and y", "chosen: small enough to end in a minute"),
    width: field(count, 20, "hidden dimension", "chosen: twice the inputs"),
    signal: field(nonNegative, 0.3, "s of y = s x + noise", "chosen: small, so that tanh is nearly linear"),
    noise: field(positive, 1, "factor of the noise's standard deviations", "chosen: 1"),
    spread: field(
      number.pipe(z.number().min(1, "1 or more")),
      3,
      "variances of x and of the noise run from 1 / spread to spread, in unrelated orders",
      "chosen: in balance the two sides then differ from the norms",
    ),
    fixed: field(count, 3000, "descent=gd: samples of its one batch", "chosen: many for each weight"),
    ...noiseFields({
      steps: [60_000, "chosen: the sides no longer change"],
      lr: [0.01, "chosen: large enough to end in a minute"],
      schedule: ["geometric", `chosen: as factorization`],
    }),
  }),
  presets: {
    gd: {
      summary: "gradient descent on 3000 samples",
      parameters: { descent: "gd", steps: 3000, schedule: "constant" },
    },
  },
  build(p) {
    const random = new Random(p.seed);
    const variances = random.split("variances");
    const V = identity(p.inputs);
    const task = {
      V: { ...V, data: V.data.map((value) => p.signal * value) },
      inputVariance: spreadVariances(p.inputs, p.spread, variances.split("x")),
      noiseVariance: spreadVariances(p.inputs, p.spread, variances.split("noise")).map((v) => v * p.noise ** 2),
    };
    const source = linearSource(task);
    const widths = [p.inputs, p.width, p.inputs];
    const network = chain({ widths, activation: "tanh" }, random.split("network"));
    const batchOfAll = () => {
      const { x, target } = samplesOf(source, p.fixed, random.split("data"));
      return fixedBatch(x, target);
    };
    return {
      network,
      objective: objective("squared-error"),
      ...optimization(p),
      data: p.descent === "gd" ? batchOfAll() : freshSamples(source, p.batch, random.split("data")),
      watch: watched(momentsOf(task), initialMaps(network)),
      evaluation: async () => heldOut(source, p.samples, random.split("evaluation")),
      evaluationName: `${p.samples} held-out samples`,
      notes: [`The exact balance is one of linear maps; tanh is linear to a third of the cube of its argument.`],
    };
  },
});

function watched(noise: LabelNoise, [W0, U0]: readonly Matrix[]): Watch {
  const Q0 = gramDifference(U0!, W0!);
  return {
    groups: [
      {
        title: "The two sides of the balance",
        axis: "cosine",
        quantities: { cosine: "cosine of W Σx Wᵀ with Uᵀ Σε U; its start is that of unrelated maps" },
        expected: { "in balance": 1 },
      },
      {
        title: "Balance of noise and of norms, and change of the charge",
        axis: "relative to their size",
        log: true,
        quantities: {
          residual: "distance from noise balance: W Σx Wᵀ / tr Σx against Uᵀ Σε U / tr Σε, as of linear maps (Eq. 116)",
          normResidual: "distance from norm balance: W Wᵀ against Uᵀ U",
          change: "change of Uᵀ U − W Wᵀ over its start",
        },
      },
    ],
    of(values) {
      const [W, U] = mapsOf(values) as [Matrix, Matrix];
      const maps = { U, W };
      return {
        cosine: sideCosine(maps, noise),
        residual: deepLinearBalance([W, U], noise)[0]!.residual,
        normResidual: normResidual(maps),
        change: chargeChange(maps, Q0),
      };
    },
  };
}
