/**
 * @file A panel of one followed quantity over steps: the measurement as a broad line, the theory as a thin line over
 * it, and the residual below both, on the same step axis.
 */
import * as Plot from "@observablehq/plot";
import { plainNumber, titleText } from "../axes.ts";
import { evenly } from "../evenlySpaced.ts";
import type { Panel } from "../figure.ts";
import { plotPanel } from "../plotPanel.ts";
import { stepAxis } from "../stepAxis.ts";

export interface Course {
  /** Title above the panel, bold: "H = |dh|²". */
  readonly title: string;
  /** Text beside the title: "R² 0.982". */
  readonly note?: string;
  readonly colour: string;
  /** (T) ascending. */
  readonly step: readonly number[];
  /** (T) each. */
  readonly measured: ArrayLike<number>;
  readonly theory?: ArrayLike<number> | undefined;
  /** The final value by the theory, with its label. */
  readonly end?: { readonly value: number; readonly words: string } | undefined;
}

/** chosen: more points than this cannot be distinguished at the width of a panel. */
const mostPoints = 300;

const size = { width: 460, left: 66, right: 14 };

/** The panel; without theory it has no residuals below. */
export function coursePanel(course: Course): Panel {
  const drawn = thinned(course);
  const residual = drawn.points.some(({ left }) => left !== null);
  const { title, note = "" } = course;
  const last = drawn.points.at(-1)!;
  const label = `${title} over training steps, ${plainNumber(last.measured)} at step ${last.step}${note === "" ? "" : `, ${note}`}`;
  const main = mainPanel(label, course, drawn.points, !residual);
  if (!residual) return main;
  const strip = residualPanel(course, drawn.points);
  return {
    ...main,
    height: main.height + strip.height,
    content: `${main.content}<g transform="translate(0,${main.height})">${strip.content}</g>`,
  };
}

interface Point {
  readonly step: number;
  readonly measured: number;
  readonly theory: number | null;
  /** Measurement minus theory. */
  readonly left: number | null;
}

/** The first and the last point always, and as many of the others as can be seen. */
function thinned({ step, measured, theory }: Course): { points: Point[] } {
  const kept = new Set([0, ...evenly(step.length, mostPoints), step.length - 1]);
  const points = [...kept]
    .sort((x, y) => x - y)
    .map((i) => {
      const said = theory?.[i] ?? null;
      return { step: step[i]!, measured: measured[i]!, theory: said, left: said === null ? null : measured[i]! - said };
    });
  return { points };
}

function mainPanel(label: string, course: Course, points: readonly Point[], withSteps: boolean): Panel {
  const { title, note, colour, end } = course;
  const values = points.flatMap(({ measured, theory }) => (theory === null ? [measured] : [measured, theory]));
  const near = end !== undefined && isNear(end.value, values);
  const domain = withRoom(near ? [...values, end.value] : values);
  const top = 40;
  return plotPanel(
    label,
    {
      width: size.width,
      height: withSteps ? 270 : 226,
      marginTop: top,
      marginBottom: withSteps ? 40 : 8,
      marginLeft: size.left,
      marginRight: size.right,
      x: { ...stepsOf(course), ...(withSteps ? {} : { axis: null }) },
      y: { domain, ticks: 5, tickFormat: plainNumber, grid: true, label: null },
      marks: [
        titleText(title, 4 - size.left, 6 - top),
        ...(note === undefined ? [] : [noteText(note, top)]),
        ...(domain[0] < 0 && domain[1] > 0 ? [Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.3 })] : []),
        Plot.lineY(points, {
          x: "step",
          y: "measured",
          ariaLabel: () => "measured",
          stroke: colour,
          strokeWidth: 5,
          strokeOpacity: 0.5,
          strokeLinecap: "round",
        }),
        Plot.lineY(
          points.filter(({ theory }) => theory !== null),
          { x: "step", y: "theory", ariaLabel: () => "theory", stroke: "currentColor", strokeWidth: 1.4 },
        ),
        ...(end === undefined ? [] : near ? endMarks(end, points, domain) : [farWords(end, domain)]),
      ],
    },
    { x: "step", y: title, along: "x" },
  );
}

function noteText(note: string, top: number): Plot.Markish {
  return Plot.text([note], {
    frameAnchor: "top-right",
    dy: 6 - top,
    lineAnchor: "top",
    fontSize: 12,
    fillOpacity: 0.75,
  });
}

