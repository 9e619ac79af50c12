/**
 * @file Figure: how much the representation of each layer changed from one measurement to the next (as Fig. 21 of arXiv
 * 2410.03006).
 */
import * as Plot from "@observablehq/plot";
import type { Convention, Snapshot } from "../measure/snapshot.ts";
import { layerNames } from "./alignmentSeries.ts";
import { centred, logarithmicAxis } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { shorten } from "./escape.ts";
import { type Figure, makeFigure } from "./figure.ts";
import { type LegendEntry, legendPanel } from "./legend.ts";
import { depthColour } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";
import { stepAxis } from "./stepAxis.ts";

/** chosen: most layers named in the legend; with more, it shows the colours from the first to the last layer. */
const mostNamed = 12;

/**
 * Draws |H' - H| / |H| of h_a per step between measurements (theory.md Eq. 64); undefined for fewer than two changes.
 * csv: every row
 */
export function changeOverTime(snapshots: readonly Snapshot[], convention: Convention = "paper"): Figure | undefined {
  const names = layerNames(snapshots);
  const rows = rowsOf(snapshots, convention);
  if (new Set(rows.map(({ step }) => step)).size < 2) return undefined;
  const colour = (layer: string) => depthColour(names.indexOf(layer), names.length).fill;
  const [low, high] = rows.reduce(([l, h], { rate }) => [Math.min(l, rate), Math.max(h, rate)], [Infinity, 0]);
  const domain: [number, number] = [Math.log10(low!) - 0.12, Math.log10(high!) + 0.12];
  const height = ({ rate }: { rate: number }) => Math.log10(rate);
  const panel = plotPanel(
    "Relative change of the second moment of each layer's input, per step, over training steps",
    {
      width: 540,
      height: 300,
      marginTop: 14,
      marginLeft: 70,
      marginRight: 14,
      marginBottom: 40,
      x: stepAxis(
        rows.map(({ step }) => step),
        6,
      ),
      y: {
        ...logarithmicAxis(domain, 8),
        label: "change of cov(h, h) per step",
        ...centred,
      },
      marks: [
        Plot.line(rows, {
          x: "step",
          y: height,
          z: "layer",
          ariaLabel: "layer",
          stroke: ({ layer }) => colour(layer),
          strokeWidth: 1.6,
        }),
        Plot.dot(rows, { x: "step", y: height, fill: ({ layer }) => colour(layer), r: 2 }),
      ],
    },
    { along: "x", powers: "y" },
  );
  const present = new Set(rows.map(({ layer }) => layer));
  const drawn = names.filter((name) => present.has(name));
  const entries: LegendEntry[] =
    drawn.length <= mostNamed
      ? drawn.map((name) => ({ text: shorten(name, 24), colour: colour(name), samples: ["line"] }))
      : [{ text: "first to last layer", colour: "currentColor", samples: ["ramp"] }];
  const legend = legendPanel(entries, 540);
  const csv = toCsv(
    ["step", "since", "layer", "convention", "change", "changePerStep"],
    rows.map(({ step, since, layer, value, rate }) => [step, since, layer, convention, value, rate]),
  );
  return makeFigure([panel], csv, { legend });
}

/** The changes of all layers in the order of steps. */
function rowsOf(snapshots: readonly Snapshot[], convention: Convention) {
  return snapshots
    .toSorted((x, y) => x.step - y.step)
    .flatMap(({ step, layers }) =>
      layers.flatMap(({ name, change }) => {
        const value = change?.[convention].a?.H.value ?? null;
        if (!change || value === null || value <= 0) return [];
        return [{ step, since: change.since, layer: name, value, rate: value / Math.max(1, step - change.since) }];
      }),
    );
}
