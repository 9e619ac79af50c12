/**
 * @file Figure: the six alignments of one measurement, layer by layer in order of execution (cf. Fig. 18 of arXiv
 * 2410.03006). Layers run down the page, so that a hundred names stay legible; attention heads have a panel of their
 * own.
 */

import type { OtherHeads } from "../measure/network/headBaselines.ts";
import type { Convention, Snapshot } from "../measure/snapshot.ts";
import { isMap } from "../moments/moments.ts";
import { lowestAlignment, sides } from "./alignmentSeries.ts";
import { relationLegend } from "./alignmentsOverTime.ts";
import { toCsv } from "./csv.ts";
import type { DepthRow } from "./depthPanel.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { headPanel } from "./headPanel.ts";
import { type LegendEntry, legendPanel } from "./legend.ts";
import { mapPanel } from "./mapPanel.ts";
import { relations } from "./palette.ts";

/**
 * Draws alignment against layer (theory.md Eqs. 7, 11, 13, 18): one panel for the inputs (a), one for the outputs (b),
 * one for heads.
 *
 * @param baseline for each head, by name, the alignment of its H with the G of the other heads (`otherHeads`)
 * @returns undefined with fewer than two layers. csv: one row per layer, side and relation
 */
export function alignmentsByDepth(
  { layers }: Snapshot,
  { convention = "paper", baseline }: { convention?: Convention; baseline?: ReadonlyMap<string, OtherHeads> } = {},
): Figure | undefined {
  if (layers.length < 2) return undefined;
  const rows = layers.flatMap((layer, order) =>
    sides.flatMap((side) => {
      const measured = layer.alignment[convention][side];
      if (!measured) return [];
      return relations
        .filter((relation) => isMap(layer) || relation === "rga")
        .map((relation): DepthRow => {
          const { name, kind } = layer;
          return { order, layer: name, kind, side, relation, found: measured[relation] };
        });
    }),
  );
  const low = lowestAlignment(rows.map(({ found }) => found.value));
  const maps = layers.filter(isMap).map(({ name }) => name);
  const ofMaps = rows.filter(isMap);
  const ofBlocks = rows.filter(({ kind }) => kind === "block");
  const ofHeads = rows.filter(({ kind }) => kind === "head");
  const panels: Panel[] = [];
  if (maps.length > 1) panels.push(...sides.flatMap((side) => mapPanel(side, maps, ofMaps, low) ?? []));
  if (ofHeads.length > 0) panels.push(headPanel("attention heads", ofHeads, low, baseline));
  if (ofBlocks.length > 0) panels.push(headPanel("blocks", ofBlocks, low));
  if (panels.length === 0) return undefined;
  const noise = rows.some(({ found }) => found.noise !== null);
  return makeFigure(panels, depthCsv(rows, convention, baseline), {
    columns: 2,
    legend: depthLegend({ maps: maps.length > 1, noise, baseline: ofHeads.some(({ layer }) => baseline?.has(layer)) }),
  });
}

function depthLegend(shown: { maps: boolean; noise: boolean; baseline: boolean }): Panel {
  const colour = "currentColor";
  const entries: LegendEntry[] = relationLegend().slice(0, shown.maps ? relations.length : 1);
  entries.push({ text: "chance (null)", colour, samples: ["tick"] });
  if (shown.noise) entries.push({ text: "± noise", colour, samples: ["whisker"] });
  if (shown.baseline)
    entries.push({ text: "H with G of the other heads: median, range", colour, samples: ["whisker", "tick"] });
  return legendPanel(entries);
}

function depthCsv(
  rows: readonly DepthRow[],
  convention: Convention,
  baseline?: ReadonlyMap<string, OtherHeads>,
): string {
  const header = ["order", "layer", "kind", "side", "relation", "convention", "alignment", "noise", "null", "samples"];
  return toCsv(
    [...header, "otherHeadsMedian", "otherHeadsMin", "otherHeadsMax"],
    rows.map(({ order, layer, kind, side, relation, found }) => {
      const { value, noise, null: nullValue, n } = found;
      const others = kind === "head" ? baseline?.get(layer) : undefined;
      return [
        ...[order, layer, kind, side, relation, convention, value, noise, nullValue, n],
        ...[others?.median, others?.low, others?.high],
      ];
    }),
  );
}
