/** @file How fast the representation changes at the end of a run beside its fastest (theory.md Eq. 64). */
import { median } from "../measure/median.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { byStep } from "./reportData.ts";

/** chosen: a rate below this share of the fastest is nearly zero. */
export const slowed = 0.1;

/** Relative change of cov(h, h) of the inputs per step, median over layers; undefined with fewer than two of them. */
export function changeRates(snapshots: readonly Snapshot[]): { last: number; most: number } | undefined {
  const rates = byStep(snapshots).flatMap(({ step, layers }) => {
    const rate = median(
      layers.map(({ change }) => {
        const value = change?.paper.a?.H.value ?? null;
        return change && value !== null ? value / Math.max(1, step - change.since) : null;
      }),
    );
    return rate === null ? [] : [rate];
  });
  const last = rates.at(-1);
  const most = rates.reduce((x, y) => Math.max(x, y), 0);
  return last === undefined || rates.length < 2 || most === 0 ? undefined : { last, most };
}
