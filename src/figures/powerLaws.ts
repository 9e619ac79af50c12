/**
 * @file Figure: one second moment of a layer against another along common eigenvectors, on logarithmic axes, with
 * guides at the slopes of the phases (as Figs. 3 and 20 of arXiv 2410.03006, which pair sorted eigenvalues).
 */
import * as Plot from "@observablehq/plot";
import { type SpectralPairs, spectralPairs } from "../measure/laws/spectralPairs.ts";
import type { Convention, Exponent, LayerExponents, SideExponents } from "../measure/snapshot.ts";
import type { LayerMoments, Side } from "../moments/moments.ts";
import { sideTitle } from "./alignmentSeries.ts";
import { centred, logarithmicAxis } from "./axes.ts";
import { significant, toCsv } from "./csv.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { legendPanel } from "./legend.ts";
import { relationColour } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";

const pairs = {
  hg: { first: "H", second: "G", colour: relationColour.rga },
  hz: { first: "H", second: "Z", colour: relationColour.rwa },
  gz: { first: "G", second: "Z", colour: relationColour.gwa },
} as const satisfies Record<keyof SideExponents, unknown>;
const pairNames = Object.keys(pairs) as (keyof SideExponents)[];

/** Slopes of the phases (theory.md Eq. 51). */
const guides = [1 / 3, 1 / 2, 1, 2, 3];
const guideNames = ["1/3", "1/2", "1", "2", "3"];

interface Drawn extends LawPoints {
  readonly exponent: Exponent | undefined;
}

/** The points of one panel. */
export interface LawPoints {
  readonly side: Side;
  readonly pair: keyof SideExponents;
  readonly points: SpectralPairs;
}

/** All pairs that have points, on both sides (theory.md Eq. 33). O(d^3), most of the time of the figure. */
export function lawPoints(layer: LayerMoments, convention: Convention): LawPoints[] {
  return (["a", "b"] as const).flatMap((side) =>
    pairNames.flatMap((pair): LawPoints[] => {
      const points = spectralPairs(layer, side, pair, convention);
      return points && points.x.length > 1 ? [{ side, pair, points }] : [];
    }),
  );
}

/**
 * Draws H against G, H against Z and G against Z on both sides (theory.md Eqs. 33, 37).
 *
 * @param exponents the layer's, for slopes with intervals; without them the points alone
 * @returns undefined where no pair has points. csv: one row per direction
 */
export function powerLaws(
  layer: LayerMoments,
  exponents: LayerExponents | undefined,
  convention: Convention = lawsOf(exponents),
): Figure | undefined {
  return powerLawsOf(lawPoints(layer, convention), exponents, convention);
}

/** The same from points computed elsewhere. */
export function powerLawsOf(
  found: readonly LawPoints[],
  exponents: LayerExponents | undefined,
  convention: Convention = lawsOf(exponents),
): Figure | undefined {
  const drawn = found.map((one): Drawn => ({ ...one, exponent: exponents?.[convention][one.side]?.[one.pair] }));
  if (drawn.length === 0) return undefined;
  const csv = toCsv(
    ["side", "pair", "convention", "rank", "x", "y", "ySorted"],
    drawn.flatMap(({ side, pair, points }) =>
      Array.from(points.x, (x, i) => [
        side,
        pair,
        convention,
        i + 1,
        significant(x, 6),
        significant(points.y[i]!, 6),
        significant(points.sorted[i]!, 6),
      ]),
    ),
  );
  const legend = legendPanel([
    { text: "along common eigenvectors", colour: "currentColor", samples: ["dot"] },
    { text: "slope with 95 % interval", colour: "currentColor", samples: ["line", "band"] },
    { text: "guides 1/3, 1/2, 1, 2, 3", colour: "currentColor", samples: ["dashed"] },
    { text: "sorted eigenvalues (the paper's pairing)", colour: "var(--soft, #8b93a1)", samples: ["line"] },
  ]);
  return makeFigure(drawn.map(panel), csv, { columns: 3, legend });
}

/** Covariances, or plain second moments for a record of an earlier version that has no others. */
export function lawsOf(exponents: LayerExponents | undefined): Convention {
  return exponents !== undefined && exponents.covariance === undefined ? "raw" : "covariance";
}

/** A point with its logarithms taken. */
interface Point {
  readonly x: number;
  readonly y: number;
}

function logarithms(x: Float64Array, y: ArrayLike<number>): Point[] {
  return Array.from(x, (value, i) => ({ x: Math.log10(value), y: Math.log10(y[i] ?? 0) })).filter(
    (point) => Number.isFinite(point.x) && Number.isFinite(point.y),
  );
}

