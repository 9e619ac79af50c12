/**
 * @file Parts shared by the panels by depth: rows, the axis of alignments above and below the rows, the title, a value
 * as text.
 */

import * as Plot from "@observablehq/plot";
import type { AlignmentValue } from "../measure/snapshot.ts";
import type { LayerKind, Side } from "../moments/moments.ts";
import { titleText } from "./axes.ts";
import type { Relation } from "./palette.ts";

const top = 48;
const bottom = 46;

/** One alignment of one layer, at its position in the order of execution. */
export interface DepthRow {
  readonly order: number;
  readonly layer: string;
  readonly kind: LayerKind;
  readonly side: Side;
  readonly relation: Relation;
  readonly found: AlignmentValue;
}

/** Options of a panel whose rows take `extent` pixels and their labels `left`. */
export function depthScale({ low, extent, left }: { low: number; extent: number; left: number }) {
  return {
    width: 460,
    height: Math.ceil(extent) + top + bottom,
    marginTop: top,
    marginBottom: bottom,
    marginLeft: left,
    marginRight: 12,
    x: { domain: [low, 1], axis: null, clamp: true },
  };
}

/** Title above the labels. The axis is drawn twice, because the first is out of sight at the last row. */
export function panelTitle(title: string, left: number): Plot.Markish[] {
  const ticks = { ticks: 5, tickFormat: ".2~f", tickSize: 0, labelArrow: "none", labelAnchor: "center" } as const;
  return [
    titleText(title, 6 - left, 4 - top),
    Plot.gridX({ ticks: 5, strokeOpacity: 0.12 }),
    Plot.axisX({ ...ticks, anchor: "top", label: null }),
    Plot.axisX({ ...ticks, anchor: "bottom", label: "alignment", labelOffset: 36 }),
    Plot.ruleX([0], { stroke: "currentColor", strokeOpacity: 0.35 }),
  ];
}

/** The text shown for a mark under the pointer: "fc1 RGA 0.812 ± 0.004, chance 0.120". */
export function valueWords(name: string, { value, noise, null: nullValue }: AlignmentValue): string {
  const around =
    noise === null ? "" : ` ± ${noise >= 0.0005 || noise === 0 ? noise.toFixed(3) : noise.toExponential(0)}`;
  return `${name} ${value?.toFixed(3) ?? "undefined"}${around}${nullValue === null ? "" : `, chance ${nullValue.toFixed(3)}`}`;
}
