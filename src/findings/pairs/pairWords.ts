/** @file Words for pairs, their symmetries, their two sides, and the reasons for missing values. */
import { isHeads, isScores, type PairGroup } from "../../measure/network/pairGroups.ts";
import type { PairDrift, PairSnapshot } from "../../measure/network/pairs.ts";
import type { PairSymmetry } from "../../moments/edges.ts";
import { counted } from "../numbers.ts";

/** The transformations of a pair's weights that change no output. */
export const symmetryMeaning = {
  rescaling:
    "each neuron's incoming weights may be multiplied by a positive number and its outgoing weights divided by it",
  rotation: "any invertible map may be inserted between the two, followed by its inverse",
  scale: "its weights may be multiplied by any positive number, which the normalization cancels",
} as const satisfies Record<PairSymmetry, string>;

/** Names of the two sides of a pair: the weights of the map below, and of the one above. */
export function sideWords({ through }: Pick<PairGroup, "through">): readonly [below: string, above: string] {
  if (isScores({ through })) return ["weights of the queries", "weights of the keys"];
  return ["incoming weights", "outgoing weights"];
}

/** The map of a side, with its part where one map gives both sides: "attn.qkv (keys)". */
export function sideMaps(
  group: Pick<PairGroup, "first" | "second" | "through">,
): readonly [below: string, above: string] {
  const { first, second } = group;
  if (first !== second) return [first, second];
  return isScores(group) ? [`${first} (queries)`, `${second} (keys)`] : [`${first} (below)`, `${second} (above)`];
}

/** "100 neurons", "heads of 12 values". */
export function sharedWords(group: PairGroup): string {
  const { width } = group.pairs[0]!;
  if (isHeads(group)) return `${counted(group.pairs.length, "head")} of ${counted(width, "value")}`;
  return counted(width, group.symmetry === "rescaling" ? "neuron" : "value");
}

/** Why there is no noise balance. */
export const balanceStatus: Readonly<Partial<Record<PairSnapshot["status"], string>>> = {
  "not-measured":
    "the gradients of single examples were not summed (at cost economy, of very wide pairs, where samples mix, and without gradients)",
  "missing-moments": "the moments lack the sums that it needs",
  "not-finite": "weights or gradients are not finite",
  dead: "no example has a gradient on either side",
  "one-sided": "a scale has no partner that could balance it",
  "constant-matrix": "all values have the same noise",
  "zero-matrix": "one side has no noise",
  "undefined-1x1": "there is one value, which correlates with nothing",
  "too-few-samples": "too few examples",
};

/** Why there is no drift of the charges. */
export const driftStatus: Readonly<Partial<Record<PairDrift["status"], string>>> = {
  ...balanceStatus,
  "no-training": "the optimizer is unknown, so noise has a direction but no rate",
  "not-sgd": "the theory of noise is for SGD, and this network was trained by another optimizer",
};
