/**
 * @file The alignments of all snapshots as rows, one per step, layer, side and relation, for the figures over steps.
 */
import type { Convention, Snapshot } from "../measure/snapshot.ts";
import type { Side } from "../moments/moments.ts";
import { type Relation, relations } from "./palette.ts";

export interface AlignmentRow {
  readonly step: number;
  readonly layer: string;
  readonly side: Side;
  readonly relation: Relation;
  readonly value: number | null;
  readonly noise: number | null;
  readonly null: number | null;
  readonly n: number;
}

export const sides = ["a", "b"] as const;

/** The paper's name for the relations of each side. */
export const sideTitle: Record<Side, string> = { a: "backward (a)", b: "forward (b)" };

/** All rows, snapshots by step, layers in the order of the network. A side that was not measured has no rows. */
export function alignmentRows(snapshots: readonly Snapshot[], convention: Convention): AlignmentRow[] {
  const rows: AlignmentRow[] = [];
  for (const { step, layers } of snapshots.toSorted((x, y) => x.step - y.step))
    for (const layer of layers)
      for (const side of sides) {
        const found = layer.alignment[convention][side];
        if (!found) continue;
        for (const relation of relations) {
          const { value, noise, null: nullValue, n } = found[relation];
          rows.push({ step, layer: layer.name, side, relation, value, noise, null: nullValue, n });
        }
      }
  return rows;
}

/** Names of all layers, in the order in which they first appear. */
export function layerNames(snapshots: readonly Snapshot[]): string[] {
  return [...new Set(snapshots.flatMap(({ layers }) => layers.map((layer) => layer.name)))];
}

/** Lower end of an axis of alignments: 0, or lower in steps of 0.25 where values are negative. */
export function lowestAlignment(values: Iterable<number | null>): number {
  let low = 0;
  for (const value of values) if (value !== null && value < low) low = value;
  return low < 0 ? Math.max(-1, Math.floor(low * 4) / 4) : 0;
}
