/**
 * @file Figure: a measure of many runs over one of their parameters, as median and quartiles; one curve for each value
 * of another parameter or for each layer, one panel for each value of a third.
 */
import { plainNumber } from "./axes.ts";
import { type ChartAxis, type ChartPoint, type Curve, charts } from "./charts.ts";
import type { Figure } from "./figure.ts";
import type { LegendEntry } from "./legend.ts";
import { depthColour, watchedColour } from "./palette.ts";

type Value = string | number | boolean | null;

/** One group of runs. */
export interface SweepDot {
  readonly group: Value;
  readonly by: Value;
  readonly x: Value;
  readonly n: number;
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export interface SweepCurvesOptions {
  /** The parameter on x, and the kind of its scale. */
  readonly x: { readonly name: string; readonly spacing: "linear" | "log" | "categories" };
  readonly y: { readonly label: string; readonly log: boolean };
  readonly by?: string | undefined;
  readonly group?: string | undefined;
  /** How the number of one run was obtained, where it is not y itself. */
  readonly note?: string | undefined;
}

/**
 * Draws curves over a parameter.
 *
 * @param dots in the order of groups, curves and x
 * @returns csv: panel,curve,x,y,low,high of every point; x is a name where values are categories
 */
export function sweepCurves(dots: readonly SweepDot[], { x, y, by, group, note }: SweepCurvesOptions): Figure {
  const names = different(dots.map((dot) => dot.x));
  const curves = different(dots.map((dot) => dot.by));
  const colours = coloursOf(curves);
  const across: ChartAxis = {
    label: x.name,
    log: x.spacing === "log",
    ...(x.spacing === "categories" && { categories: names.map(shown) }),
  };
  const placed = (dot: SweepDot): ChartPoint => ({
    x: x.spacing === "categories" ? names.indexOf(dot.x) : Number(dot.x),
    y: dot.median,
    low: dot.low,
    high: dot.high,
    title: `${shown(dot.x)}: median ${plainNumber(dot.median)}, quartiles ${plainNumber(dot.low)} to ${plainNumber(dot.high)}, n ${dot.n}`,
  });
  const panels = different(dots.map((dot) => dot.group)).map((panel) => ({
    title: group === undefined ? "" : called(group, panel),
    x: across,
    y,
    curves: curves.flatMap((curve, i): Curve[] => {
      const points = dots.filter((dot) => dot.group === panel && dot.by === curve).map(placed);
      const name = by === undefined ? "median" : called(by, curve);
      return points.length === 0 ? [] : [{ name, colour: colours[i]!, points, dots: "full", band: points.length > 1 }];
    }),
  }));
  const legend: LegendEntry[] = [
    ...curves.map(
      (curve, i): LegendEntry => ({
        text: by === undefined ? "median of runs" : called(by, curve),
        colour: colours[i]!,
        samples: ["line", "circle"],
      }),
    ),
    {
      text: by === undefined ? "quartiles of runs" : "median and quartiles of runs",
      colour: colours[0] ?? watchedColour(0),
      samples: ["band"],
    },
    ...(note === undefined ? [] : [{ text: note, colour: "currentColor", samples: [] }]),
  ];
  const single = panels.length === 1;
  return charts(panels, { columns: single ? 1 : Math.min(3, panels.length), legend, ...(single && SINGLE) });
}

/** chosen: width in pixels of a single panel. */
const SINGLE = { width: 520, height: 320 };

/** The distinct values in order of appearance. */
export function different(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}

/** A value as text; numbers with four digits. */
export function shown(value: Value): string {
  if (value === null) return "none";
  return typeof value === "number" ? plainNumber(value) : String(value);
}

/** The name of a group: "decay 0.01"; for layers the value alone. */
export function called(name: string, value: Value): string {
  return name === "layer" ? shown(value) : `${name} ${shown(value)}`;
}

/** Colours: by depth for ordered values, by hue for texts. */
function coloursOf(values: readonly Value[]): string[] {
  const isOrdered = values.length > 1 && values.every((value) => typeof value === "number");
  const isMany = values.length > 7; // hues repeat after seven
  return values.map((_, i) => (isOrdered || isMany ? depthColour(i, values.length).fill : watchedColour(i)));
}
