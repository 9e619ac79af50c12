/**
 * @file Panels of curves and points over one quantity each, drawn by studies of several runs. Values may have
 * intervals; theoretical lines are dashed.
 */
import * as Plot from "@observablehq/plot";
import { centred, logarithmicAxis } from "./axes.ts";
import { type Cell, significant, toCsv } from "./csv.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { type LegendEntry, legendPanel } from "./legend.ts";
import { plotPanel } from "./plotPanel.ts";
import { formatStep } from "./stepAxis.ts";

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  /** An interval about y. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** Text shown under the pointer. */
  readonly title?: string | undefined;
}

export interface Curve {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly ChartPoint[];
  /** How points are joined. Default "solid". */
  readonly line?: "solid" | "dashed" | "none";
  /** Whether each point has a mark, filled or open. Default: none where there is a line. */
  readonly dots?: "full" | "hollow";
  /** Whether intervals form a band around the line instead of a bar at each point. Default: false. */
  readonly band?: boolean;
}

export interface ChartAxis {
  readonly label: string;
  readonly log?: boolean;
  /** Default: the range of the values. */
  readonly domain?: readonly [number, number];
  /** Whether values are training steps. */
  readonly steps?: boolean;
  /** Names of the values 0, 1, 2 .., which are equally spaced. */
  readonly categories?: readonly string[];
  /** Whether the names are long. They are then all drawn at a slant, and the axis has no label. */
  readonly aslant?: boolean;
}

export interface Chart {
  readonly title: string;
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  readonly curves: readonly Curve[];
  /** Draws the line y = x. */
  readonly diagonal?: boolean;
}

export interface ChartsOptions {
  readonly columns?: number;
  readonly legend?: readonly LegendEntry[];
  readonly width?: number;
  readonly height?: number;
}

/**
 * Draws charts beside each other.
 *
 * @returns csv: panel,curve,x,y,low,high of every point, six digits; x is a name where the axis has names
 *
 * Points that are not finite, or not positive on a logarithmic axis, are in the table but not in the picture.
 */
export function charts(all: readonly Chart[], options: ChartsOptions = {}): Figure {
  const { columns = 3, legend, width = 300, height = 210 } = options;
  const rows = all.flatMap(({ title, x: { categories }, curves }) =>
    curves.flatMap(({ name, points }) =>
      points.map(({ x, y, low, high }): Cell[] => [
        ...[title, name, categories === undefined ? cell(x) : categories[Math.round(x)]],
        ...[y, low, high].map(cell),
      ]),
    ),
  );
  const legendWidth = columns * (width + 16) - 16;
  return makeFigure(
    all.map((chart) => chartPanel(chart, width, height)),
    toCsv(["panel", "curve", "x", "y", "low", "high"], rows),
    { columns, ...(legend && { legend: legendPanel(legend, Math.max(300, legendWidth)) }) },
  );
}

function cell(value: number | undefined): Cell {
  return value === undefined || !Number.isFinite(value) ? undefined : significant(value, 6);
}

function chartPanel({ title, x, y, curves, diagonal }: Chart, width: number, height: number): Panel {
  const drawn = curves.map((curve) => ({
    ...curve,
    points: curve.points.filter((point) => fits(point, x, y)).map((point) => onScales(point, x, y)),
  }));
  const points = drawn.flatMap((curve) => curve.points);
  const spanX = spanOf(
    points.map((point) => point.x),
    x,
  );
  const spanY = spanOf(
    points.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]),
    y,
  );
  const line: [number, number] = [Math.max(spanX[0], spanY[0]), Math.min(spanX[1], spanY[1])];
  return plotPanel(
    `${title}: ${y.label} over ${x.label}, ${curves.map(({ name }) => name).join(", ")}`,
    {
      width,
      height,
      marginTop: 30,
      marginLeft: 66,
      marginRight: x.steps ? 20 : 12, // the last step is at the very edge
      marginBottom: x.aslant ? NAMES_ROOM : 38,
      x: scaleOf(x, spanX, 4),
      y: { ...scaleOf(y, spanY, 5), grid: true },
      marks: [
        Plot.text([title], { ...corner, dx: -62, dy: -28 }),
        ...(diagonal
          ? [
              Plot.line(
                [line[0], line[1]].map((at) => [at, at]),
                { stroke: "currentColor", strokeOpacity: 0.4 },
              ),
            ]
          : []),
        ...drawn.flatMap(marksOf),
      ],
    },
    {
      ...(x.log || y.log ? { powers: powersOf(x, y) } : {}),
      ...(diagonal || curves.some(({ line: joined }) => joined === "none") ? {} : { along: "x" as const }),
    },
  );
}

