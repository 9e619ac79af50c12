/**
 * @file Figure: the six alignments of the hidden representations over steps: the median over layers as a line, their
 * range shaded (as Fig. 8 of arXiv 2410.03006, there over weight decay).
 */
import * as Plot from "@observablehq/plot";
import type { Convention, Snapshot } from "../measure/snapshot.ts";
import type { Side } from "../moments/moments.ts";
import { lowestAlignment, sides } from "./alignmentSeries.ts";
import { relationLegend } from "./alignmentsOverTime.ts";
import { centred, titleText, unitAxis } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { type HiddenMedian, hiddenCourse } from "./hiddenCourse.ts";
import { type LegendEntry, legendPanel } from "./legend.ts";
import { type Relation, relationColour, relationSymbol, relations } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";
import { type StepAxis, stepAxis } from "./stepAxis.ts";

const hiddenTitle: Record<Side, string> = {
  a: "inputs of hidden layers, backward (a)",
  b: "outputs of hidden layers, forward (b)",
};

/**
 * Draws the median alignment over layers against step (theory.md Eqs. 7, 11).
 *
 * @returns undefined with fewer than two steps, or for a network of a single map. csv: median, minimum, maximum and
 *   number of layers
 */
export function alignmentSummary(snapshots: readonly Snapshot[], convention: Convention = "paper"): Figure | undefined {
  const rows = hiddenCourse(snapshots, convention);
  const steps = rows.map((row) => row.step);
  if (new Set(steps).size < 2) return undefined;
  const axis = stepAxis(steps, 6);
  const low = lowestAlignment(rows.map((row) => row.low));
  const panels = sides
    .filter((side) => rows.some((row) => row.side === side))
    .map((side) => sidePanel(side, rows, axis, low));
  const csv = toCsv(
    ["step", "side", "relation", "convention", "median", "min", "max", "nullMedian", "layers"],
    rows.map((row) => [
      row.step,
      row.side,
      row.relation,
      convention,
      row.median,
      row.low,
      row.high,
      row.nullMedian,
      row.layers,
    ]),
  );
  const entries: LegendEntry[] = [
    ...relationLegend(),
    { text: "chance (median)", colour: "currentColor", samples: ["dashed"] },
    { text: "range over layers", colour: "currentColor", samples: ["band"] },
  ];
  return makeFigure(panels, csv, { columns: 2, legend: legendPanel(entries, 936) });
}

function sidePanel(side: Side, rows: readonly HiddenMedian[], axis: StepAxis, low: number): Panel {
  const own = rows.filter((row) => row.side === side);
  return plotPanel(
    `Median alignment over ${hiddenTitle[side]} over training steps`,
    {
      width: 460,
      height: 232,
      marginTop: 36,
      marginLeft: 50,
      marginRight: 14,
      marginBottom: 40,
      x: axis,
      y: { ...unitAxis(low), ...centred, label: "alignment", clamp: true },
      marks: [
        titleText(hiddenTitle[side], -44, -32),
        Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.35 }),
        ...relations.map((relation) =>
          Plot.areaY(
            own.filter((row) => row.relation === relation),
            { x: "step", y1: "low", y2: "high", fill: relationColour[relation], fillOpacity: 0.13 },
          ),
        ),
        ...relations.flatMap((relation) =>
          relationLine(
            own.filter((row) => row.relation === relation),
            relation,
          ),
        ),
      ],
    },
    { along: "x" },
  );
}

function relationLine(rows: readonly HiddenMedian[], relation: Relation): Plot.Markish[] {
  const colour = relationColour[relation];
  const nulls = rows.filter((row) => row.nullMedian !== null);
  return [
    Plot.lineY(nulls, {
      x: "step",
      y: "nullMedian",
      ariaLabel: () => `chance of ${relation.toUpperCase()}`,
      stroke: colour,
      strokeDasharray: "4,3",
      strokeOpacity: 0.8,
      strokeWidth: 1.1,
    }),
    Plot.lineY(rows, {
      x: "step",
      y: "median",
      ariaLabel: () => relation.toUpperCase(),
      stroke: colour,
      strokeWidth: 2.2,
    }),
    Plot.dot(rows.slice(-1), { x: "step", y: "median", fill: colour, r: 4, symbol: relationSymbol[relation] }),
  ];
}
