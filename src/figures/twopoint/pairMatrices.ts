/**
 * @file Figure: final distances of the representations of every pair of followed points, measured and by the theory, as
 * images on one colour scale and against each other (as Fig. 5 of arXiv 2402.09142).
 */
import * as Plot from "@observablehq/plot";
import { centred, plainNumber, titleText } from "../axes.ts";
import { toCsv } from "../csv.ts";
import { escapeText, shorten } from "../escape.ts";
import { type Figure, makeFigure, type Panel } from "../figure.ts";
import { followedColour } from "../palette.ts";
import { plotPanel } from "../plotPanel.ts";
import { encodePng, pngDataUri } from "../png.ts";
import { pointGroups } from "./groups.ts";

/** Distances (not squared) of one pair of points. */
export interface PairValue {
  readonly points: readonly [number, number];
  readonly measured: number;
  readonly predicted: number | null;
}

/** chosen: with more points there are no labels of single points and no numbers in cells. */
const mostLabelled = 12;
const mostNumbered = 6;

/** 255 colours from white (0) to deep violet (the largest), and grey for unknown values. */
const levels = 255;
const UNKNOWN = levels;
const ends = [
  [255, 255, 255],
  [190, 160, 225],
  [111, 63, 168],
  [45, 10, 87],
] as const;

/**
 * Draws two images and, where predictions are known, one plot of points.
 *
 * @param names of all points
 * @param pairs some or all pairs of the points
 * @returns undefined for fewer than three points. csv: first,second,measured,predicted of every pair
 */
export function pairMatrices(names: readonly string[], pairs: readonly PairValue[]): Figure | undefined {
  if (names.length < 3 || pairs.length === 0) return undefined;
  const limit = pairs.reduce((most, { measured, predicted }) => Math.max(most, measured, predicted ?? 0), 0) || 1;
  const matrices = [
    matrixPanel("measured at the end", names, pairs, { value: ({ measured }) => measured, limit }),
    ...(pairs.some(({ predicted }) => predicted !== null)
      ? [matrixPanel("by the theory", names, pairs, { value: ({ predicted }) => predicted, limit })]
      : []),
  ];
  const csv = toCsv(
    ["first", "second", "measured", "predicted"],
    pairs.map(({ points: [p, q], measured, predicted }) => [names[p], names[q], measured, predicted]),
  );
  const plot = scatterPanel(names, pairs, limit);
  return makeFigure(plot ? [...matrices, plot] : matrices, csv, { columns: 3, legend: scalePanel(limit) });
}

interface Shown {
  readonly value: (pair: PairValue) => number | null;
  readonly limit: number;
}

const image = { x: 56, y: 30, size: 258 };
const frame = `fill="none" stroke="currentColor" stroke-opacity="0.3"`;

function matrixPanel(title: string, names: readonly string[], pairs: readonly PairValue[], shown: Shown): Panel {
  const P = names.length;
  const values = new Float64Array(P * P).fill(Number.NaN);
  for (let p = 0; p < P; p++) values[p * P + p] = 0;
  for (const pair of pairs) {
    const [p, q] = pair.points;
    const value = shown.value(pair) ?? Number.NaN;
    values[p * P + q] = value;
    values[q * P + p] = value;
  }
  const indices = Uint8Array.from(values, (value) =>
    Number.isNaN(value) ? UNKNOWN : Math.round(Math.max(0, Math.min(1, value / shown.limit)) * (levels - 1)),
  );
  const { x, y, size } = image;
  const content =
    `<text x="${x}" y="12" dy="0.32em" text-anchor="start" font-weight="650" font-size="13">${title}</text>` +
    `<image x="${x}" y="${y}" width="${size}" height="${size}" href="${pngDataUri(encodePng(P, P, indices, palette()))}" preserveAspectRatio="none" class="raster" style="image-rendering:pixelated"/>` +
    `<rect x="${x}" y="${y}" width="${size}" height="${size}" ${frame}/>` +
    labels(names) +
    (P <= mostNumbered ? cells(values, P, shown.limit) : "");
  const label = `Distances of ${P} representations, ${title}, from 0 to ${plainNumber(shown.limit)}`;
  return { width: x + size + 10, height: y + size + (P <= mostLabelled ? 26 : 24), label, content };
}

function palette(): Uint8Array {
  const bytes = new Uint8Array(3 * (levels + 1)).fill(128);
  for (let level = 0; level < levels; level++) {
    const position = (level / (levels - 1)) * (ends.length - 1);
    const at = Math.min(Math.floor(position), ends.length - 2);
    for (let channel = 0; channel < 3; channel++) {
      const [from, to] = [ends[at]![channel]!, ends[at + 1]![channel]!];
      bytes[3 * level + channel] = Math.round(from + (to - from) * (position - at));
    }
  }
  return bytes;
}