function powersOf(x: ChartAxis, y: ChartAxis): "x" | "y" | "xy" {
  if (x.log && y.log) return "xy";
  return x.log ? "x" : "y";
}

const corner = { frameAnchor: "top-left", fontWeight: 650, fontSize: 13, lineAnchor: "top" } as const;

function marksOf({ name, colour, points, line = "solid", dots, band = false }: Curve): Plot.Markish[] {
  const place = { x: "x", y: "y" } as const;
  const whiskers = points.filter(({ low, high }) => low !== undefined && high !== undefined);
  const dashed = line === "dashed" ? { strokeDasharray: "4,3" } : {};
  const marks: Plot.Markish[] = [];
  if (band && whiskers.length > 1)
    marks.push(Plot.areaY(whiskers, { x: "x", y1: "low", y2: "high", fill: colour, fillOpacity: 0.22 }));
  if (line !== "none")
    marks.push(Plot.line(points, { ...place, stroke: colour, strokeWidth: 1.6, ariaLabel: () => name, ...dashed }));
  if (!band && whiskers.length > 0)
    marks.push(
      Plot.ruleX(whiskers, { x: "x", y1: "low", y2: "high", stroke: colour, strokeOpacity: 0.5, strokeWidth: 2.6 }),
    );
  if (dots !== undefined || line === "none") {
    const filled = dots === "hollow" ? { stroke: colour, strokeWidth: 1.6, fill: "none" } : { fill: colour };
    marks.push(Plot.dot(points, { ...place, r: 3, ...filled, title: (point: ChartPoint) => point.title ?? name }));
  }
  return marks;
}

function fits(point: ChartPoint, x: ChartAxis, y: ChartAxis): boolean {
  const shown = (value: number, { log }: ChartAxis) => Number.isFinite(value) && (!log || value > 0);
  return shown(point.x, x) && shown(point.y, y);
}

/** The point in axis coordinates: base-10 logarithms on a logarithmic axis. */
function onScales({ x, y, low, high, title }: ChartPoint, across: ChartAxis, up: ChartAxis): ChartPoint {
  const place = (value: number, { log }: ChartAxis) => (log ? Math.log10(value) : value);
  const end = (value: number | undefined) =>
    value === undefined || (up.log === true && !(value > 0)) ? undefined : place(value, up);
  return { x: place(x, across), y: place(y, up), low: end(low), high: end(high), title };
}

/** Range of the values with a margin; of their logarithms where the axis is logarithmic. */
function spanOf(values: readonly number[], { log, steps, domain, categories }: ChartAxis): readonly [number, number] {
  if (categories) return [-0.5, categories.length - 0.5];
  if (domain !== undefined) return log ? [Math.log10(domain[0]), Math.log10(domain[1])] : domain;
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (values.length === 0) return [0, 1];
  const room = steps ? 0 : (high - low || (log ? 1 : Math.abs(high)) || 1) * 0.05;
  return [low - room, Math.max(high + room, low + 1e-12)];
}

/** chosen: pixels below an axis with slanted names, enough for twenty characters. */
const NAMES_ROOM = 96;

function scaleOf(
  { label, log, steps, categories, aslant }: ChartAxis,
  domain: readonly [number, number],
  ticks: number,
): Plot.ScaleOptions {
  const shared = { ...centred, label, domain: [...domain], clamp: true };
  if (categories) {
    const turned = aslant ? { label: null, tickRotate: -35 } : {};
    return { ...shared, ...turned, type: "linear", ...categoryTicks(categories, aslant ? Infinity : MOST_CATEGORIES) };
  }
  if (log) return { ...shared, ...logarithmicAxis(domain, ticks), grid: false };
  const small = Math.max(...domain.map(Math.abs)) < 0.01;
  const format = steps ? formatStep : small ? smallLabel : undefined;
  return { ...shared, type: "linear", ticks, ...(format && { tickFormat: format }) };
}

/** chosen: most names that fit side by side. */
const MOST_CATEGORIES = 8;

/** One tick per name, or every second, third .. name where not all fit. */
function categoryTicks(names: readonly string[], most: number): Plot.ScaleOptions {
  const stride = Math.max(1, Math.ceil(names.length / most));
  const ticks = [...names.keys()].filter((i) => i % stride === 0);
  return { ticks, tickFormat: (i: number) => names[i] ?? "" } as Plot.ScaleOptions;
}

/** Writes 5e−5 where four or more decimals would be needed. */
function smallLabel(value: number): string {
  return value === 0 ? "0" : Number(value.toPrecision(2)).toExponential().replaceAll("-", "−");
}
