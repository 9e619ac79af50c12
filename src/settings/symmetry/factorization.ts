/**
 * @file Setting factorization: l = |U W x - y|^2 on y = x + eps. Gradient flow conserves U^T U - W W^T; SGD is
 * stationary where the noise of the two maps is in balance (docs/theory.md Eqs. 107, 118).
 */
import { z } from "zod";
import { frobenius, identity, type Matrix, matmul } from "../../linalg/matrix.ts";
import { objective } from "../../objectives/objective.ts";
import { count, field, number, positive } from "../../parameters/field.ts";
import { Random } from "../../random/random.ts";
import { gramDifference } from "../../symmetry/charge.ts";
import { relativeDistance } from "../../symmetry/compare.ts";
import { type GaussianTask, gaussianNoise } from "../../symmetry/gaussianNoise.ts";
import { sumOf } from "../../symmetry/noiseBalance.ts";
import { fixedBatch } from "../../train/fixedBatch.ts";
import { freshSamples } from "../../train/freshSamples.ts";
import type { Watch } from "../../train/watch.ts";
import { optimization } from "../optimization.ts";
import { defineSetting } from "../setting.ts";
import { chain, initialMaps, mapsOf } from "./chain.ts";
import { NOISE, noiseFields } from "./fields.ts";
import { heldOut, linearSource, momentsOf, populationOf, spreadVariances } from "./linearTask.ts";
import { chargeChange, normResidual, sideCosine } from "./twoMaps.ts";

const spreadType = number.pipe(z.number().min(1, "1 or more"));

export const factorization = defineSetting({
  name: "factorization",
  needsData: false,
  parameters: z.object({
    inputs: field(count, 30, "dimension of x and y", `${NOISE}: 30`),
    width: field(count, 40, "hidden dimension", `${NOISE}: 40`),
    noise: field(positive, 1, "standard deviation of the noise of y = x + noise", `${NOISE}: 1`),
    spread: field(
      spreadType,
      1,
      "variances of x and of the noise run from 1 / spread to spread, in unrelated orders",
      `${NOISE}: 1, isotropic`,
    ),
    ...noiseFields({
      steps: [60_000, "chosen: the balance is reached"],
      lr: [0.002, "chosen: reaches the balance in half a minute of steps"],
      schedule: ["geometric", "chosen: at a constant rate the balance is limited by its fluctuation"],
    }),
  }),
  presets: {
    gd: { summary: "gradient descent", parameters: { descent: "gd", steps: 20_000 } },
    constant: { summary: "a constant rate, which limits the balance", parameters: { schedule: "constant" } },
    anisotropic: {
      summary: "variances of x and of the noise from 1/3 to 3",
      parameters: { spread: 3, lr: 0.0015, lrEnd: 0.0001 },
    },
    "anisotropic-gd": {
      summary: "the same, gradient descent",
      parameters: { spread: 3, lr: 0.0015, lrEnd: 0.0001, descent: "gd", steps: 20_000 },
    },
  },
  build(p) {
    const random = new Random(p.seed);
    const variances = random.split("variances");
    const task = {
      V: identity(p.inputs),
      inputVariance: spreadVariances(p.inputs, p.spread, variances.split("x")),
      noiseVariance: spreadVariances(p.inputs, p.spread, variances.split("noise")).map((v) => v * p.noise ** 2),
    };
    const source = linearSource(task);
    const network = chain({ widths: [p.inputs, p.width, p.inputs] }, random.split("network"));
    const all = populationOf(task);
    return {
      network,
      objective: objective("squared-error"),
      ...optimization(p),
      data: p.descent === "gd" ? fixedBatch(all.x, all.target) : freshSamples(source, p.batch, random.split("data")),
      watch: watched(momentsOf(task), initialMaps(network)),
      evaluation: async () => heldOut(source, p.samples, random.split("evaluation")),
      evaluationName: `${p.samples} held-out samples`,
    };
  },
});

function watched(task: GaussianTask, [W0, U0]: readonly Matrix[]): Watch {
  const Q0 = gramDifference(U0!, W0!);
  return {
    groups: [
      {
        title: "Balance of noise and of norms, and change of the charge",
        axis: "relative to their size",
        log: true,
        quantities: {
          residual: "distance from noise balance: W Γx Wᵀ against Uᵀ Γε U, over the sum of both norms (Eq. 118)",
          normResidual: "distance from norm balance: W Wᵀ against Uᵀ U",
          change: "change of the charge Uᵀ U − W Wᵀ over its start (Eq. 105)",
        },
      },
      {
        title: "The two sides of the balance",
        axis: "cosine",
        quantities: { cosine: "cosine of W Σx Wᵀ with Uᵀ Σε U" },
        expected: { "in balance": 1 },
      },
      {
        title: "Distance from the teacher",
        axis: "|U W − I|² / d",
        log: true,
        quantities: { error: "squared distance of U W from the teacher, per dimension" },
      },
    ],
    of(values) {
      const [W, U] = mapsOf(values) as [Matrix, Matrix];
      const maps = { U, W };
      const { upper, lower } = gaussianNoise(maps, task);
      return {
        residual: relativeDistance(upper, lower),
        normResidual: normResidual(maps),
        change: chargeChange(maps, Q0),
        cosine: sideCosine(maps, task),
        error: frobenius(sumOf([1, matmul(U, W)], [-1, task.V])) ** 2 / task.V.rows,
      };
    },
  };
}
