/**
 * @file The parts of neural collapse that need a second look at the samples: the nearest class mean (NC4), and the
 * premises from which the paper derives collapse (theory.md Eqs. 70, 71).
 */
import { identity, type Matrix, trace } from "../../linalg/matrix.ts";
import { type ClassSums, classMeans } from "../../moments/classSums.ts";
import { cosine } from "../alignment/cosine.ts";
import { simplex, spreadClasses } from "./neuralCollapse.ts";

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/**
 * Share of samples whose nearest class mean differs from the class that the network predicts   (theory.md Eq. 70, NC4).
 *
 * @param sums      of the samples that define the means, normally those of the training set
 * @param features  (n, d) row-major
 * @param predicted (n) classes predicted by the network
 * @returns null for no samples
 */
export function nearestMeanDisagreement(
  sums: ClassSums,
  features: ArrayLike<number>,
  predicted: ArrayLike<number>,
): number | null {
  const { present, means } = classMeans(sums);
  const { d } = sums;
  const n = predicted.length;
  if (features.length !== n * d)
    throw new RangeError(`nearestMeanDisagreement: expected ${n} x ${d} features, got ${features.length} values`);
  if (n === 0 || present.length === 0) return null;
  let differing = 0;
  for (let i = 0; i < n; i++) {
    let [nearest, least] = [-1, Number.POSITIVE_INFINITY];
    for (let k = 0; k < present.length; k++) {
      let distance = 0;
      for (let j = 0; j < d; j++) distance += (features[i * d + j]! - means.data[k * d + j]!) ** 2;
      if (distance < least) [nearest, least] = [present[k]!, distance];
    }
    if (nearest !== predicted[i]) differing++;
  }
  return differing / n;
}

/** The premises from which the paper derives collapse given RGA. */
export interface CollapsePremises {
  /**
   * Share of the outputs' variance within classes: 0 where f(x) depends on the class alone; null where no class has two
   * samples.
   */
  withinShare: number | null;
  /**
   * Cosine of E[g_f g_f^T] with I, and with I - J/K: the first cannot be 1 for the gradients of a cross-entropy, which
   * add up to 0.
   */
  lossCovariance: { identity: number | null; simplex: number | null };
}

/**
 * Quasi-interpolation and the covariance of the gradients at the output   (theory.md Eq. 71).
 *
 * @param outputs sums of the network's outputs by class
 * @param Gf      (K, K) second moment of the gradient of the loss with respect to the outputs
 */
export function collapsePremises(outputs: ClassSums, Gf: Matrix): CollapsePremises {
  const { within, means, present, n } = classMeans(outputs);
  const d = outputs.d;
  const mean = new Float64Array(d);
  present.forEach((c, k) => {
    for (let j = 0; j < d; j++) mean[j]! += (outputs.counts[c]! / n) * means.data[k * d + j]!;
  });
  let between = 0;
  present.forEach((c, k) => {
    for (let j = 0; j < d; j++) between += (outputs.counts[c]! / n) * (means.data[k * d + j]! - mean[j]!) ** 2;
  });
  const several = spreadClasses(outputs).n;
  const spread = (Math.max(0, trace(within)) * n) / several;
  return {
    withinShare: orNull(spread / (spread + between)),
    lossCovariance: {
      identity: cosine(Gf, identity(Gf.rows)).value,
      simplex: Gf.rows > 1 ? cosine(Gf, simplex(Gf.rows)).value : null,
    },
  };
}
