/**
 * @file Figure: H, Y and w of two points over time by the theory (theory.md Eq. 93), on linear or logarithmic axes; with
 * what was measured of a network as dots upon it, where there is one.
 */
import * as Plot from "@observablehq/plot";
import { centred, logarithmicAxis, plainNumber, titleText } from "../axes.ts";
import { toCsv } from "../csv.ts";
import { evenly } from "../evenlySpaced.ts";
import { type Figure, makeFigure, type Panel } from "../figure.ts";
import { type LegendEntry, legendPanel } from "../legend.ts";
import { followedColour } from "../palette.ts";
import { plotPanel } from "../plotPanel.ts";
import { stepAxis } from "../stepAxis.ts";
import { withRoom } from "./coursePanel.ts";

/** H, Y and w at T steps. */
export interface PairCourse {
  /** (T) ascending. */
  readonly step: ArrayLike<number>;
  readonly dh2: ArrayLike<number>;
  readonly dy2: ArrayLike<number>;
  readonly w: ArrayLike<number>;
}

export interface TheoryFigureOptions {
  readonly theory: PairCourse | undefined;
  readonly measured?: PairCourse | undefined;
  /** R² of each, beside its title. */
  readonly r2?: Readonly<Record<Variable, number | null>> | undefined;
  /** Where H ends by the theory (Eq. 95). */
  readonly finalDistance?: number | null | undefined;
  /** Where Y ends: the squared distance of the targets. */
  readonly target?: number | undefined;
  readonly logSteps?: boolean;
  readonly logValues?: boolean;
}

const variables = ["dh2", "dy2", "w"] as const;
type Variable = (typeof variables)[number];

const titles: Readonly<Record<Variable, string>> = {
  dh2: "H = |dh|², representations",
  dy2: "Y = |dy|², outputs",
  w: "w = dy · (dy − dy*)",
};

/** chosen: dots of a panel that are still told apart. */
const DOTS = 60;

/** Draws three panels; undefined where there are not two steps. csv: step, each variable by the theory, then measured */
export function theoryCurvesFigure(options: TheoryFigureOptions): Figure | undefined {
  const { theory, measured } = options;
  const steps = [theory, measured].flatMap((one) =>
    one === undefined ? [] : [one.step[0], one.step[one.step.length - 1]],
  );
  const known = steps.filter((step) => step !== undefined);
  if (new Set(known).size < 2) return undefined;
  const panels = variables.map((name) => variablePanel(name, options, known));
  const entries: LegendEntry[] = [
    ...(theory ? [{ text: "theory (Eq. 93)", colour: "currentColor", samples: ["line"] as const }] : []),
    ...(measured ? [{ text: "the network", colour: followedColour.dh2, samples: ["dot"] as const }] : []),
    ...(options.finalDistance == null && options.target === undefined
      ? []
      : [{ text: "where it ends by the theory (Eq. 95)", colour: "currentColor", samples: ["dashed"] as const }]),
  ];
  return makeFigure(panels, csvOf(options), { columns: 3, legend: legendPanel(entries, 640) });
}

interface Point {
  readonly step: number;
  readonly value: number;
}

const pointsOf = (course: PairCourse | undefined, name: Variable, most = Number.POSITIVE_INFINITY): Point[] => {
  if (course === undefined) return [];
  const { length } = course.step;
  const kept = length <= most ? [...Array(length).keys()] : [...new Set([...evenly(length, most), length - 1])];
  return kept.map((i) => ({ step: course.step[i]!, value: course[name][i]! }));
};

function variablePanel(name: Variable, options: TheoryFigureOptions, steps: readonly number[]): Panel {
  const { theory, measured, r2, finalDistance, target, logSteps = false, logValues = false } = options;
  const isLog = logValues && name !== "w";
  const place = (value: number) => (isLog ? Math.log10(value) : value);
  const shown = ({ value }: Point) => !isLog || value > 0;
  const line = pointsOf(theory, name).filter(shown);
  const dots = pointsOf(measured, name, DOTS).filter(shown);
  const end = name === "dh2" ? finalDistance : name === "dy2" ? target : 0;
  const values = [...line, ...dots].map(({ value }) => place(value));
  const ends = end == null || (isLog && end <= 0) ? [] : [place(end)];
  const domain = withRoom(values.length > 0 ? [...values, ...ends] : [0, 1]);
  const note = r2?.[name];
  const first = steps
    .filter((step) => step > 0)
    .reduce((least, step) => Math.min(least, step), Number.POSITIVE_INFINITY);
  const axis = logSteps
    ? stepAxis([0, ...decades(Math.max(...steps), first)], 4, true)
    : stepAxis([Math.min(...steps), Math.max(...steps)], 4, false);
  return plotPanel(
    `${titles[name]} over training steps${note == null ? "" : `, R² ${note.toFixed(3)}`}`,
    {
      ...{ width: 280, height: 230, marginTop: 40, marginBottom: 40, marginLeft: 52, marginRight: 10 },
      x: axis,
      y: isLog
        ? { ...logarithmicAxis(domain, 6), label: null }
        : { domain, ticks: 5, tickFormat: plainNumber, grid: true, label: null, ...centred },
      marks: [
        titleText(titles[name], -48, -34),
        ...(note == null
          ? []
          : [
              Plot.text([`R² ${note < -10 ? "below −10" : note.toFixed(3).replace("-", "−")}`], {
                ...{ frameAnchor: "top-right" as const, dy: -15, lineAnchor: "top" as const, fontSize: 12 },
              }),
            ]),
        ...ends.map((level) =>
          Plot.ruleY([level], { stroke: "currentColor", strokeOpacity: 0.6, strokeDasharray: "5,4" }),
        ),
        Plot.dot(dots, {
          ...{ x: "step", y: ({ value }: Point) => place(value), fill: followedColour[name], r: 3.2 },
          ariaLabel: () => "the network",
        }),
        Plot.lineY(line, {
          ...{ x: "step", y: ({ value }: Point) => place(value), strokeWidth: 1.8 },
          ...{ stroke: measured ? "currentColor" : followedColour[name], ariaLabel: () => "theory" },
        }),
      ],
    },
    { x: "step", y: titles[name], along: "x", ...(isLog && { powers: "y" as const }) },
  );
}

/** Steps that make an axis of decades: from a thousandth of the last on, or from the first that there is. */
function decades(last: number, first: number): number[] {
  const from = Math.min(last, Math.max(last / 1000, Number.isFinite(first) ? Math.min(first, last / 10) : last / 1000));
  return [from, last];
}

function csvOf({ theory, measured }: TheoryFigureOptions): string {
  const rows = (course: PairCourse | undefined, of: string) =>
    course === undefined
      ? []
      : Array.from(course.step, (step, i) => [of, step, course.dh2[i]!, course.dy2[i]!, course.w[i]!]);
  return toCsv(["of", "step", "dh2", "dy2", "w"], [...rows(theory, "theory"), ...rows(measured, "network")]);
}
