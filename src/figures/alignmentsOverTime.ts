/**
 * @file Figure: the six alignments of a layer over the steps of training, one panel per side (as Figs. 1 and 18 of
 * arXiv 2410.03006). Bands show the standard error, dashed lines of the same colour the null.
 */
import * as Plot from "@observablehq/plot";
import type { Convention } from "../measure/snapshot.ts";
import type { Side } from "../moments/moments.ts";
import { type AlignmentRow, lowestAlignment, sides, sideTitle } from "./alignmentSeries.ts";
import { centred, titleText, unitAxis } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { shorten } from "./escape.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { type LegendEntry, legendPanel } from "./legend.ts";
import { relationColour, relationFormula, relationSymbol, relations } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";
import { type StepAxis, stepAxis } from "./stepAxis.ts";

/** The legend of the three relations, the same in every figure. */
export function relationLegend(): LegendEntry[] {
  return relations.map((relation) => ({
    text: `${relation.toUpperCase()} ${relationFormula[relation]}`,
    colour: relationColour[relation],
    samples: ["line", relationSymbol[relation]],
  }));
}

/**
 * Draws the alignments of one layer against step (theory.md Eqs. 7, 11, 13, 18).
 *
 * @param rows of this layer alone (`alignmentRows`)
 * @returns undefined where the layer has no alignment at two steps. csv: one row per step, side and relation
 */
export function layerCourse(
  name: string,
  rows: readonly AlignmentRow[],
  convention: Convention = "paper",
): Figure | undefined {
  const own = rows.filter((row) => row.value !== null);
  const steps = own.map((row) => row.step);
  if (new Set(steps).size < 2) return undefined;
  const panels = sides.flatMap((side) => {
    const drawn = own.filter((row) => row.side === side);
    return drawn.length > 0
      ? [sidePanel(name, side, drawn, stepAxis(steps, 6), lowestAlignment(own.map((row) => row.value)))]
      : [];
  });
  return makeFigure(panels, courseCsv(rows, convention), { columns: 2, legend: courseLegend(own) });
}

function sidePanel(name: string, side: Side, rows: readonly AlignmentRow[], axis: StepAxis, low: number): Panel {
  return plotPanel(
    `Alignments of layer ${shorten(name, 46)}, ${sideTitle[side]}, over training steps`,
    {
      width: 460,
      height: 240,
      marginTop: 34,
      marginLeft: 50,
      marginRight: 14,
      marginBottom: 38,
      x: axis,
      y: { ...unitAxis(low), ...centred, label: "alignment", clamp: true },
      marks: [
        titleText(sideTitle[side], -44, -30),
        Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.35 }),
        ...relationMarks(rows),
      ],
    },
    { along: "x" },
  );
}

function courseCsv(rows: readonly AlignmentRow[], convention: Convention): string {
  return toCsv(
    ["step", "layer", "side", "relation", "convention", "alignment", "noise", "null", "samples"],
    rows.map((row) => [row.step, row.layer, row.side, row.relation, convention, row.value, row.noise, row.null, row.n]),
  );
}

function courseLegend(rows: readonly AlignmentRow[]): Panel {
  const present = relationLegend().filter((_, i) =>
    rows.some(({ relation, value }) => relation === relations[i] && value !== null),
  );
  const legend: LegendEntry[] = [...present, { text: "chance (null)", colour: "currentColor", samples: ["dashed"] }];
  if (rows.some((row) => row.noise !== null))
    legend.push({ text: "± noise", colour: "currentColor", samples: ["band"] });
  return legendPanel(legend);
}

function relationMarks(rows: readonly AlignmentRow[]): Plot.Markish[] {
  return relations.flatMap((relation) => {
    const own = rows.filter((row) => row.relation === relation);
    const banded = own.filter((row) => row.noise !== null);
    const last = own.length > 0 ? Math.max(...own.map((row) => row.step)) : 0;
    const colour = relationColour[relation];
    const at = { x: "step" };
    return [
      Plot.areaY(banded, {
        ...at,
        y1: (row) => row.value - row.noise,
        y2: (row) => row.value + row.noise,
        fill: colour,
        fillOpacity: 0.18,
      }),
      Plot.lineY(
        own.filter((row) => row.null !== null),
        {
          ...at,
          y: "null",
          ariaLabel: () => `chance of ${relation.toUpperCase()}`,
          stroke: colour,
          strokeDasharray: "4,3",
          strokeOpacity: 0.8,
          strokeWidth: 1.1,
        },
      ),
      Plot.lineY(own, { ...at, y: "value", ariaLabel: () => relation.toUpperCase(), stroke: colour, strokeWidth: 1.8 }),
      Plot.dot(
        own.filter((row) => row.step === last),
        { ...at, y: "value", fill: colour, r: 3.6, symbol: relationSymbol[relation] },
      ),
    ];
  });
}