function panel({ side, pair, points, exponent }: Drawn): Panel {
  const { first, second, colour } = pairs[pair];
  const along = logarithms(points.x, points.y);
  const sorted = logarithms(points.x, points.sorted);
  const [xs, ys] = [along.map(({ x }) => x), along.map(({ y }) => y)];
  const [left, right] = widened(xs, 0.06);
  const [low, high] = widened(ys, 0.1);
  const centre = { x: mean(xs), y: mean(ys) };
  const inside = ({ x, y }: Point) => x >= left && x <= right && y >= low && y <= high;
  const line = (slope: number) => clipped(centre, slope, { left, right, low, high });
  const fit = exponent?.value ?? null;
  const alongText = `${first} along the same direction`;
  return plotPanel(
    `${first} against ${second} along common eigenvectors, ${sideTitle[side]}, logarithmic`,
    {
      width: 324,
      height: 272,
      marginTop: 50,
      marginLeft: 50,
      marginRight: 26,
      marginBottom: 40,
      x: axis([left, right], `eigenvalue of ${second}, side ${side}`),
      y: axis([low, high], null),
      marks: [
        Plot.text([`${sideTitle[side]}: ${heading(first, second, exponent)}`], {
          frameAnchor: "top-left",
          dx: -46,
          dy: -46,
          fontWeight: 650,
          fontSize: 12,
          lineAnchor: "top",
        }),
        Plot.text([alongText], { frameAnchor: "top-left", dx: -46, dy: -27, fontSize: 11, lineAnchor: "top" }),
        ...guideMarks(guides.map(line), { left, right, low, high }),
        Plot.line(sorted.filter(inside), { x: "x", y: "y", stroke: "var(--soft, #8b93a1)", strokeWidth: 1.2 }),
        ...(fit === null || !exponent?.interval
          ? []
          : [band(centre, exponent.interval, [left, right], [low, high], colour)]),
        ...(fit === null ? [] : [Plot.line(line(fit), { x: "x", y: "y", stroke: colour, strokeWidth: 2 })]),
        Plot.dot(along, { x: "x", y: "y", r: along.length > 300 ? 1.4 : 2.2, fill: colour, fillOpacity: 0.8 }),
      ],
    },
    { y: alongText, powers: "xy" },
  );
}

/** "H ~ G^0.33 [0.29, 0.38]", or why there is no slope. */
function heading(first: string, second: string, exponent: Exponent | undefined): string {
  if (!exponent) return `${first} against ${second}`;
  const { value, interval, status } = exponent;
  if (value === null) return `${first}, ${second}: ${(status ?? "not measured").replaceAll("-", " ")}`;
  // no minus sign on zero
  const text = (number: number): string => number.toFixed(2).replace(/^-(?=0\.00$)/, "");
  const within = interval === null ? "" : ` [${interval.map(text).join(", ")}]`;
  return `${first} ~ ${second}^${text(value)}${within}`;
}

function axis(domain: [number, number], label: string | null): Plot.ScaleOptions {
  return { ...logarithmicAxis(domain), ...centred, label };
}

/** chosen: the name of a guide is left out if it would be closer to the previous one than this share of the frame. */
const nameRoom = 0.07;

/** The guides, labelled with their slopes where they leave the frame, from the steepest down. */
function guideMarks(lines: readonly Point[][], { left, right, low, high }: Frame): Plot.Markish[] {
  const named: (Point & { name: string })[] = [];
  for (const [i, ends] of [...lines.entries()].reverse()) {
    const end = ends[1]!;
    const near = ({ x, y }: Point) => Math.hypot((x - end.x) / (right - left), (y - end.y) / (high - low)) < nameRoom;
    if (!named.some(near)) named.push({ ...end, name: guideNames[i]! });
  }
  return [
    ...lines.map((ends) =>
      Plot.line(ends, { x: "x", y: "y", stroke: "currentColor", strokeOpacity: 0.3, strokeDasharray: "3,3" }),
    ),
    Plot.text(named, {
      x: "x",
      y: "y",
      text: "name",
      dx: 3,
      dy: -4,
      textAnchor: "start",
      fontSize: 9.5,
      fillOpacity: 0.6,
    }),
  ];
}

interface Frame {
  readonly left: number;
  readonly right: number;
  readonly low: number;
  readonly high: number;
}

/** The part of a line through a point that is inside the frame, from left to right. */
function clipped({ x, y }: Point, slope: number, { left, right, low, high }: Frame): Point[] {
  const at = (to: number): Point => {
    const up = y + slope * (to - x);
    if (up >= low && up <= high) return { x: to, y: up };
    const edge = up > high ? high : low;
    return { x: x + (edge - y) / slope, y: edge };
  };
  return [at(left), at(right)];
}

/** The wedge between the two ends of an interval of slopes, through the centre. */
function band(
  centre: Point,
  [least, most]: readonly [number, number],
  [left, right]: readonly [number, number],
  [low, high]: readonly [number, number],
  colour: string,
): Plot.Markish {
  const clamp = (value: number) => Math.min(high, Math.max(low, value));
  const steps = Array.from({ length: 41 }, (_, i) => left + ((right - left) * i) / 40);
  const rows = steps.map((x) => {
    const ends = [centre.y + least * (x - centre.x), centre.y + most * (x - centre.x)];
    return { x, y1: clamp(Math.min(...ends)), y2: clamp(Math.max(...ends)) };
  });
  return Plot.areaY(rows, { x: "x", y1: "y1", y2: "y2", fill: colour, fillOpacity: 0.16 });
}

function widened(values: readonly number[], share: number): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(0.15, (high - low) * share);
  return [low - room, high + room];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