/** The dashed level, labelled where the curves leave most room: in one of three parts, above or below it. */
function endMarks(
  { value, words }: { value: number; words: string },
  points: readonly Point[],
  domain: readonly [number, number],
): Plot.Markish[] {
  const { part, above } = roomiest(value, points, domain);
  const anchor = (["left", "middle", "right"] as const)[part]!;
  return [
    Plot.ruleY([value], { stroke: "currentColor", strokeDasharray: "5,4", strokeWidth: 1.1 }),
    Plot.text([value], {
      y: (level: number) => level,
      text: () => words,
      frameAnchor: anchor,
      textAnchor: anchor === "left" ? "start" : anchor === "right" ? "end" : "middle",
      dx: anchor === "left" ? 4 : anchor === "right" ? -4 : 0,
      dy: above ? -8 : 9,
      fontSize: 11,
    }),
  ];
}

/**
 * chosen: as shares of the panel's height, the distance of the label's middle from the line, and sufficient room.
 */
const [BESIDE, ENOUGH] = [0.05, 0.08];

/** The first position with sufficient room, else the one with most. */
function roomiest(end: number, points: readonly Point[], [low, high]: readonly [number, number]) {
  const [first, last] = [points[0]!.step, points.at(-1)!.step];
  const places = [0, 1, 2].flatMap((part) =>
    [true, false].map((above) => {
      const at = end + (above ? BESIDE : -BESIDE) * (high - low);
      const within = points.filter(
        ({ step }) => Math.min(2, Math.floor((3 * (step - first)) / (last - first))) === part,
      );
      const gaps = within.flatMap(({ measured, theory }) => [
        Math.abs(measured - at),
        Math.abs((theory ?? measured) - at),
      ]);
      const inside = at > low + (BESIDE * (high - low)) / 2 && at < high - (BESIDE * (high - low)) / 2;
      return { part, above, room: inside ? Math.min(1, ...gaps.map((gap) => gap / (high - low))) : -1 };
    }),
  );
  return places.find(({ room }) => room >= ENOUGH) ?? places.reduce((most, one) => (one.room > most.room ? one : most));
}

/** chosen: an end farther from the curves than twice their range would flatten them. */
export function isNear(end: number, values: readonly number[]): boolean {
  const [low, high] = [values.reduce((x, y) => Math.min(x, y)), values.reduce((x, y) => Math.max(x, y))];
  const reach = 2 * (high - low) || Math.abs(high) / 2;
  return end > low - reach && end < high + reach;
}

/** An end outside the panel, as text at the nearest edge. */
function farWords(
  { value, words }: { value: number; words: string },
  [, high]: readonly [number, number],
): Plot.Markish {
  const above = value > high;
  return Plot.text([`${above ? "↑" : "↓"} ${words}, ${above ? "above" : "below"} this panel`], {
    frameAnchor: above ? "top-left" : "bottom-left",
    dx: 4,
    dy: above ? 2 : -2,
    lineAnchor: above ? "top" : "bottom",
    fontSize: 11,
  });
}

/** The scale of the residuals, symmetric about zero. */
function residualPanel(course: Course, points: readonly Point[]): Panel {
  const known = points.filter(({ left }) => left !== null);
  const most = known.reduce((largest, { left }) => Math.max(largest, Math.abs(left!)), 0) || 1;
  const tick = Number(most.toPrecision(1));
  return plotPanel("", {
    width: size.width,
    height: 100,
    marginTop: 20,
    marginBottom: 40,
    marginLeft: size.left,
    marginRight: size.right,
    x: stepsOf(course),
    y: { domain: [-1.1 * most, 1.1 * most], ticks: [-tick, tick], tickFormat: plainNumber, label: null, clamp: true },
    marks: [
      Plot.text(["measured less theory"], {
        frameAnchor: "top-left",
        dx: 4,
        dy: -14,
        lineAnchor: "top",
        fontSize: 11,
        fillOpacity: 0.75,
      }),
      Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.35 }),
      Plot.areaY(known, { x: "step", y1: 0, y2: "left", fill: course.colour, fillOpacity: 0.25 }),
      Plot.lineY(known, { x: "step", y: "left", stroke: course.colour, strokeWidth: 1.2 }),
    ],
  });
}

function stepsOf({ step }: Course) {
  return stepAxis([step[0]!, step.at(-1)!], 6, false);
}

/** The range with a margin of an eighth on both sides, for lines and labels at the ends. */
export function withRoom(values: readonly number[]): [number, number] {
  const [low, high] = [values.reduce((x, y) => Math.min(x, y)), values.reduce((x, y) => Math.max(x, y))];
  const room = (high - low || Math.abs(high) || 1) / 8;
  return [low - (low >= 0 && low < room ? Math.min(low, room) : room), high + room];
}
