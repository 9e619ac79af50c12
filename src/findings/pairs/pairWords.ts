/** @file The words for pairs, their symmetries, their two sides, and why something of them is missing. */
import { isHeads, isScores, type PairGroup } from "../../measure/network/pairGroups.ts";
import type { PairDrift, PairSnapshot } from "../../measure/network/pairs.ts";
import type { PairSymmetry } from "../../moments/edges.ts";
import { counted } from "../numbers.ts";

/** What may be done to a pair's weights without changing any output. */
export const symmetryMeaning = {
  rescaling: "each neuron's incoming weights may be multiplied by a number and its outgoing ones divided by it",
  rotation: "any invertible map may be put between the two and its inverse behind it",
  scale: "its weights may be multiplied by any number, which the normalization takes out again",
} as const satisfies Record<PairSymmetry, string>;

/** What the two sides of a pair are called: the weights of the map below, and of the one above. */
export function sideWords({ through }: Pick<PairGroup, "through">): readonly [below: string, above: string] {
  if (isScores({ through })) return ["weights of the queries", "weights of the keys"];
  return ["incoming weights", "outgoing weights"];
}

/** The map of a side, told apart where one map gives both: "attn.qkv (keys)". */
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
  "missing-moments": "the moments do not hold what it needs",
  "not-finite": "weights or gradients are not finite",
  dead: "no example has a gradient on either side",
  "one-sided": "a scale has no partner that could balance it",
  "constant-matrix": "all values have the same noise",
  "zero-matrix": "one side has no noise",
  "undefined-1x1": "there is one value, which correlates with nothing",
  "too-few-samples": "too few examples",
};

/** Why nothing is said of how charges move. */
export const driftStatus: Readonly<Partial<Record<PairDrift["status"], string>>> = {
  ...balanceStatus,
  "no-training": "how the network is trained is not known, so that noise has a direction here and no rate",
  "not-sgd": "the theory of noise is that of SGD, and another optimizer trains here",
};
