/**
 * @file Figure: the RGA of attention heads and its baselines over the steps of training, one panel per attention layer
 * (as Figs. 5 and 15 of arXiv 2410.03006). Lines are medians over the heads of the layer; bands reach from the lowest
 * to the highest head.
 */
import * as Plot from "@observablehq/plot";
import { median } from "../measure/median.ts";
import { byHeadLayer } from "../measure/network/headBaselines.ts";
import { attentionNames } from "../measure/network/layerNames.ts";
import type { Convention, LayerSnapshot, Snapshot } from "../measure/snapshot.ts";
import { lowestAlignment } from "./alignmentSeries.ts";
import { centred, titleText, unitAxis } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { shorten, visibleText } from "./escape.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { legendPanel } from "./legend.ts";
import { matrixColour, relationColour } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";
import { type StepAxis, stepAxis } from "./stepAxis.ts";

/** The curves: name, colour, and value for one head. */
const curves = [
  {
    key: "rga",
    text: "RGA: H with G",
    colour: relationColour.rga,
    of: (head: LayerSnapshot, convention: Convention) => head.alignment[convention].b.rga.value,
  },
  {
    key: "otherHeads",
    text: "H with H of other heads",
    colour: matrixColour.H,
    of: (head: LayerSnapshot, convention: Convention) => head.baselines?.otherHeads[convention]?.median ?? null,
  },
  {
    key: "start",
    text: "H with its own H at the start",
    colour: matrixColour.G,
    of: (head: LayerSnapshot, convention: Convention) => head.baselines?.start[convention] ?? null,
  },
] as const;

interface Row {
  readonly step: number;
  readonly layer: string;
  readonly curve: (typeof curves)[number]["key"] | "null";
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Draws the heads of every attention layer (theory.md Eqs. 11, 13, 78).
 *
 * @returns undefined where there are no heads at two steps. csv: one row per step, attention layer and curve
 */
export function headsOverTime(snapshots: readonly Snapshot[], convention: Convention = "paper"): Figure | undefined {
  const rows = snapshots
    .toSorted((x, y) => x.step - y.step)
    .flatMap(({ step, layers }) => {
      const heads = layers.filter(({ kind }) => kind === "head");
      return [...byHeadLayer(heads, ({ name }) => name)].flatMap(([layer, group]) =>
        rowsOf(step, layer, group, convention),
      );
    });
  const steps = rows.map(({ step }) => step);
  if (new Set(steps).size < 2) return undefined;
  const low = lowestAlignment(rows.map((row) => row.low));
  const axis = stepAxis(steps, 5);
  const layers = [...new Set(rows.map(({ layer }) => layer))];
  const names = attentionNames(layers).map(visibleText);
  const panels = layers.map((layer, index) =>
    panel(
      names[index]!,
      rows.filter((row) => row.layer === layer),
      low,
      axis,
    ),
  );
  const legend = legendPanel([
    ...curves
      .filter(({ key }) => rows.some(({ curve }) => curve === key))
      .map(({ text, colour }) => ({ text, colour, samples: ["line", "band"] as const })),
    { text: "chance (null)", colour: "currentColor", samples: ["dashed"] as const },
  ]);
  const csv = toCsv(
    ["step", "attention", "convention", "curve", "median", "low", "high"],
    rows.map((row) => [row.step, row.layer, convention, row.curve, row.median, row.low, row.high]),
  );
  return makeFigure(panels, csv, { columns: 2, legend });
}

function rowsOf(step: number, layer: string, heads: readonly LayerSnapshot[], convention: Convention): Row[] {
  const over = (curve: Row["curve"], values: readonly (number | null)[]): Row[] => {
    const known = values.filter((value) => value !== null);
    const middle = median(known);
    if (middle === null) return [];
    return [{ step, layer, curve, median: middle, low: Math.min(...known), high: Math.max(...known) }];
  };
  return [
    ...curves.flatMap(({ key, of }) =>
      over(
        key,
        heads.map((head) => of(head, convention)),
      ),
    ),
    ...over(
      "null",
      heads.map((head) => head.alignment[convention].b.rga.null),
    ),
  ];
}

function panel(layer: string, rows: readonly Row[], low: number, axis: StepAxis): Panel {
  const of = (key: Row["curve"]) => rows.filter(({ curve }) => curve === key);
  return plotPanel(
    `RGA of the heads of ${layer} and its baselines over training steps`,
    {
      width: 460,
      height: 250,
      marginTop: 28,
      marginLeft: 52,
      marginRight: 14,
      marginBottom: 40,
      x: axis,
      y: { ...unitAxis(low), ...centred, label: "alignment", clamp: true },
      marks: [
        titleText(shorten(layer, 48), -46, -26),
        ...curves.flatMap(({ key, colour }) => [
          Plot.areaY(of(key), { x: "step", y1: "low", y2: "high", fill: colour, fillOpacity: 0.16 }),
        ]),
        Plot.line(of("null"), {
          x: "step",
          y: "median",
          ariaLabel: () => "chance",
          stroke: "currentColor",
          strokeDasharray: "4,3",
          strokeOpacity: 0.6,
        }),
        ...curves.map(({ key, colour, text }) =>
          Plot.line(of(key), {
            x: "step",
            y: "median",
            stroke: colour,
            strokeWidth: key === "rga" ? 2.4 : 1.6,
            ariaLabel: () => text,
          }),
        ),
        ...curves.map(({ key, colour }) =>
          Plot.dot(of(key), { x: "step", y: "median", fill: colour, r: of(key).length < 3 ? 3.4 : 1.8 }),
        ),
      ],
    },
    { along: "x", y: "alignment" },
  );
}
