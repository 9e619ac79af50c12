/**
 * @file Figure: the symmetric pairs of a network in order of execution: imbalance of their weights, noise balance
 * beside RGA of the representation between them, and the ratio that shows where noise moves weight (theory.md Eqs. 105,
 * 107, 124, 125).
 */
import * as Plot from "@observablehq/plot";
import { median } from "../measure/median.ts";
import { sharedRga } from "../measure/network/pairGroups.ts";
import type { PairSnapshot } from "../measure/network/pairs.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { logarithmicAxis, titleText } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { fullName, labelWidth } from "./layerLabels.ts";
import { type LegendEntry, legendPanel } from "./legend.ts";
import { type PairSeries, pairSeries } from "./pairSeries.ts";
import { relationColour } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";

interface Mark {
  readonly y: number;
  readonly x: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly title: string;
}

const top = 44;
const bottom = 44;

/** Draws the pairs of one measurement; undefined without any pair of two maps. csv: one row per pair and head */
export function pairsByDepth(snapshot: Snapshot): Figure | undefined {
  const all = pairSeries([snapshot]);
  if (all.length === 0) return undefined;
  const rga = all.map(({ steps }) => sharedRga(steps[0]!.group, snapshot));
  const measured = ratiosOf(all).length > 0;
  const panels = [imbalancePanel(all), ...(measured ? [balancePanel(all, rga), ratioPanel(all)] : [])];
  const hasRga = rga.some((value) => value !== null);
  const entries = measured ? legendOf(all, hasRga) : [];
  return makeFigure(panels, csvOf(all, rga), {
    columns: 3,
    ...(entries.length > 0 && { legend: legendPanel(entries, 640) }),
  });
}

const pairsOf = ({ steps }: PairSeries): readonly PairSnapshot[] => steps[0]!.group.pairs;

/** Logarithms of tr A / tr B. */
const ratiosOf = (all: readonly PairSeries[]): number[] =>
  all.flatMap(pairsOf).flatMap(({ noiseBalance: { ratio } }) => (ratio ? [Math.log10(ratio)] : []));

function imbalancePanel(all: readonly PairSeries[]): Panel {
  const highest = Math.max(0.02, ...all.flatMap(pairsOf).map(({ imbalance }) => imbalance ?? 0));
  const marks = marksOf(all, "imbalance", (pair) => within(pair.imbalance, null));
  return rowPanel(
    all,
    "imbalance of weights",
    { domain: [0, highest * 1.08], ticks: 4, label: "|Q| over its parts" },
    dots(all, marks),
  );
}

/** Noise balance with its chance, and RGA of the representation between the maps as rings. */
function balancePanel(all: readonly PairSeries[], rga: readonly (number | null)[]): Panel {
  const balances = all.flatMap(pairsOf).flatMap(({ noiseBalance: { alignment, null: chance } }) => [alignment, chance]);
  const low = Math.min(0, ...[...balances, ...rga].filter((value) => value !== null));
  const chance = marksOf(all, "chance", ({ noiseBalance: { null: x } }) => within(x, null));
  const balance = marksOf(all, "noise balance", (p) => within(p.noiseBalance.alignment, p.noiseBalance.alignmentError));
  const shared = rga.flatMap((x, y) => (x === null ? [] : [{ y, x, title: `${all[y]!.name}: RGA ${x.toFixed(3)}` }]));
  return rowPanel(all, "noise balance and RGA", { domain: [low, 1], ticks: 4, label: "correlation" }, [
    Plot.ruleX(chance, {
      x: "x",
      y1: ({ y }: Mark) => y - 0.3,
      y2: ({ y }: Mark) => y + 0.3,
      stroke: "currentColor",
      strokeOpacity: 0.6,
      title: "title",
    }),
    ...dots(all, balance),
    Plot.dot(shared, { x: "x", y: "y", r: 5, stroke: relationColour.rga, strokeWidth: 1.6, title: "title" }),
  ]);
}

function ratioPanel(all: readonly PairSeries[]): Panel {
  const reach = Math.max(0.35, ...ratiosOf(all).map(Math.abs)) * 1.12;
  const ratio = marksOf(all, "log10 of tr A / tr B", ({ noiseBalance: { ratio: x, ratioError: e } }) => {
    if (x === null || x <= 0) return undefined;
    const at = (value: number) => Math.log10(Math.max(value, x / 10));
    return { x: at(x), low: e && at(x - e), high: e && at(x + e) };
  });
  return rowPanel(
    all,
    "where noise moves weight",
    { ...logarithmicAxis([-reach, reach], 5), label: "← to first · tr A / tr B · to second →" },
    [Plot.ruleX([0], { stroke: "currentColor", strokeOpacity: 0.5 }), ...dots(all, ratio)],
  );
}

