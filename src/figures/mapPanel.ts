/**
 * @file A panel of linear maps by depth: one row per map, with the three relations of one side, each with null and
 * standard error.
 */
import * as Plot from "@observablehq/plot";
import type { Side } from "../moments/moments.ts";
import { sideTitle } from "./alignmentSeries.ts";
import { type DepthRow, depthScale, panelTitle, valueWords } from "./depthPanel.ts";
import { visibleText } from "./escape.ts";
import type { Panel } from "./figure.ts";
import { fullName, labelWidth, layerLabels } from "./layerLabels.ts";
import { type Relation, relationColour, relationSymbol, relations } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";

/** chosen: most characters of a name beside its row. */
const labelLength = 26;

/**
 * Pixels from layer to layer: generous for few, just legible for many, and less (with fewer names) beyond some 150.
 */
function rowHeight(count: number): number {
  if (count <= 12) return 26;
  return count <= 30 ? 20 : Math.max(3, Math.min(14, 2100 / count));
}

/**
 * The panel of one side.
 *
 * @param names of all maps, in order; @param rows of all maps and both sides
 * @returns undefined where no map has a value on this side
 */
export function mapPanel(
  side: Side,
  names: readonly string[],
  rows: readonly DepthRow[],
  low: number,
): Panel | undefined {
  const place = new Map([...new Set(rows.map(({ order }) => order))].map((order, index) => [order, index]));
  const own = rows
    .filter((row) => row.side === side && row.found.value !== null)
    .map((row) => ({ ...row, at: place.get(row.order)! }));
  if (own.length === 0) return undefined;
  const labels = layerLabels(names, labelLength);
  const step = rowHeight(names.length);
  const stride = Math.ceil(12 / step);
  const lines = labels.map((label, at) => ({ at, label, full: fullName(names[at]!, label) }));
  const title = sideTitle[side];
  return plotPanel(`Alignments of ${names.length} layers in order of execution, ${title}`, {
    ...depthScale({ low, extent: names.length * step, left: labelWidth(labels) }),
    y: { domain: [names.length - 0.5, -0.5], axis: null },
    marks: [
      ...panelTitle(title, labelWidth(labels)),
      Plot.ruleY(lines, { y: "at", stroke: "currentColor", strokeOpacity: 0.07 }),
      Plot.ruleY(blockStarts(names), { y: (at: number) => at - 0.5, stroke: "currentColor", strokeOpacity: 0.22 }),
      Plot.text(
        lines.filter(({ at }) => at % stride === 0),
        { y: "at", text: "label", title: "full", frameAnchor: "left", textAnchor: "end", dx: -7, fontSize: 11 },
      ),
      ...relations.map((relation) =>
        nullDashes(
          own.filter((row) => row.relation === relation),
          relation,
          Math.min(0.36, 7 / step),
        ),
      ),
      ...relations.flatMap((relation) =>
        profile(
          own.filter((row) => row.relation === relation),
          relation,
          step < 10 ? 2.2 : 3.3,
        ),
      ),
    ],
  });
}

/**
 * Indices where a new block begins: the name differs up to its first number. Empty where blocks would be single layers.
 */
function blockStarts(names: readonly string[]): number[] {
  const block = names.map((name) => /^\D*\d*/.exec(name)![0]);
  const starts = names.map((_, at) => at).filter((at) => at > 0 && block[at] !== block[at - 1]);
  return starts.length < names.length / 2 ? starts : [];
}

type PlacedRow = DepthRow & { readonly at: number };

/** One vertical dash per layer; a line from row to row would zigzag among the lines of the values. */
function nullDashes(rows: readonly PlacedRow[], relation: Relation, half: number): Plot.Markish {
  return Plot.ruleX(
    rows.filter(({ found }) => found.null !== null),
    {
      x: (row: PlacedRow) => row.found.null,
      y1: (row: PlacedRow) => row.at - half,
      y2: (row: PlacedRow) => row.at + half,
      stroke: relationColour[relation],
      strokeOpacity: 0.8,
      strokeWidth: 1.4,
    },
  );
}

/** One dot per layer with its standard error; a faint line joins the dots of one relation through the network. */
function profile(rows: readonly PlacedRow[], relation: Relation, r: number): Plot.Markish[] {
  const stroke = relationColour[relation];
  const value = (row: PlacedRow) => row.found.value;
  return [
    Plot.line(rows, { x: value, y: "at", stroke, strokeOpacity: 0.35, strokeWidth: 1.2 }),
    Plot.ruleY(
      rows.filter(({ found }) => found.noise !== null),
      {
        x1: (row: PlacedRow) => row.found.value! - row.found.noise!,
        x2: (row: PlacedRow) => row.found.value! + row.found.noise!,
        y: "at",
        stroke,
        strokeOpacity: 0.4,
        strokeWidth: 3.4,
      },
    ),
    Plot.dot(rows, {
      x: value,
      y: "at",
      fill: stroke,
      r,
      symbol: relationSymbol[relation],
      title: ({ layer, found }: PlacedRow) => valueWords(`${visibleText(layer)} ${relation.toUpperCase()}`, found),
    }),
  ];
}
