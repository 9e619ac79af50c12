/**
 * @file Medians over the hidden representations of a network, as in the paper's Fig. 8: side a of maps 1 to D, side b
 * of maps 0 to D - 1. The sides of data and output are separate. Dead layers are left out.
 */

import { median } from "../measure/median.ts";
import { hiddenSides, type LayerSide } from "../measure/network/hiddenSides.ts";
import { type RelationName, relationNames } from "../measure/phase/phaseTable.ts";
import type { Convention, LayerSnapshot, Snapshot } from "../measure/snapshot.ts";

export type SideValues = Record<RelationName, number | null>;

export interface HiddenMedians {
  /** Medians over the hidden representations. */
  readonly a: SideValues;
  readonly b: SideValues;
  /** The smallest value of any hidden representation. */
  readonly lowest: number | null;
  /** Values at the two ends, which are not hidden representations. */
  readonly data: SideValues;
  readonly output: SideValues;
}

/** @returns undefined where the network is not a chain of maps */
export function hiddenMedians({ layers }: Pick<Snapshot, "layers">, convention: Convention): HiddenMedians | undefined {
  const chain = hiddenSides(layers);
  if (!chain || chain.hidden.length === 0) return undefined;
  const values = ({ layer, side }: LayerSide<LayerSnapshot>): SideValues => {
    const found = layer.dead === undefined ? layer.alignment[convention][side] : null;
    return Object.fromEntries(relationNames.map((name) => [name, found?.[name].value ?? null])) as SideValues;
  };
  const over = (wanted: "a" | "b"): SideValues => {
    const own = chain.hidden.filter(({ side }) => side === wanted).map(values);
    return Object.fromEntries(relationNames.map((name) => [name, median(own.map((one) => one[name]))])) as SideValues;
  };
  const all = chain.hidden.flatMap((one) => Object.values(values(one))).filter((value) => value !== null);
  return {
    a: over("a"),
    b: over("b"),
    lowest: all.length > 0 ? Math.min(...all) : null,
    data: values(chain.data),
    output: values(chain.output),
  };
}
