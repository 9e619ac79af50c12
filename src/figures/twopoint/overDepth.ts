/**
 * @file Figure: the fits of the two-point theory over depth: R2 of H, Y and w, the cost, both rates with their
 * intervals, and the final H, measured and by the theory (as the depth experiment of arXiv 2402.09142).
 */
import * as Plot from "@observablehq/plot";
import { centred, logarithmicAxis, plainNumber, titleText } from "../axes.ts";
import { toCsv } from "../csv.ts";
import { type Figure, makeFigure, type Panel } from "../figure.ts";
import { legendPanel } from "../legend.ts";
import { followedColour } from "../palette.ts";
import { plotPanel } from "../plotPanel.ts";

interface Rate {
  readonly value: number | null;
  readonly interval: readonly [number, number] | null;
}

/** The fit of one hidden layer, as records/twopoint.json has it. */
export interface DepthFit {
  readonly layer: string | number;
  readonly r2: { readonly dh2: number | null; readonly dy2: number | null; readonly w: number | null };
  readonly cost: { readonly normalised: number } | null;
  readonly etaH: Rate;
  readonly etaY: Rate;
  readonly finalDistance: { readonly measured: number | null; readonly predicted: number | null };
}

const variables = ["dh2", "dy2", "w"] as const;
const letters = { dh2: "H", dy2: "Y", w: "w" } as const;
/** chosen: a smaller R2 is drawn at the edge. */
const lowestR2 = -0.5;
const [left, top] = [58, 40];

/**
 * Draws four panels over the hidden layers in order of depth.
 *
 * @param layer the layer shown first, marked by a faint line
 * @returns undefined for fewer than two layers. csv: one row per layer
 */
export function overDepthFigure(fits: readonly DepthFit[], layer?: string): Figure | undefined {
  if (fits.length < 2) return undefined;
  const at = fits.findIndex((fit) => String(fit.layer) === layer);
  const panels = [r2Panel, costPanel, ratesPanel, distancePanel].flatMap((draw) => draw(fits, at) ?? []);
  const legend = legendPanel([
    { text: "H, η_h", colour: followedColour.dh2, samples: ["line", "circle"] },
    { text: "Y, η_y", colour: followedColour.dy2, samples: ["line", "circle"] },
    { text: "w", colour: followedColour.w, samples: ["line", "circle"] },
    { text: "95 % interval", colour: "currentColor", samples: ["tick"] },
    { text: "by the theory", colour: "currentColor", samples: ["ring"] },
  ]);
  return makeFigure(panels, csvOf(fits), { columns: 2, legend });
}

function csvOf(fits: readonly DepthFit[]): string {
  const header = ["layer", "r2_dh2", "r2_dy2", "r2_w", "cost", "etaH", "etaH_low", "etaH_high", "etaY"];
  return toCsv(
    [...header, "etaY_low", "etaY_high", "final_measured", "final_predicted"],
    fits.map(({ layer, r2, cost, etaH, etaY, finalDistance }) => [
      layer,
      r2.dh2,
      r2.dy2,
      r2.w,
      cost?.normalised,
      ...[etaH, etaY].flatMap(({ value, interval }) => [value, interval?.[0], interval?.[1]]),
      finalDistance.measured,
      finalDistance.predicted,
    ]),
  );
}

interface Mark {
  readonly at: number;
  readonly y: number;
  readonly words: string;
}

function depthPanel(
  fits: readonly DepthFit[],
  { title, y, marks, looked }: { title: string; y: Plot.ScaleOptions; marks: Plot.Markish[]; looked: number },
): Panel {
  const stride = Math.ceil(fits.length / 12);
  const ticks = fits.map((_, i) => i).filter((i) => i % stride === 0);
  return plotPanel(`${title} over ${fits.length} hidden layers`, {
    width: 460,
    height: 250,
    marginTop: top,
    marginBottom: 40,
    marginLeft: left,
    marginRight: 14,
    x: {
      domain: [-0.4, fits.length - 0.6],
      ticks,
      tickFormat: (i: number) => shortName(String(fits[i]?.layer ?? "")),
      label: "hidden layer",
      ...centred,
    },
    y: { label: null, grid: true, ...y },
    marks: [
      titleText(title, 4 - left, 6 - top),
      ...(looked < 0 ? [] : [Plot.ruleX([looked], { stroke: "currentColor", strokeOpacity: 0.12, strokeWidth: 9 })]),
      ...marks,
    ],
  });
}

const shortName = (name: string): string => (name.length > 7 ? `…${name.slice(-6)}` : name);

function series(points: readonly Mark[], colour: string): Plot.Markish[] {
  return [
    Plot.line(points, { x: "at", y: "y", stroke: colour, strokeWidth: 1.4, strokeOpacity: 0.6 }),
    Plot.dot(points, { x: "at", y: "y", fill: colour, r: 3.4, title: "words" }),
  ];
}

