/**
 * @file Figure: the six alignments of every layer over the steps of training, one panel a layer and side (as Figs. 1 and 18 of
 * arXiv 2410.03006). A band is the split-half noise, a dashed line of the same hue the null.
 */
import * as Plot from "@observablehq/plot";
import type { Convention, Snapshot } from "../measure/snapshot.ts";
import { type AlignmentRow, alignmentRows, layerNames, lowestAlignment, sides, sideTitle } from "./alignmentSeries.ts";
import { centred, unitAxis } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { shorten } from "./escape.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { type LegendEntry, legendPanel } from "./legend.ts";
import { relationColour, relationFormula, relationSymbol, relations } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";
import { type StepAxis, stepAxis } from "./stepAxis.ts";

/**
 * Draws alignment against step (theory.md Eqs. 7, 11, 13, 18).
 *
 * @param snapshots measurements at two or more steps
 * @param drawn names of the layers that get a panel; all where it is not given. The table has all layers in any case
 * @returns undefined where no layer has an alignment at two steps. csv: one row per step, layer, side and relation
 */
export function alignmentsOverTime(
  snapshots: readonly Snapshot[],
  convention: Convention = "paper",
  drawn?: ReadonlySet<string>,
): Figure | undefined {
  const rows = alignmentRows(snapshots, convention);
  const axis = stepAxis(
    rows.map((row) => row.step),
    5,
  );
  const low = lowestAlignment(rows.map((row) => row.value));
  const panels: Panel[] = [];
  for (const name of layerNames(snapshots)) {
    if (drawn && !drawn.has(name)) continue;
    const own = rows.filter((row) => row.layer === name && row.value !== null);
    if (new Set(own.map((row) => row.step)).size > 1) panels.push(layerPanel(name, own, axis, low));
  }
  if (panels.length === 0) return undefined;
  const csv = toCsv(
    ["step", "layer", "side", "relation", "convention", "alignment", "noise", "null", "samples"],
    rows.map((row) => [row.step, row.layer, row.side, row.relation, convention, row.value, row.noise, row.null, row.n]),
  );
  const legend = [...relationLegend(), { text: "null", colour: "currentColor", samples: ["dashed"] } as const];
  if (rows.some((row) => row.noise !== null))
    legend.push({ text: "± noise", colour: "currentColor", samples: ["band"] });
  return makeFigure(panels, csv, { columns: 2, legend: legendPanel(legend) });
}

/** The legend of the three relations, the same in every figure. */
export function relationLegend(): LegendEntry[] {
  return relations.map((relation) => ({
    text: `${relation.toUpperCase()} ${relationFormula[relation]}`,
    colour: relationColour[relation],
    samples: ["line", relationSymbol[relation]],
  }));
}

function layerPanel(name: string, rows: readonly AlignmentRow[], axis: StepAxis, low: number): Panel {
  const present = sides.filter((side) => rows.some((row) => row.side === side));
  const title = shorten(name, 46);
  return plotPanel(`Alignments of layer ${title} over training steps`, {
    width: 460,
    height: 230,
    marginTop: 44,
    marginLeft: 50,
    marginRight: 14,
    marginBottom: 38,
    x: axis,
    y: { ...unitAxis(low), ...centred, label: "alignment", clamp: true },
    fx: { domain: present.map((side) => sideTitle[side]), label: null, padding: present.length > 1 ? 0.17 : 0 },
    marks: [
      Plot.text([title], {
        frameAnchor: "top-left",
        facetAnchor: "top-left",
        dx: -44,
        dy: -42,
        fontWeight: 650,
        fontSize: 13,
        lineAnchor: "top",
      }),
      Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.35 }),
      ...relationMarks(rows),
    ],
  });
}

function relationMarks(rows: readonly AlignmentRow[]): Plot.Markish[] {
  return relations.flatMap((relation) => {
    const own = rows.filter((row) => row.relation === relation).map((row) => ({ ...row, title: sideTitle[row.side] }));
    const banded = own.filter((row) => row.noise !== null);
    const last = own.length > 0 ? Math.max(...own.map((row) => row.step)) : 0;
    const colour = relationColour[relation];
    const at = { x: "step", fx: "title" };
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
        { ...at, y: "null", stroke: colour, strokeDasharray: "4,3", strokeOpacity: 0.8, strokeWidth: 1.1 },
      ),
      Plot.lineY(own, { ...at, y: "value", stroke: colour, strokeWidth: 1.8 }),
      Plot.dot(
        own.filter((row) => row.step === last),
        { ...at, y: "value", fill: colour, r: 3.6, symbol: relationSymbol[relation] },
      ),
    ];
  });
}
