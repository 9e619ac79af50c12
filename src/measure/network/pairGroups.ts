/**
 * @file Symmetric pairs as a reader takes them: a pair of maps each, the heads of one attention together, with medians,
 * ranges and the head that is farthest from balance.
 */
import type { LayerSnapshot } from "../layerSnapshot.ts";
import { median } from "../median.ts";
import type { PairSnapshot } from "./pairs.ts";

/** One pair, or the heads that share one in an attention. */
export interface PairGroup extends Pick<PairSnapshot, "first" | "second" | "through" | "symmetry"> {
  /** One, or one a head, in their order. */
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

/** The same of a pair at every step, of all heads of an attention. */
export function pairKey({ first, second, through, symmetry }: Omit<PairGroup, "pairs">): string {
  return [first, second, through, symmetry].join("\n");
}

export function isHeads({ pairs }: PairGroup): boolean {
  return pairs[0]!.head !== undefined;
}

/** Queries and keys, which meet in their product; the values go on to the map above. */
export function isScores({ through }: Pick<PairGroup, "through">): boolean {
  return through === "attention scores";
}

/** "layers.0 → layers.1"; of attention scores "attn.q × attn.k"; of one map that gives both, its name. */
export function pairName(group: Pick<PairGroup, "first" | "second" | "through">): string {
  const { first, second } = group;
  if (first === second) return first;
  return isScores(group) ? `${first} × ${second}` : `${first} → ${second}`;
}

/**
 * "blocks.0.attn" of the heads of an attention: what the names of its maps share, up to a dot; their whole names where
 * that is nothing.
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

/** Of the pairs of a group that have the value; null where none has it. */
export function spreadOf({ pairs }: PairGroup, value: (pair: PairSnapshot) => number | null): Spread | null {
  const known = pairs.map(value).filter((one) => one !== null);
  const middle = median(known);
  return middle === null ? null : { median: middle, low: Math.min(...known), high: Math.max(...known) };
}

/** The head farthest from noise balance; where that was not measured, from balance of its weights. */
export function worstOf({ pairs }: PairGroup): PairSnapshot {
  const far = ({ noiseBalance, imbalance }: PairSnapshot) => noiseBalance.residual ?? imbalance ?? 0;
  const isMeasured = pairs.some(({ noiseBalance }) => noiseBalance.residual !== null);
  const candidates = isMeasured ? pairs.filter(({ noiseBalance }) => noiseBalance.residual !== null) : pairs;
  return candidates.reduce((worst, one) => (far(one) > far(worst) ? one : worst));
}

/**
 * RGA of the representation that a pair shares: side a of the upper map, by the paper's convention; null where there is
 * none.
 */
export function sharedRga(
  { first, second, symmetry, through }: Omit<PairGroup, "pairs">,
  { layers }: { readonly layers: readonly LayerSnapshot[] },
): number | null {
  if (symmetry === "scale" || isScores({ through }) || first === second) return null;
  return layers.find(({ name }) => name === second)?.alignment.paper.a?.rga.value ?? null;
}

/** Charges of a pair one by one: values, of rotation the eigenvalues of Q; undefined where there are none. */
export function chargesOf({ charge }: Pick<PairSnapshot, "charge">): readonly number[] | undefined {
  if (charge === null) return undefined;
  return Array.isArray(charge) ? charge : charge.eigenvalues;
}

/** Sum of the charges, of rotation the trace of Q; null where there are none. */
export function chargeSum(pair: Pick<PairSnapshot, "charge">): number | null {
  return chargesOf(pair)?.reduce((sum, value) => sum + value, 0) ?? null;
}

/** chosen: |A - B| up to this share of |A| + |B| is noise balance; of sizes alone it is a ratio of 1.22. */
export const BALANCED = 0.1;

/** Whether noise of both sides is equal, as far as told; undefined where that was not measured. */
export function isBalanced({ noiseBalance: { residual } }: PairSnapshot): boolean | undefined {
  return residual === null ? undefined : residual <= BALANCED;
}

/** chosen: a ratio within 5 % of 1, or within two errors, moves no weight in sum. */
const EVEN = 0.05;

/**
 * Where noise moves weight in sum: to the side whose gradients fluctuate more; undefined where not measured. Without a
 * ratio, but with a residual, those of the map below do not fluctuate.
 */
export function driveOf({ noiseBalance }: PairSnapshot): "up" | "down" | "none" | undefined {
  const { ratio, ratioError, residual } = noiseBalance;
  if (ratio === null) return residual === null ? undefined : "up";
  if (Math.abs(ratio - 1) <= Math.max(EVEN, 2 * (ratioError ?? 0))) return "none";
  return ratio > 1 ? "up" : "down";
}