/** A mark for each pair that has the value, whose words name the quantity. */
function marksOf(
  all: readonly PairSeries[],
  quantity: string,
  value: (pair: PairSnapshot) => Omit<Mark, "y" | "title"> | undefined,
): Mark[] {
  return all.flatMap((one, y) =>
    pairsOf(one).flatMap((pair): Mark[] => {
      const found = value(pair);
      const head = pair.head === undefined ? "" : ` head ${pair.head}`;
      return found ? [{ y, ...found, title: `${one.name}${head}: ${quantity} ${found.x.toPrecision(3)}` }] : [];
    }),
  );
}

const within = (x: number | null, error: number | null) =>
  x === null ? undefined : { x, low: error && x - error, high: error && x + error };

function legendOf(all: readonly PairSeries[], hasRga: boolean): LegendEntry[] {
  return [
    { text: "noise balance, ± error", colour: "currentColor", samples: ["whisker", "dot"] },
    { text: "chance", colour: "currentColor", samples: ["tick"] },
    ...(hasRga
      ? [{ text: "RGA of the shared representation", colour: relationColour.rga, samples: ["ring"] as const }]
      : []),
    ...(all.some(({ heads }) => heads)
      ? [{ text: "median of heads", colour: "currentColor", samples: ["circle"] as const }]
      : []),
  ];
}

function rowPanel(
  all: readonly PairSeries[],
  title: string,
  x: { domain: number[]; ticks?: number | number[]; label: string; tickFormat?: (value: number) => string },
  marks: readonly Plot.Markish[],
): Panel {
  const step = Math.max(10, Math.min(26, 1100 / all.length));
  const left = labelWidth(all.map(({ label }) => label));
  const { label, ticks = 4, tickFormat, domain } = x;
  const shown = { ticks, ...(tickFormat && { tickFormat }), tickSize: 0 };
  return plotPanel(`${title} of ${all.length} pairs`, {
    width: 210 + left,
    height: Math.ceil(all.length * step) + top + bottom,
    marginTop: top,
    marginBottom: bottom,
    marginLeft: left,
    marginRight: 14,
    x: { domain, axis: null, clamp: true },
    y: { domain: [all.length - 0.5, -0.5], axis: null },
    marks: [
      titleText(title, 6 - left, 4 - top),
      Plot.gridX({ ticks, strokeOpacity: 0.12 }),
      Plot.axisX({ ...shown, anchor: "bottom", label, labelAnchor: "center", labelArrow: "none", labelOffset: 36 }),
      Plot.text(all, {
        y: (_: PairSeries, i: number) => i,
        text: "label",
        title: ({ name, label: cut }: PairSeries) => fullName(name, cut),
        frameAnchor: "left",
        textAnchor: "end",
        dx: -8,
        fontSize: 11,
      }),
      Plot.ruleY(all, { y: (_: PairSeries, i: number) => i, stroke: "currentColor", strokeOpacity: 0.08 }),
      ...marks,
    ],
  });
}

/** One dot per pair with its error; for heads, small dots and their median. */
function dots(all: readonly PairSeries[], marks: readonly Mark[]): Plot.Markish[] {
  const colour = ({ y }: { y: number }) => all[y]!.colour;
  const isHead = ({ y }: { y: number }) => all[y]!.heads;
  const errors = marks.filter((mark) => mark.low !== null && mark.low !== 0 && !isHead(mark));
  const medians = all.flatMap(({ heads }, y) => {
    const x = heads ? median(marks.filter((mark) => mark.y === y).map((mark) => mark.x)) : null;
    return x === null ? [] : [{ y, x }];
  });
  return [
    Plot.ruleY(errors, { y: "y", x1: "low", x2: "high", stroke: colour, strokeOpacity: 0.4, strokeWidth: 4 }),
    Plot.dot(marks.filter(isHead), { x: "x", y: "y", r: 2, fill: colour, fillOpacity: 0.55, title: "title" }),
    Plot.dot([...marks.filter((mark) => !isHead(mark)), ...medians], {
      x: "x",
      y: "y",
      r: 4,
      fill: colour,
      title: (mark: { title?: string }) => mark.title ?? null,
    }),
  ];
}

function csvOf(all: readonly PairSeries[], rga: readonly (number | null)[]): string {
  return toCsv(
    [
      ...["first", "second", "through", "symmetry", "head", "width", "imbalance", "noiseBalance", "error", "null"],
      ...["ratio", "ratioError", "residual", "rga", "examples", "status"],
    ],
    all.flatMap(({ steps }, i) =>
      steps[0]!.group.pairs.map((pair) => {
        const { first, second, through, symmetry, head, width, imbalance, noiseBalance: balance, status } = pair;
        return [
          ...[first, second, through, symmetry, head, width, imbalance],
          ...[balance.alignment, balance.alignmentError, balance.null, balance.ratio, balance.ratioError],
          ...[balance.residual, rga[i], balance.n, status],
        ];
      }),
    ),
  );
}
