/**
 * @file The six relations of the hidden representations, as in Fig. 8 of arXiv 2410.03006: inputs of maps 1 to D (side
 * a) and outputs of maps 0 to D - 1 (side b). Data, output and dead layers are left out.
 */

import { median } from "../measure/median.ts";
import { hiddenSides } from "../measure/network/hiddenSides.ts";
import type { AlignmentValue, Convention, Snapshot } from "../measure/snapshot.ts";
import { isMap, type Side } from "../moments/moments.ts";
import { type Relation, relations } from "./palette.ts";

/** One relation over the hidden layers of one measurement. */
export interface HiddenMedian {
  readonly step: number;
  readonly side: Side;
  readonly relation: Relation;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly nullMedian: number | null;
  /** Layers with a value. */
  readonly layers: number;
}

/**
 * The relations that have a value at each measurement, by step; empty for a network of one map, which has no hidden
 * representation.
 */
export function hiddenCourse(snapshots: readonly Snapshot[], convention: Convention = "paper"): HiddenMedian[] {
  return snapshots
    .toSorted((x, y) => x.step - y.step)
    .flatMap((snapshot) =>
      (["a", "b"] as const).flatMap((side) => {
        const hidden = hiddenOf(snapshot, side, convention);
        return relations.flatMap((relation) => {
          const known = hidden.map((one) => one[relation]).filter(hasValue);
          if (known.length === 0) return [];
          const values = known.map(({ value }) => value);
          const range = { low: Math.min(...values), high: Math.max(...values), layers: values.length };
          const nullMedian = median(known.map((one) => one.null));
          return [{ step: snapshot.step, side, relation, median: median(values)!, ...range, nullMedian }];
        });
      }),
    );
}

/**
 * In a network that is not a chain of maps (transformers) all maps count, except the first input and the last output.
 */
function hiddenOf({ layers }: Snapshot, side: Side, convention: Convention) {
  const maps = layers.filter(isMap);
  const chain = hiddenSides(layers)?.hidden.flatMap((one) => (one.side === side ? [one.layer] : []));
  const hidden = chain ?? (side === "a" ? maps.slice(1) : maps.slice(0, -1));
  return hidden.flatMap(({ alignment, dead }) => (dead === undefined ? (alignment[convention][side] ?? []) : []));
}

function hasValue(one: AlignmentValue): one is AlignmentValue & { value: number } {
  return one.value !== null;
}
