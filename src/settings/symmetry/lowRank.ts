/**
 * @file Setting low-rank: l = E|U W x - T x|^2 on whitened inputs, with weight decay. By the rotation symmetry of U and
 * W the penalty acts on the singular values of U W: those of T are soft-thresholded, and the rank falls step by step
 * (docs/theory.md Eq. 102). With syre it does not (Eq. 119).
 */
import { z } from "zod";
import { type Matrix, matmul, transpose } from "../../linalg/matrix.ts";
import { singularValues } from "../../linalg/singularValues.ts";
import { objective } from "../../objectives/objective.ts";
import { count, field } from "../../parameters/field.ts";
import { type Feeds, TARGET } from "../../probe/feeds.ts";
import { Random } from "../../random/random.ts";
import { factorisationMinimum } from "../../symmetry/thresholds.ts";
import { fixedBatch } from "../../train/fixedBatch.ts";
import type { Watch } from "../../train/watch.ts";
import { optimization } from "../optimization.ts";
import { defineSetting } from "../setting.ts";
import { sharedFields } from "../sharedFields.ts";
import { chain, mapsOf } from "./chain.ts";
import { populationOf } from "./linearTask.ts";
import { numberList } from "./numberList.ts";
import { orthogonal, withScaledColumns } from "./orthogonal.ts";

/**
 * chosen: shares of the largest singular value; the first detects nonzero values, the second values visible in a
 * picture.
 */
const [LEAST, VISIBLE] = [1e-8, 1e-3];

export const lowRank = defineSetting({
  name: "low-rank",
  needsData: false,
  every: 5000,
  parameters: z.object({
    singular: field(
      numberList("numbers of 0 or more, such as 2,1,0.5", (value) => value >= 0),
      [2, 1.5, 1, 0.7, 0.4, 0.2],
      "singular values of the target map, comma-separated",
      "chosen: thresholds a factor of about 1.5 apart",
    ),
    width: field(count, 8, "hidden dimension", "chosen: more than the rank of the target"),
    ...sharedFields({
      steps: [20_000, "chosen: modes 5 % from their threshold have then decided"],
      batch: [1, "chosen; the gradient is that of all samples at once"],
      lr: [0.02, "chosen: a fifth of the rate at which descent diverges"],
      momentum: [0, "chosen: gradient descent"],
      decay: [1.2, "chosen: twice the gamma of a penalty gamma |theta|^2, 0.6, between two singular values"],
    }),
  }),
  build(p) {
    const d = p.singular.length;
    const random = new Random(p.seed);
    const target = random.split("target");
    const [left, right] = [orthogonal(d, target.split("left")), orthogonal(d, target.split("right"))];
    const T = matmul(withScaledColumns(left, p.singular), transpose(right));
    const ones = Array.from({ length: d }, () => 1);
    const all = populationOf({ V: T, inputVariance: ones, noiseVariance: ones.map(() => 0) });
    const feeds: Feeds = { x: all.x, [TARGET]: all.target };
    return {
      network: chain({ widths: [d, p.width, d] }, random.split("network")),
      objective: objective("squared-error"),
      ...optimization(p),
      data: fixedBatch(all.x, all.target),
      watch: watched(T, p),
      evaluation: async () => [feeds, feeds],
      evaluationName: "the distribution of inputs, by its second moment",
    };
  },
});

function watched(
  T: Matrix,
  { decay, width, steps, singular }: { decay: number; width: number; steps: number; singular: readonly number[] },
): Watch {
  const { singularValues: left, rank } = factorisationMinimum(T, decay / 2, width);
  const names = singular.map((_, i) => `s${i + 1}`);
  return {
    every: Math.max(1, Math.floor(steps / 200)),
    groups: [
      {
        title: "Singular values of the product",
        axis: "singular value of U W",
        log: true,
        quantities: Object.fromEntries(
          names.map((name, i) => [name, `singular value ${i + 1} of U W, the largest first`]),
        ),
        expected: Object.fromEntries(Array.from(left, (value, i) => [`s${i + 1} by Eq. 102`, value])),
      },
      {
        title: "Rank",
        axis: "singular values above a share of the largest",
        quantities: {
          rank: `singular values of U W above ${LEAST} of the largest`,
          visible: `singular values of U W above ${VISIBLE} of the largest`,
          rankW: `singular values of W above ${VISIBLE} of the largest`,
        },
        expected: { "rank by Eq. 102": rank },
      },
    ],
    of(values) {
      const [W, U] = mapsOf(values) as [Matrix, Matrix];
      const s = singularValues(matmul(U, W));
      return {
        ...Object.fromEntries(names.map((name, i) => [name, s[i] ?? 0])),
        rank: rankAbove(s, LEAST),
        visible: rankAbove(s, VISIBLE),
        rankW: rankAbove(singularValues(W), VISIBLE),
      };
    },
  };
}

/** Number of values above that share of the largest; 0 if all are zero. */
const rankAbove = (values: Float64Array, share: number) =>
  values.filter((value) => value > 0 && value > share * values[0]!).length;
