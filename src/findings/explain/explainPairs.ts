/**
 * @file Findings on the symmetric pairs of a network or of one layer, in plain words: the sentences of table and
 * report.
 */

import { type PairGroup, pairGroups, pairName } from "../../measure/network/pairGroups.ts";
import type { Snapshot } from "../../measure/snapshot.ts";
import {
  brokenSentence,
  driveSentence,
  hasPairs,
  pairLetters,
  pairSentences,
  pairsHeadline,
  shareSentence,
} from "../pairs/pairSentences.ts";

export interface PairsExplanation {
  /** One sentence on all pairs. */
  summary: string;
  pairs: {
    first: string;
    second: string;
    through: string;
    symmetry: string;
    /** Where noise moves weight; for pairs without noise balance, the kind of symmetry. */
    summary: string;
    /** Symmetry, charges, noise balance, where noise moves weight, predicted and measured drift. */
    sentences: string[];
  }[];
  /** What breaks symmetries; "" where nothing does. */
  broken: string;
  letters: string;
}

/**
 * @param layer restricts to the pairs that contain this layer; undefined for all
 * @returns undefined where pairs were not measured, or there is one map
 */
export function explainPairs(snapshot: Snapshot, layer?: string): PairsExplanation | undefined {
  if (!hasPairs(snapshot)) return undefined;
  const isIn = ({ first, second }: { readonly first: string; readonly second: string | null }) =>
    layer === undefined || first === layer || second === layer;
  const { claim, details } = pairsHeadline(snapshot);
  const none = (snapshot.pairs ?? []).length === 0;
  return {
    summary: `${claim}.${none || details === "" ? "" : ` ${details}`}`,
    pairs: pairGroups((snapshot.pairs ?? []).filter(isIn)).map(explained),
    broken: brokenSentence({ unpaired: (snapshot.unpaired ?? []).filter(isIn) }),
    letters: pairLetters,
  };
}

function explained(group: PairGroup): PairsExplanation["pairs"][number] {
  const { first, second, through, symmetry } = group;
  const drive = driveSentence(group);
  const summary = drive === "" ? shareSentence(group) : `${pairName(group)}: ${drive}`;
  return { first, second, through, symmetry, summary, sentences: pairSentences(group) };
}
