/**
 * @file Symmetric pairs grouped for readers: one group per pair of maps, and one for all heads of an attention, with
 * medians, ranges and the head farthest from balance.
 */
import type { LayerSnapshot } from "../layerSnapshot.ts";
import { median } from "../median.ts";
import type { PairSnapshot } from "./pairs.ts";

/** One pair, or all heads' pairs of an attention. */
export interface PairGroup extends Pick<PairSnapshot, "first" | "second" | "through" | "symmetry"> {
  /** One pair, or one for each head, in the order of the heads. */
  readonly pairs: readonly PairSnapshot[];
}

/** In the order of the pairs. */
export function pairGroups(pairs: readonly PairSnapshot[] = []): PairGroup[] {
  const groups = new Map<string, PairSnapshot[]>();
  for (const pair of pairs) {
    const key = pairKey(pair);
    groups.set(key, [...(groups.get(key) ?? []), pair]);
  }
  return [...groups.values()].map((own) => {
    const { first, second, through, symmetry } = own[0]!;
    return { first, second, through, symmetry, pairs: own };
  });
}

/** Key of a group, the same at every step. */
export function pairKey({ first, second, through, symmetry }: Omit<PairGroup, "pairs">): string {
  return [first, second, through, symmetry].join("\n");
}

export function isHeads({ pairs }: PairGroup): boolean {
  return pairs[0]!.head !== undefined;
}

/** Whether the pair is queries and keys, which meet in their product; values go on to the map above. */
export function isScores({ through }: Pick<PairGroup, "through">): boolean {
  return through === "attention scores";
}

/** "layers.0 → layers.1"; for attention scores "attn.q × attn.k"; for one map that makes both, its name. */
export function pairName(group: Pick<PairGroup, "first" | "second" | "through">): string {
  const { first, second } = group;
  if (first === second) return first;
  return isScores(group) ? `${first} × ${second}` : `${first} → ${second}`;
}

/**
 * "blocks.0.attn" for the heads of an attention: the common start of its maps' names up to a dot, or the full names
 * where there is none.
 */
export function attentionName({ first, second, through }: Pick<PairGroup, "first" | "second" | "through">): string {
  const ends = [...first].findIndex((letter, i) => letter !== second[i]);
  const shared = first.slice(0, (ends < 0 ? first : first.slice(0, ends)).lastIndexOf("."));
  return first.lastIndexOf(".", ends < 0 ? first.length : ends) > 0 ? shared : pairName({ first, second, through });
}

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Median and range over the pairs of a group that have the value; null where none has it. */
export function spreadOf({ pairs }: PairGroup, value: (pair: PairSnapshot) => number | null): Spread | null {
  const known = pairs.map(value).filter((one) => one !== null);
  const middle = median(known);
  return middle === null ? null : { median: middle, low: Math.min(...known), high: Math.max(...known) };
}

/** The head farthest from noise balance; without noise, the one farthest from balance of its weights. */
export function worstOf({ pairs }: PairGroup): PairSnapshot {
  const far = ({ noiseBalance, imbalance }: PairSnapshot) => noiseBalance.residual ?? imbalance ?? 0;
  const isMeasured = pairs.some(({ noiseBalance }) => noiseBalance.residual !== null);
  const candidates = isMeasured ? pairs.filter(({ noiseBalance }) => noiseBalance.residual !== null) : pairs;
  return candidates.reduce((worst, one) => (far(one) > far(worst) ? one : worst));
}

/**
 * RGA of the representation that a pair shares: side a of the upper map, in the paper's convention; null without one.
 */
export function sharedRga(
  { first, second, symmetry, through }: Omit<PairGroup, "pairs">,
  { layers }: { readonly layers: readonly LayerSnapshot[] },
): number | null {
  if (symmetry === "scale" || isScores({ through }) || first === second) return null;
  return layers.find(({ name }) => name === second)?.alignment.paper.a?.rga.value ?? null;
}

/** Charges of a pair: its values, or for rotation the eigenvalues of Q; undefined where not known. */
export function chargesOf({ charge }: Pick<PairSnapshot, "charge">): readonly number[] | undefined {
  if (charge === null) return undefined;
  return Array.isArray(charge) ? charge : charge.eigenvalues;
}

/** Sum of the charges, for rotation the trace of Q; null where not known. */
export function chargeSum(pair: Pick<PairSnapshot, "charge">): number | null {
  return chargesOf(pair)?.reduce((sum, value) => sum + value, 0) ?? null;
}

/** chosen: |A - B| up to this share of |A| + |B| is noise balance; for A proportional to B, a ratio of 1.22. */
export const BALANCED = 0.1;

/** Whether the noise of both sides is balanced; undefined where not measured. */
export function isBalanced({ noiseBalance: { residual } }: PairSnapshot): boolean | undefined {
  return residual === null ? undefined : residual <= BALANCED;
}

/** chosen: a ratio within 5 % of 1, or within two errors, moves no weight in total. */
const EVEN = 0.05;

/**
 * Where noise moves weight in total: to the side whose gradients fluctuate more; undefined where not measured. A
 * residual without a ratio means that the gradients of the map below do not fluctuate.
 */
export function driveOf({ noiseBalance }: PairSnapshot): "up" | "down" | "none" | undefined {
  const { ratio, ratioError, residual } = noiseBalance;
  if (ratio === null) return residual === null ? undefined : "up";
  if (Math.abs(ratio - 1) <= Math.max(EVEN, 2 * (ratioError ?? 0))) return "none";
  return ratio > 1 ? "up" : "down";
}
