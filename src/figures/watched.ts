/**
 * @file Figure: quantities that a run watches over its steps, on one axis, with theoretical values as dashed lines.
 */
import * as Plot from "@observablehq/plot";
import { logarithmicAxis, plainNumber } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { type Figure, makeFigure } from "./figure.ts";
import { legendPanel } from "./legend.ts";
import { watchedColour } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";
import { isLogSpaced, stepAxis } from "./stepAxis.ts";

interface Point {
  readonly step: number;
  readonly value: number;
}

export interface WatchedSeries {
  readonly name: string;
  /** By step. */
  readonly points: readonly Point[];
}

export interface WatchedFigureOptions {
  /** Name of the y axis. */
  readonly axis: string;
  /** Whether the y axis is logarithmic, if there is a positive value. */
  readonly log: boolean;
  readonly expected: readonly { readonly meaning: string; readonly value: number }[];
  /** Whether the step axis is logarithmic, where other figures decide it. */
  readonly logSteps?: boolean | undefined;
}

/**
 * Draws the courses.
 *
 * @returns undefined where there is no value. csv: step,name,value of every value, including those that a logarithmic
 *   axis cannot show
 */
export function watchedFigure(all: readonly WatchedSeries[], options: WatchedFigureOptions): Figure | undefined {
  const drawn = all.filter(({ points }) => points.length > 0);
  const values = drawn.flatMap(({ points }) => points.map(({ value }) => value));
  if (values.length === 0) return undefined;
  const { axis, expected, logSteps } = options;
  const log = options.log && values.some((value) => value > 0);
  const shows = (value: number) => !log || value > 0;
  const place = (value: number) => (log ? Math.log10(value) : value);
  const theory = expected.filter(({ value }) => shows(value));
  const steps = drawn.flatMap(({ points }) => points.map(({ step }) => step));
  const [low, high] = spanOf([...values, ...theory.map(({ value }) => value)].filter(shows).map(place), log);
  const colours = drawn.map((_, i) => watchedColour(i));
  const panel = plotPanel(
    `${axis} over training steps: ${drawn.map(({ name }) => name).join(", ")}`,
    {
      ...{ width: 560, height: 280, marginLeft: 62, marginBottom: 40, marginTop: 28 },
      x: stepAxis(steps, 6, logSteps ?? isLogSpaced(steps)),
      y: {
        ...(log
          ? logarithmicAxis([low, high], 6)
          : { type: "linear", domain: [low, high], ticks: 5, tickFormat: plainNumber, grid: true }),
        clamp: true,
        label: axis,
        labelArrow: "none",
      },
      marks: [
        ...theory.map(({ value }) =>
          Plot.ruleY([place(value)], { stroke: "currentColor", strokeOpacity: 0.55, strokeDasharray: "4,3" }),
        ),
        ...drawn.flatMap(({ name, points }, i) => {
          const shown = points
            .filter(({ value }) => shows(value))
            .map(({ step, value }) => ({ step, y: place(value) }));
          const mark = { x: "step", y: "y", ariaLabel: () => name } as const;
          return shown.length === 1
            ? [Plot.dot(shown, { ...mark, fill: colours[i]!, r: 3 })]
            : [Plot.lineY(shown, { ...mark, stroke: colours[i]!, strokeWidth: 1.7 })];
        }),
      ],
    },
    { along: "x", ...(log ? { powers: "y" as const } : {}) },
  );
  const csv = toCsv(
    ["step", "name", "value"],
    drawn.flatMap(({ name, points }) => points.map(({ step, value }) => [step, name, value])),
  );
  const entries = [
    ...drawn.map(({ name }, i) => ({ text: name, colour: colours[i]!, samples: ["line"] as const })),
    ...theory.map(({ meaning }) => ({ text: meaning, colour: "currentColor", samples: ["dashed"] as const })),
  ];
  return makeFigure([panel], csv, { legend: legendPanel(entries, 560) });
}

/** chosen: enough decades for values that fall to rounding level or diverge; lower values would compress the rest. */
const DECADES = 30;

/** Range of the values with a margin; for logarithms, at most DECADES below the largest. */
function spanOf(values: readonly number[], log: boolean): [number, number] {
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const least = values.reduce((found, value) => Math.min(found, value), Number.POSITIVE_INFINITY);
  const low = log ? Math.max(least, high - DECADES) : least;
  const room = (high - low || (log ? 1 : Math.abs(high)) || 1) * 0.05;
  return [low - room, high + room];
}