function marksOf(
  fits: readonly DepthFit[],
  value: (fit: DepthFit) => number | null | undefined,
  { name, place = (y) => y }: { name: string; place?: (y: number) => number },
): Mark[] {
  return fits.flatMap((fit, at) => {
    const found = value(fit);
    if (found == null || !Number.isFinite(place(found))) return [];
    return [{ at, y: place(found), words: `layer ${fit.layer}: ${name} ${plainNumber(Number(found.toPrecision(3)))}` }];
  });
}

function r2Panel(fits: readonly DepthFit[], looked: number): Panel | undefined {
  const all = variables.map((name) => ({
    name,
    marks: marksOf(fits, ({ r2 }) => r2[name], { name: `R² of ${letters[name]}`, place: (y) => Math.max(lowestR2, y) }),
  }));
  const values = all.flatMap(({ marks }) => marks.map(({ y }) => y));
  if (values.length === 0) return undefined;
  const least = Math.min(...values);
  const low = [0.9, 0.5, 0].find((edge) => edge <= least) ?? lowestR2;
  const room = (1 - low) / 20;
  return depthPanel(fits, {
    title: "R² of H, Y and w",
    y: { domain: [low - room, 1 + room], ticks: 6, tickFormat: plainNumber },
    marks: [
      Plot.ruleY([1], { stroke: "currentColor", strokeOpacity: 0.35 }),
      ...all.flatMap(({ name, marks }) => series(marks, followedColour[name])),
    ],
    looked,
  });
}

/** A logarithmic axis with a margin, where the values span a sufficient range. */
function logScale(logs: readonly number[]) {
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const room = Math.max(0.15, (high - low) * 0.08);
  return logarithmicAxis([low - room, high + room]);
}

function costPanel(fits: readonly DepthFit[], looked: number): Panel | undefined {
  const marks = marksOf(fits, ({ cost }) => cost?.normalised, { name: "cost", place: Math.log10 });
  if (marks.length === 0) return undefined;
  const best = marks.reduce((least, one) => (one.y < least.y ? one : least));
  const side = best.at > fits.length / 2 ? "end" : "start";
  return depthPanel(fits, {
    title: "cost of the fit, normalised",
    y: logScale(marks.map(({ y }) => y).concat(best.y - 0.2)),
    marks: [
      ...series(marks, "currentColor"),
      Plot.dot([best], { x: "at", y: "y", r: 7, stroke: "currentColor", strokeWidth: 1.4 }),
      Plot.text([best], {
        x: "at",
        y: "y",
        text: () => `least in layer ${shortName(String(fits[best.at]!.layer))}`,
        textAnchor: side,
        dx: side === "start" ? -4 : 4,
        dy: 17,
        fontSize: 11,
      }),
    ],
    looked,
  });
}

function ratesPanel(fits: readonly DepthFit[], looked: number): Panel | undefined {
  const rates = (["etaH", "etaY"] as const).map((name) => ({
    colour: followedColour[name === "etaH" ? "dh2" : "dy2"],
    marks: marksOf(fits, (fit) => fit[name].value, { name: name === "etaH" ? "η_h" : "η_y", place: Math.log10 }),
    intervals: fits.flatMap((fit, at) => {
      const { interval } = fit[name];
      return interval === null ? [] : [{ at, low: Math.log10(interval[0]), high: Math.log10(interval[1]) }];
    }),
  }));
  const logs = rates.flatMap(({ marks, intervals }) => [
    ...marks.map(({ y }) => y),
    ...intervals.flatMap(({ low, high }) => [low, high]),
  ]);
  if (logs.length === 0) return undefined;
  return depthPanel(fits, {
    title: "rates η_h and η_y per step",
    y: logScale(logs),
    marks: rates.flatMap(({ colour, marks, intervals }) => [
      Plot.ruleX(intervals, { x: "at", y1: "low", y2: "high", stroke: colour, strokeWidth: 3.4, strokeOpacity: 0.45 }),
      ...series(marks, colour),
    ]),
    looked,
  });
}

function distancePanel(fits: readonly DepthFit[], looked: number): Panel | undefined {
  const measured = marksOf(fits, (fit) => fit.finalDistance.measured, { name: "final H", place: Math.log10 });
  const predicted = marksOf(fits, (fit) => fit.finalDistance.predicted, {
    name: "final H by the theory",
    place: Math.log10,
  });
  const logs = [...measured, ...predicted].map(({ y }) => y);
  if (logs.length === 0) return undefined;
  return depthPanel(fits, {
    title: "Final H, measured and by the theory",
    y: logScale(logs),
    marks: [
      ...series(measured, followedColour.dh2),
      Plot.dot(predicted, { x: "at", y: "y", r: 5.5, stroke: "currentColor", strokeWidth: 1.5, title: "words" }),
    ],
    looked,
  });
}
