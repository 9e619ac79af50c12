/**
 * @file Figure: noise balance, the ratio of its two sides and the imbalance of the weights of every pair over training
 * (theory.md Eqs. 105, 122, 123).
 */
import * as Plot from "@observablehq/plot";
import type { PairSnapshot } from "../measure/network/pairs.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { centred, logarithmicAxis, titleText, unitAxis } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { type LegendEntry, legendPanel } from "./legend.ts";
import { overSteps, type PairSeries, pairLegend, pairSeries } from "./pairSeries.ts";
import { plotPanel } from "./plotPanel.ts";
import { stepAxis } from "./stepAxis.ts";

interface Point {
  readonly step: number;
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

const size = { width: 340, height: 250, marginTop: 34, marginLeft: 56, marginRight: 12, marginBottom: 38 } as const;

/** chosen: with more attention layers the ranges of their heads would hide one another. */
const mostRanges = 4;

/**
 * Draws the three quantities over steps; undefined where no pair was measured at two steps. csv: one row per step, pair
 * and head
 */
export function noiseBalanceOverTime(snapshots: readonly Snapshot[]): Figure | undefined {
  const all = pairSeries(snapshots);
  const ranges = all.filter(({ heads }) => heads).length <= mostRanges;
  const courses = coursesOf(all, ranges);
  const steps = courses.imbalance.flatMap((points) => points.map(({ step }) => step));
  if (new Set(steps).size < 2) return undefined;
  const measured = courses.balance.some((points) => points.length > 0);
  const axis = stepAxis(steps, 5);
  const panels = [
    ...(measured ? [balancePanel(all, courses, axis), ratioPanel(all, courses, axis)] : []),
    imbalancePanel(all, courses, axis),
  ];
  const legend = [...pairLegend(all), ...(measured ? bandLegend(all, ranges) : [])];
  return makeFigure(panels, csvOf(all), { columns: 3, legend: legendPanel(legend, 1050) });
}

/** The points of each pair. */
interface Courses {
  readonly balance: readonly (readonly Point[])[];
  /** The balance of unrelated matrices. */
  readonly chance: readonly (readonly Point[])[];
  /** Logarithms of tr A / tr B. */
  readonly ratio: readonly (readonly Point[])[];
  readonly imbalance: readonly (readonly Point[])[];
}

/** @param ranges whether the ranges of heads are drawn, or their medians only */
function coursesOf(all: readonly PairSeries[], ranges: boolean): Courses {
  const ofEach = (points: (one: PairSeries) => readonly Point[]): Point[][] =>
    all.map((one) =>
      ranges || !one.heads
        ? [...points(one)]
        : points(one).map(({ step, median }) => ({ step, median, low: median, high: median })),
    );
  return {
    balance: ofEach((one) => withErrors(one, ({ noiseBalance: b }) => [b.alignment, b.alignmentError])),
    chance: all.map((one) => overSteps(one, ({ noiseBalance }) => noiseBalance.null)),
    ratio: ofEach((one) => logarithms(withErrors(one, ({ noiseBalance: b }) => [b.ratio, b.ratioError]))),
    imbalance: ofEach((one) => overSteps(one, ({ imbalance }) => imbalance)),
  };
}

type Axis = ReturnType<typeof stepAxis>;

function balancePanel(all: readonly PairSeries[], { balance, chance }: Courses, x: Axis): Panel {
  const lowest = Math.min(0, ...balance.flat().map(({ low }) => low));
  return panel("Noise balance", x, { ...unitAxis(lowest), label: "correlation of A and B", clamp: true }, [
    ...all.map(({ colour }, i) =>
      Plot.lineY(chance[i]!, {
        ...{ x: "step", y: "median", stroke: colour, strokeDasharray: "4,3" },
        ...{ strokeOpacity: 0.7, strokeWidth: 1, ariaLabel: () => "chance" },
      }),
    ),
    ...curves(all, balance),
  ]);
}

function ratioPanel(all: readonly PairSeries[], { ratio }: Courses, x: Axis): Panel {
  const range = span(ratio.flat().flatMap(({ low, high }) => [low, high, 0]));
  const marks = [Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.5 }), ...curves(all, ratio)];
  return panel("Noise above over noise below", x, { ...logarithmicAxis(range, 6), label: "tr A / tr B" }, marks, "y");
}

function imbalancePanel(all: readonly PairSeries[], { imbalance }: Courses, x: Axis): Panel {
  const highest = Math.max(0.01, ...imbalance.flat().map(({ high }) => high)) * 1.05;
  const y = { domain: [0, highest], ticks: 5, grid: true, label: "|Q| over its parts" };
  return panel("Imbalance of weights", x, y, curves(all, imbalance));
}

function panel(title: string, x: Axis, y: Plot.ScaleOptions, marks: readonly Plot.Markish[], powers?: "y"): Panel {
  return plotPanel(
    `${title} over training steps`,
    { ...size, x, y: { ...centred, ...y }, marks: [titleText(title, -50, -30), ...marks] },
    { along: "x", ...(powers && { powers }) },
  );
}

function bandLegend(all: readonly PairSeries[], ranges: boolean): LegendEntry[] {
  const heads = all.some((one) => one.heads);
  return [
    { text: "chance", colour: "currentColor", samples: ["dashed"] },
    {
      text: heads ? `± error; heads: ${ranges ? "their range" : "medians only"}` : "± standard error",
      colour: "currentColor",
      samples: ["band"],
    },
  ];
}

function withErrors(one: PairSeries, value: (pair: PairSnapshot) => readonly [number | null, number | null]): Point[] {
  const points = overSteps(one, (pair) => value(pair)[0]);
  if (one.heads) return points;
  return points.map(({ step, median }) => {
    const error = value(one.steps.find((at) => at.step === step)!.group.pairs[0]!)[1] ?? 0;
    return { step, median, low: median - error, high: median + error };
  });
}

function logarithms(points: readonly Point[]): Point[] {
  return points
    .filter(({ median }) => median > 0)
    .map(({ step, median, low, high }) => {
      const at = (value: number) => Math.log10(Math.max(value, median / 10));
      return { step, median: at(median), low: at(low), high: at(high) };
    });
}

function curves(all: readonly PairSeries[], points: readonly (readonly Point[])[]): Plot.Markish[] {
  return all.flatMap(({ name, colour }, i) => [
    Plot.areaY(points[i]!, { x: "step", y1: "low", y2: "high", fill: colour, fillOpacity: 0.16 }),
    Plot.lineY(points[i]!, { x: "step", y: "median", stroke: colour, strokeWidth: 1.7, ariaLabel: () => name }),
    Plot.dot(points[i]!.slice(-1), { x: "step", y: "median", fill: colour, r: 3 }),
  ]);
}

function span(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(-0.32, ...values), Math.max(0.32, ...values)];
  return [low - 0.05 * (high - low), high + 0.05 * (high - low)];
}

function csvOf(all: readonly PairSeries[]): string {
  return toCsv(
    ["step", "first", "second", "through", "head", "noiseBalance", "error", "null", "ratio", "ratioError", "imbalance"],
    all.flatMap(({ steps }) =>
      steps.flatMap(({ step, group }) =>
        group.pairs.map(({ first, second, through, head, imbalance, noiseBalance: b }) => [
          ...[step, first, second, through, head, b.alignment, b.alignmentError, b.null, b.ratio, b.ratioError],
          imbalance,
        ]),
      ),
    ),
  );
}
