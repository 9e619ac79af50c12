/**
 * @file Final distances of all pairs of followed points in the layer shown first, measured and by the theory
 * (docs/theory.md Eq. 95). Each pair is predicted from its own start with one common ratio of the rates, the median
 * over the fitted pairs, because the rates belong to the network, not to the pair.
 */
import { median } from "../../measure/median.ts";
import { conservedQuantity } from "../../twopoint/conserved.ts";
import { finalDistance } from "../../twopoint/finalDistance.ts";
import type { FollowedPair, FollowedRecord } from "./followedRecord.ts";
import type { FollowedRow, TwopointRecord } from "./twopointRecord.ts";

export interface PairDistance {
  readonly pair: string;
  /** Indices of the two points. */
  readonly points: readonly [number, number];
  /** Distance of the representations, not squared. */
  readonly measured: number;
  /** Null where no ratio is known or the pair starts at distance 0. */
  readonly predicted: number | null;
}

export interface PairDistances {
  readonly layer: string;
  /** Median of etaH / etaY and the number of fits; null where there is none. */
  readonly ratio: { readonly value: number; readonly fits: number } | null;
  readonly pairs: readonly PairDistance[];
  /**
   * Pearson's correlation of measured and predicted; null where one of them is constant or there are fewer than three.
   */
  readonly correlation: number | null;
}

/** @returns undefined where fewer than two pairs are followed */
export function pairDistances(
  followed: FollowedRecord,
  fits: TwopointRecord,
  rows: readonly FollowedRow[],
): PairDistances | undefined {
  if (followed.pairs.length < 2) return undefined;
  const own = rows.filter(({ layer }) => layer === followed.layer);
  const [first, last] = [own[0]?.step, own.at(-1)?.step];
  const start = new Map(own.filter(({ step }) => step === first).map((row) => [row.pair, row]));
  const end = new Map(own.filter(({ step }) => step === last).map((row) => [row.pair, row]));
  const ratio = ratioOf(fits);
  const pairs = followed.pairs.flatMap((pair): PairDistance[] => {
    const [begun, ended] = [start.get(pair.pair), end.get(pair.pair)];
    if (begun === undefined || ended === undefined) return [];
    const predicted = ratio === null ? null : predict(pair, ratio.value, begun);
    const [p, q] = pair.pair.split("-").map(Number) as [number, number];
    return [{ pair: pair.pair, points: [p, q], measured: Math.sqrt(ended.dh2), predicted }];
  });
  return { layer: followed.layer, ratio, pairs, correlation: correlationOf(pairs) };
}

/** The median over the fitted pairs with known rates at that layer. */
function ratioOf({ pairs, layer }: TwopointRecord): PairDistances["ratio"] {
  const ratios = pairs.flatMap(({ layers }) => {
    const fit = layers.find((one) => String(one.layer) === layer);
    const known = fit?.status === "ok" && fit.etaH.value !== null && fit.etaY.value !== null;
    return known ? [fit.etaH.value! / fit.etaY.value!] : [];
  });
  const value = median(ratios);
  return value === null ? null : { value, fits: ratios.length };
}

/** For points with the same target A_low is 0, so H ends at A_high, or at 0 if that is negative. */
function predict({ dx2, dy2 }: FollowedPair, ratio: number, start: FollowedRow): number | null {
  if (!(start.dh2 > 0 && dx2 > 0)) return null;
  const constants = { dx2, etaH: ratio, etaY: 1 };
  if (dy2 > 0) return Math.sqrt(finalDistance({ ...constants, dy2 }, start).dh2);
  return Math.sqrt(Math.max(0, dx2 * conservedQuantity(constants, start)));
}

function correlationOf(pairs: readonly PairDistance[]): number | null {
  const both = pairs.filter((one): one is PairDistance & { predicted: number } => one.predicted !== null);
  if (both.length < 3) return null;
  const mean = (of: (one: (typeof both)[number]) => number) =>
    both.reduce((sum, one) => sum + of(one), 0) / both.length;
  const [mx, my] = [mean(({ measured }) => measured), mean(({ predicted }) => predicted)];
  const product = mean(({ measured, predicted }) => (measured - mx) * (predicted - my));
  const size = Math.sqrt(mean(({ measured }) => (measured - mx) ** 2) * mean(({ predicted }) => (predicted - my) ** 2));
  return size > 0 ? product / size : null;
}
