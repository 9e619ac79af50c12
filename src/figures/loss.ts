/**
 * @file Figure: loss, accuracy and perplexity over steps. The loss axis is logarithmic where the loss is positive and
 * spans a factor of five; the step axis follows the evaluated steps.
 */
import * as Plot from "@observablehq/plot";
import { plainNumber } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { legendPanel } from "./legend.ts";
import { lossColour } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";
import { isLogSpaced, stepAxis } from "./stepAxis.ts";

/** One measured quantity at one step, as metrics.jsonl holds it. */
interface MetricPoint {
  readonly step: number;
  readonly name: string;
  readonly value: number;
}

interface Series {
  readonly name: string;
  readonly who: "train" | "eval";
  readonly points: readonly MetricPoint[];
}

/** chosen: more points than this are drawn as means over as many intervals of the axis, about one per pixel. */
const maxPoints = 400;

/**
 * Draws train/loss, eval/loss and, where present, train/accuracy, eval/accuracy, eval/perplexity and eval/linear-probe;
 * eval/samples is shown in the legend.
 *
 * @param metrics rows in any order; other quantities and non-finite values are not drawn
 * @param logSteps whether the step axis is logarithmic, where other figures decide it
 * @returns undefined where there is no loss to draw. csv: step,name,value of every row, before thinning
 */
export function lossFigure(metrics: readonly MetricPoint[], logSteps?: boolean): Figure | undefined {
  const loss = seriesOf(metrics, "loss");
  if (loss.length === 0) return undefined;
  const others = ["accuracy", "perplexity", "linear-probe"].map((name) => ({ name, series: seriesOf(metrics, name) }));
  const all = [...loss, ...others.flatMap(({ series }) => series)];
  const samples = metrics.findLast((row) => row.name === "eval/samples")?.value;
  const log = logSteps ?? all.some(({ points }) => isLogSpaced(points.map((point) => point.step)));
  const drawn = [{ name: "loss", series: loss }, ...others.filter(({ series }) => series.length > 0)];
  const width = drawn.length === 3 ? narrow : wide;
  const panels = drawn.map(({ name, series }) => quantityPanel(axisWords[name] ?? name, series, { log, width }));
  const entries = (["train", "eval"] as const)
    .filter((who) => all.some((series) => series.who === who))
    .map((who) => ({
      text: who === "train" ? "training batches" : evaluationWords(samples),
      colour: lossColour[who],
      samples: who === "train" ? (["line"] as const) : (["line", "circle"] as const),
    }));
  const csv = toCsv(
    ["step", "name", "value"],
    all.flatMap(({ points }) => points.map(({ step, name, value }) => [step, name, value])),
  );
  return makeFigure(panels, csv, { columns: panels.length === 3 ? 3 : 2, legend: legendPanel(entries) });
}

/** Axis names of quantities that differ from their names in metrics.jsonl. */
const axisWords: Readonly<Record<string, string>> = { "linear-probe": "accuracy of a linear probe" };

function evaluationWords(samples: number | undefined): string {
  return samples === undefined ? "evaluation" : `evaluation on ${samples.toLocaleString("en-US")} samples`;
}

function seriesOf(metrics: readonly MetricPoint[], quantity: string): Series[] {
  return (["train", "eval"] as const)
    .map((who) => {
      const name = `${who}/${quantity}`;
      const points = metrics.filter((row) => row.name === name && Number.isFinite(row.value));
      return { name, who, points: points.toSorted((x, y) => x.step - y.step) };
    })
    .filter(({ points }) => points.length > 0);
}

/** Width in pixels of a panel among two, and among three. */
const wide = 460;
const narrow = 324;

function quantityPanel(
  quantity: string,
  series: readonly Series[],
  { log, width }: { log: boolean; width: number },
): Panel {
  const all = series.flatMap(({ points }) => points);
  const drawn = series.map((one) => ({ ...one, points: thin(one.points, log) }));
  const last = all.reduce((latest, point) => (point.step > latest.step ? point : latest));
  const label = `${quantity} over training steps, ${last.value.toPrecision(3)} at step ${last.step}`;
  return plotPanel(
    label,
    {
      width,
      height: width === narrow ? 220 : 260,
      marginLeft: 52,
      marginBottom: 40,
      marginTop: 28,
      x: stepAxis(
        all.map((point) => point.step),
        width === narrow ? 4 : 6,
        log,
      ),
      y: {
        ...(quantity.startsWith("accuracy") ? shareScale : valueScale)(
          drawn.flatMap(({ points }) => points.map((point) => point.value)),
        ),
        label: quantity,
        labelArrow: "none",
        grid: true,
      },
      marks: drawn.flatMap(({ who, points }) => {
        const line = Plot.lineY(points, {
          x: "step",
          y: "value",
          ariaLabel: () => (who === "train" ? "training" : "evaluation"),
          stroke: lossColour[who],
          strokeWidth: who === "train" ? 1.2 : 2,
        });
        const dots = Plot.dot(points, { x: "step", y: "value", fill: lossColour[who], r: 2.2 });
        return points.length === 1 || (who === "eval" && points.length <= 60) ? [line, dots] : [line];
      }),
    },
    { along: "x" },
  );
}

/** Shares of samples, which always have a linear axis. */
function shareScale(values: readonly number[]): Plot.ScaleOptions {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(0.01, (high - low) * 0.05);
  return {
    type: "linear",
    domain: [Math.max(0, low - room), Math.min(1, high + room)],
    ticks: 5,
    tickFormat: (share: number) => `${Number((100 * share).toPrecision(3))} %`,
  };
}

function valueScale(values: readonly number[]): Plot.ScaleOptions {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low > 0 && high / low > 5)
    return {
      type: "log",
      domain: [low / 1.1, high * 1.1],
      ticks: logTicks(low / 1.1, high * 1.1),
      tickFormat: plainNumber,
    };
  const room = (high - low || Math.abs(high) || 1) * 0.05;
  return { type: "linear", domain: [low - room, high + room], ticks: 5, tickFormat: plainNumber };
}

/** Ticks at 1, 2 and 5 of every decade if there are few decades, else at every decade, every second, and so on. */
function logTicks(low: number, high: number): number[] {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const decades = Math.log10(high / low);
  const stride = Math.ceil(decades / 6);
  const ticks: number[] = [];
  for (let exponent = from; exponent <= to; exponent += stride)
    for (const digit of decades < 2.5 ? [1, 2, 5] : [1]) ticks.push(Number(`${digit}e${exponent}`));
  return ticks.filter((tick) => tick >= low && tick <= high);
}

/** Means over at most maxPoints equal intervals of the (log) axis; the points themselves if there are few. */
function thin(points: readonly MetricPoint[], log: boolean): readonly MetricPoint[] {
  if (points.length <= maxPoints) return points;
  const place = (step: number) => (log ? Math.log1p(step) : step);
  const [from, to] = [place(points[0]!.step), place(points.at(-1)!.step)];
  const stretches = new Map<number, { step: number; value: number; count: number }>();
  for (const { step, value } of points) {
    const at = Math.min(maxPoints - 1, Math.floor(((place(step) - from) / (to - from)) * maxPoints));
    const sum = stretches.get(at) ?? { step: 0, value: 0, count: 0 };
    stretches.set(at, { step: sum.step + step, value: sum.value + value, count: sum.count + 1 });
  }
  const name = points[0]!.name;
  return [...stretches.values()].map(({ step, value, count }) => ({ step: step / count, name, value: value / count }));
}
