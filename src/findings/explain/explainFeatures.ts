/**
 * @file Findings on the features of a layer beyond its relations, in plain words: an attention head and its baselines,
 * neural collapse of a classifier's last map, the neural feature ansatz (theory.md Eqs. 66 to 74, 78).
 */

import { formatCount, formatDecimals, formatQuantity } from "../../formats/quantities.ts";
import type { LayerSnapshot } from "../../measure/snapshot.ts";
import type { AnsatzForms, Comparison } from "../../measure/training/featureAnsatz.ts";
import type { IrrelevantShare, LayerIrrelevant } from "../../measure/training/irrelevantDirections.ts";

/** Whether the RGA of a head exceeds its baselines. */
export function baselinesInWords({ alignment, baselines }: LayerSnapshot): string[] {
  if (!baselines) return [];
  const lines: string[] = [];
  const rga = alignment.paper.b.rga.value;
  const compared = (other: number): string =>
    rga === null
      ? ""
      : `; its RGA of ${formatDecimals(rga, 2)} ${rga > other ? "exceeds that" : "does not exceed that"}`;
  const others = baselines.otherHeads.paper;
  if (others) {
    const [among, range] =
      others.count === 1
        ? ["the other head", ""]
        : [
            `the ${others.count} other heads`,
            ` in the median (${formatDecimals(others.low, 2)} to ${formatDecimals(others.high, 2)})`,
          ];
    lines.push(
      `H of the head aligns with H of ${among} of its layer at ${formatDecimals(others.median, 2)}${range}${compared(others.median)}.`,
    );
  }
  const start = baselines.start.paper;
  if (start !== null)
    lines.push(`H of the head aligns with its own H at the start at ${formatDecimals(start, 2)}${compared(start)}.`);
  return lines;
}

/** NC1 to NC4, each with its value at full collapse and, where known, before training. */
export function collapseInWords({ collapse }: LayerSnapshot, initial: LayerSnapshot | undefined): string[] {
  if (!collapse) return [];
  const before = initial?.collapse;
  const from = (value: number | null | undefined): string =>
    value == null ? "" : ` (${formatQuantity(value)} before training)`;
  const { nc1, nc2, nc3, nc4, premises, classes, n, status } = collapse;
  const lines = [`Features of ${formatCount(n)} samples in ${formatCount(classes)} classes${statusPart(status)}.`];
  if (nc1.trace !== null)
    lines.push(
      `NC1, the spread within classes against that of their means: tr(S_w S_b⁺) = ${formatQuantity(nc1.trace)}${from(before?.nc1.trace)}; 0 when collapsed.${fewPerClass(collapse)}`,
    );
  if (status === "too-few-samples")
    lines.push(
      "NC1, NC4 and the spread of the outputs are unknown, because one sample per class shows no spread within classes. Measure more samples of each class.",
    );
  if (nc2.means.equiangular !== null && nc2.means.equinorm !== null)
    lines.push(
      `NC2, a simplex of class means: their cosines are ${formatDecimals(nc2.means.equiangular, 3)} from -1/(C - 1) on average${from(before?.nc2.means.equiangular)}, their norms vary by ${formatDecimals(100 * nc2.means.equinorm, 1)} %; both 0 when collapsed.`,
    );
  if (nc3?.selfDuality != null)
    lines.push(
      `NC3, weights as the class means: squared distance ${formatDecimals(nc3.selfDuality, 3)}${from(before?.nc3?.selfDuality)}; 0 when collapsed, 2 when unrelated.`,
    );
  if (nc4 !== null)
    lines.push(
      `NC4: for ${formatDecimals(100 * nc4, 1)} % of the samples the nearest class mean differs from the network's prediction; 0 when collapsed.`,
    );
  if (premises?.withinShare != null)
    lines.push(
      `Premise of the paper's Theorem 3: ${formatDecimals(100 * premises.withinShare, 1)} % of the variance of the outputs is within classes; it assumes none.`,
    );
  return lines;
}

