/**
 * @file Figure: H, Y and w of two points over time by the theory (theory.md Eq. 93), on linear or logarithmic axes,
 * with measurements of a network as dots, if there are any.
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
  /** Final H by the theory (Eq. 95). */
  readonly finalDistance?: number | null | undefined;
  /** Final Y: the squared distance of the targets. */
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

/** chosen: most dots of a panel that can be distinguished. */
const DOTS = 60;

/** chosen: a logarithmic axis of steps covers three decades. */
const DECADES = 1000;

/** Steps from 0 on, evenly spaced on a logarithmic axis. @param count at least 2 */
export function logarithmicSteps(last: number, count: number): number[] {
  const first = last / DECADES;
  return [0, ...Array.from({ length: count - 1 }, (_, i) => first * DECADES ** (i / Math.max(1, count - 2)))];
}

/** Draws three panels; undefined for fewer than two steps. csv: step and variables by the theory, then measured */
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
      : [{ text: "final value by the theory (Eq. 95)", colour: "currentColor", samples: ["dashed"] as const }]),
  ];
  return makeFigure(panels, csvOf(options), { columns: 3, legend: legendPanel(entries, 640) });
}

interface Point {
  readonly step: number;
  readonly value: number;
}

function pointsOf(course: PairCourse | undefined, name: Variable, kept?: readonly number[]): Point[] {
  if (course === undefined) return [];
  return (kept ?? [...Array(course.step.length).keys()]).map((i) => ({
    step: course.step[i]!,
    value: course[name][i]!,
  }));
}

/** Indices of the dots of a course: evenly spaced along the axis, including the first and the last. */
function dotsOf({ step }: PairCourse, isLog: boolean): number[] {
  const { length } = step;
  if (length <= DOTS) return [...Array(length).keys()];
  if (!isLog) return [...new Set([0, ...evenly(length, DOTS), length - 1])];
  const all = Array.from(step);
  const wanted = logarithmicSteps(all.at(-1)!, DOTS);
  return [
    ...new Set(
      wanted.map((at) =>
        Math.max(
          0,
          all.findIndex((one) => one >= at),
        ),
      ),
    ),
  ];
}

function variablePanel(name: Variable, options: TheoryFigureOptions, steps: readonly number[]): Panel {
  const { theory, measured, r2, finalDistance, target, logSteps = false, logValues = false } = options;
  const isLog = logValues && name !== "w";
  const place = (value: number) => (isLog ? Math.log10(value) : value);
  const shown = ({ value }: Point) => !isLog || value > 0;
  const line = pointsOf(theory, name).filter(shown);
  const dots = pointsOf(measured, name, measured && dotsOf(measured, logSteps)).filter(shown);
  const end = name === "dh2" ? finalDistance : name === "dy2" ? target : 0;
  const values = [...line, ...dots].map(({ value }) => place(value));
  const ends = end == null || (isLog && end <= 0) ? [] : [place(end)];
  const domain = withRoom(values.length > 0 ? [...values, ...ends] : [0, 1]);
  const note = r2?.[name];
  const [from, to] = [Math.min(...steps), Math.max(...steps)];
  const axis = logSteps ? stepAxis([0, to / DECADES, to], 4, true) : stepAxis([from, to], 4, false);
  return plotPanel(
    `${titles[name]} over training steps${note == null ? "" : `, R² ${note.toFixed(3)}`}`,
    {
      ...{ width: 280, height: 236, marginTop: 40, marginBottom: 46, marginLeft: 52, marginRight: 10 },
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

function csvOf({ theory, measured }: TheoryFigureOptions): string {
  const rows = (course: PairCourse | undefined, of: string) =>
    course === undefined
      ? []
      : Array.from(course.step, (step, i) => [of, step, course.dh2[i]!, course.dy2[i]!, course.w[i]!]);
  return toCsv(["of", "step", "dh2", "dy2", "w"], [...rows(theory, "theory"), ...rows(measured, "network")]);
}
