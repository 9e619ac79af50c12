/**
 * @file Figure: alignments of plain second moments against those of covariances of normalised rows, and the share of
 * the mean in second moments (as Figs. 9 and 10 of arXiv 2410.03006). One point per layer; on the diagonal the
 * conventions agree.
 */
import * as Plot from "@observablehq/plot";
import { median } from "../measure/median.ts";
import type { LayerSnapshot, Snapshot } from "../measure/snapshot.ts";
import { lowestAlignment } from "./alignmentSeries.ts";
import { unitAxis } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { legendPanel } from "./legend.ts";
import { matrixColour, relationColour } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";
import { stepAxis } from "./stepAxis.ts";

/** RGA of a layer's output in both conventions, and the mean ratios of the output and its gradient. */
interface Row {
  readonly step: number;
  readonly layer: string;
  readonly paper: number | null;
  readonly raw: number | null;
  readonly h: number | null;
  readonly g: number | null;
}

/**
 * Draws forward RGA of second moments against that of covariances at the last measurement, and the mean ratios of
 * activations and gradients over steps, if there are several (theory.md Eqs. 8, 11, 17).
 *
 * @returns undefined where no layer has both alignments. csv: one row per step and layer
 */
export function conventions(snapshots: readonly Snapshot[]): Figure | undefined {
  const ordered = snapshots.toSorted((x, y) => x.step - y.step);
  const rows = ordered.flatMap(({ step, layers }) => layers.map((layer) => rowOf(step, layer)));
  const last = rows.filter(({ step, paper, raw }) => step === ordered.at(-1)!.step && paper !== null && raw !== null);
  if (last.length === 0) return undefined;
  const ratios = ratiosByStep(rows);
  const panels = [agreement(last), ...(ratios.length > 2 ? [ratioPanel(ratios)] : [])];
  const legend =
    ratios.length > 2
      ? legendPanel([
          { text: "a layer's forward RGA", colour: relationColour.rga, samples: ["circle"] },
          { text: "mean ratio of h (median, range)", colour: matrixColour.H, samples: ["line", "band"] },
          { text: "of g", colour: matrixColour.G, samples: ["line", "band"] },
        ])
      : legendPanel([{ text: "a layer's forward RGA", colour: relationColour.rga, samples: ["circle"] }]);
  const csv = toCsv(
    ["step", "layer", "rgaPaper", "rgaRaw", "meanRatioH", "meanRatioG"],
    rows.map(({ step, layer, paper, raw, h, g }) => [step, layer, paper, raw, h, g]),
  );
  return makeFigure(panels, csv, { columns: 2, legend });
}

function rowOf(step: number, { name, alignment, meanRatio }: LayerSnapshot): Row {
  return {
    step,
    layer: name,
    paper: alignment.paper.b.rga.value,
    raw: alignment.raw.b.rga.value,
    h: meanRatio.b.h.value,
    g: meanRatio.b.g.value,
  };
}

function agreement(rows: readonly Row[]): Panel {
  const low = lowestAlignment(rows.flatMap(({ paper, raw }) => [paper, raw]));
  const ends = [
    { paper: low, raw: low },
    { paper: 1, raw: 1 },
  ];
  const axis = { ...unitAxis(low), labelArrow: "none" } as const;
  return plotPanel(
    "Forward RGA of plain second moments against that of covariances of normalised rows",
    {
      ...size,
      x: { ...axis, label: "covariances of normalised rows (paper)", labelAnchor: "center" },
      y: { ...axis, label: "plain second moments (raw)" },
      marks: [
        Plot.line(ends, { x: "paper", y: "raw", stroke: "currentColor", strokeOpacity: 0.4, strokeDasharray: "4,3" }),
        Plot.dot(rows, {
          x: "paper",
          y: "raw",
          fill: relationColour.rga,
          fillOpacity: 0.75,
          r: rows.length > 40 ? 3 : 4.5,
          title: "layer",
        }),
      ],
    },
    {},
  );
}

const size = { width: 460, height: 300, marginTop: 30, marginLeft: 40, marginRight: 16, marginBottom: 42 };

interface Ratio {
  readonly step: number;
  readonly which: "H" | "G";
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Median and range over layers, one row for h and one for g at each step. */
function ratiosByStep(rows: readonly Row[]): Ratio[] {
  return [...new Set(rows.map(({ step }) => step))].flatMap((step) =>
    (["H", "G"] as const).flatMap((which): Ratio[] => {
      const own = rows.filter((row) => row.step === step);
      const values = own.flatMap((row) => (which === "H" ? row.h : row.g) ?? []);
      const middle = median(values);
      return middle === null
        ? []
        : [{ step, which, median: middle, low: Math.min(...values), high: Math.max(...values) }];
    }),
  );
}

function ratioPanel(ratios: readonly Ratio[]): Panel {
  const of = (which: Ratio["which"]) => ratios.filter((ratio) => ratio.which === which);
  return plotPanel(
    "Share of the mean in the second moments of activations and gradients over training steps",
    {
      ...size,
      x: stepAxis(
        ratios.map(({ step }) => step),
        5,
      ),
      y: { ...unitAxis(0), label: "|E v|² / E |v|²", labelArrow: "none" },
      marks: (["H", "G"] as const).flatMap((which) => [
        Plot.areaY(of(which), { x: "step", y1: "low", y2: "high", fill: matrixColour[which], fillOpacity: 0.14 }),
        Plot.line(of(which), {
          x: "step",
          y: "median",
          stroke: matrixColour[which],
          strokeWidth: 2,
          ariaLabel: () => (which === "H" ? "h" : "g"),
        }),
      ]),
    },
    { along: "x" },
  );
}