/** Names of the points if there are few, else names of groups, each at the middle of its group. */
function labels(names: readonly string[]): string {
  const cell = image.size / names.length;
  const marks =
    names.length <= mostLabelled
      ? names.map((name, i) => ({ name, at: i + 0.5 }))
      : pointGroups(names)
          .filter(({ points }) => points.at(-1)! - points[0]! < points.length)
          .map(({ name, points }) => ({ name, at: points[0]! + points.length / 2 }));
  return marks
    .map(({ name, at }) => {
      const [short, place] = [escapeText(shorten(name, 8)), (at * cell).toFixed(1)];
      const below = Number(place) + image.x;
      return (
        `<text x="${image.x - 6}" y="${Number(place) + image.y}" dy="0.32em" text-anchor="end" font-size="11">${short}</text>` +
        `<text x="${below}" y="${image.y + image.size + 14}" font-size="11">${escapeText(shorten(name, Math.max(3, Math.floor(cell / 6.5))))}</text>`
      );
    })
    .join("");
}

/** Numbers in the cells, light on dark cells. */
function cells(values: Float64Array, P: number, limit: number): string {
  const cell = image.size / P;
  return Array.from(values, (value, k) => {
    const [i, j] = [Math.floor(k / P), k % P];
    if (i === j || Number.isNaN(value)) return "";
    const [x, y] = [image.x + (j + 0.5) * cell, image.y + (i + 0.5) * cell];
    const fill = value / limit > 0.45 ? ` fill="var(--ground, #ffffff)"` : "";
    return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" dy="0.32em" font-size="11"${fill}>${plainNumber(Number(value.toPrecision(2)))}</text>`;
  }).join("");
}

function scalePanel(limit: number): Panel {
  const uri = pngDataUri(
    encodePng(
      levels,
      1,
      Uint8Array.from({ length: levels }, (_, level) => level),
      palette(),
    ),
  );
  const [left, width] = [84, 160];
  const content =
    `<text x="0" y="10" dy="0.32em" text-anchor="start" font-size="12">distance</text><text x="${left - 6}" y="10" dy="0.32em" text-anchor="end" font-size="12">0</text>` +
    `<image x="${left}" y="5" width="${width}" height="10" href="${uri}" preserveAspectRatio="none" class="raster"/><rect x="${left}" y="5" width="${width}" height="10" ${frame}/>` +
    `<text x="${left + width + 6}" y="10" dy="0.32em" text-anchor="start" font-size="12">${plainNumber(Number(limit.toPrecision(3)))}</text>`;
  return { width: left + width + 70, height: 20, label: `distance, colours from 0 to ${plainNumber(limit)}`, content };
}

/** chosen: most pairs with text for the pointer; more would make the figure too large. */
const mostWorded = 400;

function scatterPanel(names: readonly string[], pairs: readonly PairValue[], limit: number): Panel | undefined {
  const known = pairs.filter((one): one is PairValue & { predicted: number } => one.predicted !== null);
  if (known.length === 0) return undefined;
  const words = ({ points: [p, q], measured, predicted }: (typeof known)[number]) =>
    `${names[p]} and ${names[q]}: ${plainNumber(Number(measured.toPrecision(3)))} measured, ${plainNumber(Number(predicted.toPrecision(3)))} by the theory`;
  const domain: [number, number] = [0, limit * 1.05];
  const [left, top] = [52, 30];
  return plotPanel(
    "Measured distances against predicted ones",
    {
      width: 324,
      height: image.size + image.y + 40,
      marginTop: top,
      marginBottom: 40,
      marginLeft: left,
      marginRight: 14,
      x: { domain, ticks: 4, tickFormat: plainNumber, label: "by the theory", ...centred, grid: true },
      y: { domain, ticks: 5, tickFormat: plainNumber, label: null, grid: true },
      marks: [
        titleText("measured", 4 - left, 6 - top),
        Plot.line(
          [
            [0, 0],
            [domain[1], domain[1]],
          ],
          { stroke: "currentColor", strokeDasharray: "4,3", strokeOpacity: 0.7 },
        ),
        Plot.dot(known, {
          x: "predicted",
          y: "measured",
          r: known.length > 100 ? 1.8 : 4,
          fill: followedColour.dh2,
          fillOpacity: known.length > 100 ? 0.45 : 0.85,
          ...(known.length <= mostWorded ? { title: words } : {}),
        }),
      ],
    },
    { x: "by the theory", y: "measured" },
  );
}