/**
 * chosen: the least share of the spread within classes removed by means of the same samples that is mentioned.
 */
const MENTIONED_SHARE = 0.1;

/** The bias of few samples per class: E S_w is (1 - C/n) of its value for many samples (theory.md Eq. 67). */
function fewPerClass({ classes, n, singles = 0 }: NonNullable<LayerSnapshot["collapse"]>): string {
  const share = (classes - singles) / (n - singles);
  const left =
    singles === 0
      ? ""
      : ` ${singles === 1 ? "One class of one sample has" : `${formatCount(singles)} classes of one sample have`} no part in it.`;
  return share < MENTIONED_SHARE
    ? left
    : `${left} With so few samples per class it shows ${formatDecimals(100 * (1 - share), 0)} % of the spread that many samples would show.`;
}

function statusPart(status: string | undefined): string {
  return status === undefined ? "" : `: ${status.replaceAll("-", " ")}`;
}

/** The ansatz in both exponents, with and without the initial weights, and its equivariant form. */
export function ansatzInWords({ ansatz }: LayerSnapshot): string[] {
  if (!ansatz) return [];
  const { weights, change, equivariant, exact } = ansatz;
  const forms = ({ one, half }: AnsatzForms): string => `${both(one)}; with its square root ${both(half)}`;
  const lines = [`WᵀW with the average gradient outer product: ${forms(weights)}.`];
  lines.push(
    change
      ? `The same for W without the initial weights: ${forms(change)}.`
      : "The initial weights, which the ansatz's authors subtract, are unknown; crh analyze --initial takes the model before training.",
  );
  if (equivariant)
    lines.push(
      `With gradients of the loss, which do not depend on the coordinates of the outputs: WᵀW with G_a ${both(equivariant.backward)}; WWᵀ with G_b ${both(equivariant.forward)}.`,
    );
  if (!exact) lines.push("Estimated from random directions of the outputs.");
  return lines;
}

function both({ cosine, pearson }: Comparison): string {
  const words = (value: number | null): string => (value === null ? "none" : formatDecimals(value, 3));
  return `cosine ${words(cosine)}, Pearson's correlation ${words(pearson)}`;
}

/**
 * Variance of the outputs in directions without gradient, and of gradients in directions without input; both are 0 at a
 * stationary point with decay.
 */
export function irrelevantInWords({ a, b }: LayerIrrelevant): string[] {
  const line = (found: IrrelevantShare | null, [among, lacking, kept]: readonly [string, string, string]): string[] => {
    if (!found || found.count === 0) return [];
    const { count, share, noise, floor, chance, unseen, near, n } = found;
    const which = `${count === 1 ? "one" : formatCount(count)} of the ${formatCount(Math.round(count / chance))} directions of its ${among}`;
    const blurred = near === 0 ? "" : `, in ${formatCount(near)} more below a ten-thousandth`;
    const seen = `In ${which} the mean squared ${lacking} over ${formatCount(n)} rows is below a millionth of the largest${blurred} (a further row has a component in ${count === 1 ? "it" : "them"} with probability ${small(unseen)} at most)`;
    if (found.status !== undefined || share === null) return [`${seen}: that may be due to too few samples.`];
    const size =
      floor !== null && share <= floor
        ? `nothing that float32 sums resolve (${small(floor)})`
        : `${small(share)}${noise === null ? "" : ` (± ${small(noise)})`}`;
    return [
      `${seen}; ${count === 1 ? "it holds" : "they hold"} ${size} of ${kept}, by chance ${formatDecimals(chance, 2)}, stationary under weight decay 0.`,
    ];
  };
  return [
    ...line(b, ["outputs", "gradient", "the variance of h"]),
    ...line(a, ["inputs", "activation", "the variance of g"]),
  ];
}

/** Three decimals; two significant digits for smaller numbers. */
function small(value: number): string {
  return value === 0 || Number(value.toPrecision(2)) >= 0.001 ? formatDecimals(value, 3) : value.toExponential(1);
}
