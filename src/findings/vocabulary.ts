/**
 * @file The words for sides, relations, conventions and verdicts, shared by terminal, report, explain, claims and
 * compare.
 */
import type { Verdict } from "../measure/alignment/judge.ts";
import type { RelationName } from "../measure/phase/phaseTable.ts";
import type { Convention, DeadReason } from "../measure/snapshot.ts";
import type { Side } from "../moments/moments.ts";

/** The paper's names of the two sides. */
export const sideWord = { a: "backward", b: "forward" } as const satisfies Record<Side, string>;

const matrices = { rga: ["H", "G"], rwa: ["H", "Z"], gwa: ["G", "Z"] } as const satisfies Record<
  RelationName,
  readonly [string, string]
>;

/** "backward RGA". */
export function relationWord(side: Side, relation: RelationName): string {
  return `${sideWord[side]} ${relation.toUpperCase()}`;
}

/** "H_a ∝ G_a". */
export function relationFormula(side: Side, relation: RelationName): string {
  const [first, second] = matrices[relation];
  return `${first}_${side} ∝ ${second}_${side}`;
}

/** The convention of a number; every sentence on a relation names it. */
export const conventionWord = {
  paper: "paper's convention",
  covariance: "covariances",
  raw: "plain second moments",
} as const satisfies Record<Convention, string>;

/** The same with an explanation. */
export const conventionMeaning = {
  paper: "the paper's convention: rows divided by their norms, then centred",
  covariance: "covariances: centred, not normalized; the laws of the table are exact for them",
  raw: "plain second moments: neither centred nor normalized",
} as const satisfies Record<Convention, string>;

/** After a relation: "backward RGA holds, and rose in training". */
export const verdictWord = {
  formed: "holds, and rose in training",
  holds: "holds",
  kept: "is strong, but was as strong before training",
  weakened: "is strong, but weaker than before training",
  lost: "no longer holds: it was strong before training",
  near: "is near to holding, within its error",
  rising: "does not hold; it rose in training",
  falling: "does not hold; it fell in training",
  flat: "does not hold, and is about what it was before training",
  weak: "does not hold",
  absent: "is not above chance",
  "by-chance": "is not informative: chance alone would give it",
  dead: "is dead",
  undefined: "has no value",
} as const satisfies Record<Verdict, string>;

/** The same for a cell of a table. */
export const verdictShort = {
  formed: "holds, rose",
  holds: "holds",
  kept: "as before training",
  weakened: "fell, still strong",
  lost: "lost",
  near: "near",
  rising: "rose",
  falling: "fell",
  flat: "unchanged",
  weak: "too weak",
  absent: "chance level",
  "by-chance": "chance near 1",
  dead: "dead",
  undefined: "no value",
} as const satisfies Record<Verdict, string>;

export const deadWord = {
  "no-gradient": "no sample has a gradient there",
  "no-activation": "no sample has an activation there",
  "constant-activation": "all samples have the same activation there",
} as const satisfies Record<DeadReason, string>;
