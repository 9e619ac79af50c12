/**
 * @file Figure: the rank of the representation against its alignment with the gradient, a point per layer and step (as Fig. 4 of
 * arXiv 2410.03006, where points are layers and colours weight decays).
 */
import * as Plot from "@observablehq/plot";
import type { Convention, RankValue, Snapshot } from "../measure/snapshot.ts";
import { layerNames, lowestAlignment } from "./alignmentSeries.ts";
import { apart } from "./apart.ts";
import { centred } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { shorten } from "./escape.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { legendPanel } from "./legend.ts";
import { depthColour } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";

interface RankRow {
  readonly step: number;
  readonly layer: string;
  readonly index: number;
  readonly alignment: number;
  readonly numerical: number | null;
  readonly participation: number | null;
  readonly threshold: number;
  readonly dimension: number;
}

const kinds = [
  { key: "participation", title: "participation ratio / dimension" },
  { key: "numerical", title: "numerical rank / dimension" },
] as const;

/**
 * Draws rank(H_a) / d_a against the alignment a.rga (theory.md Eqs. 11, 14, 16), one panel per kind of rank.
 *
 * @returns undefined where no layer has both. csv: one row per step and layer
 */
export function rankAlignment(snapshots: readonly Snapshot[], convention: Convention = "paper"): Figure | undefined {
  const rows = rankRows(snapshots, convention);
  const drawn = kinds.filter(({ key }) => rows.some((row) => row[key] !== null));
  if (drawn.length === 0) return undefined;
  const names = [...new Map(rows.map((row) => [row.index, row.layer]))].sort(([x], [y]) => x - y);
  const count = layerNames(snapshots).length;
  const panels = drawn.map(({ key, title }) => rankPanel(rows, key, title, count));
  const legend = inLegend(names).map(([index, name]) => ({
    text: `${index}: ${shorten(name, 32)}`,
    colour: depthColour(index, count).fill,
    samples: ["circle"] as const,
  }));
  const csv = toCsv(
    ["step", "layer", "convention", "alignment", "participation", "numerical", "threshold", "dimension"],
    rows.map((row) => [
      row.step,
      row.layer,
      convention,
      row.alignment,
      row.participation,
      row.numerical,
      row.threshold,
      row.dimension,
    ]),
  );
  return makeFigure(panels, csv, { columns: 2, legend: legendPanel(legend) });
}

const size = { width: 460, height: 300, marginTop: 30, marginLeft: 40, marginRight: 16, marginBottom: 42 } as const;
const numberedRadius = 8;

/** chosen: more layers than this get smaller points without numbers, and only some of them a line in the legend. */
const maxNumbered = 30;

/** All layers, or five from first to last: the colours between them follow the depth. */
function inLegend<T>(names: readonly T[]): T[] {
  if (names.length <= maxNumbered) return [...names];
  return [0, 1, 2, 3, 4].map((k) => names[Math.round((k * (names.length - 1)) / 4)]!);
}

function rankRows(snapshots: readonly Snapshot[], convention: Convention): RankRow[] {
  const order = layerNames(snapshots);
  return snapshots
    .toSorted((x, y) => x.step - y.step)
    .flatMap(({ step, layers }) =>
      layers.flatMap((layer) => {
        const alignment = layer.alignment[convention].a?.rga.value ?? null;
        const rank: RankValue | undefined = layer.ranks?.[convention].a?.H;
        if (alignment === null || !rank || (rank.participation === null && rank.numerical === null)) return [];
        const { numerical, participation, threshold, dimension } = rank;
        return [
          {
            step,
            layer: layer.name,
            index: order.indexOf(layer.name),
            alignment,
            numerical,
            participation,
            threshold,
            dimension,
          },
        ];
      }),
    );
}

function rankPanel(rows: readonly RankRow[], key: "numerical" | "participation", title: string, count: number): Panel {
  const points = rows
    .filter((row) => row[key] !== null)
    .map((row) => ({ ...row, x: row[key]! / row.dimension, colour: depthColour(row.index, count) }));
  const last = new Map(points.map((point) => [point.index, point]));
  const numbered = last.size <= maxNumbered;
  const low = lowestAlignment(points.map((point) => point.alignment));
  const high = Math.max(...points.map((point) => point.x));
  const steps = Math.max(1, ...points.map((point) => point.step));
  const most = Math.min(1, Math.ceil(high * 10 + 0.3) / 10);
  const scale = {
    x: (size.width - size.marginLeft - size.marginRight) / most,
    y: (size.height - size.marginTop - size.marginBottom) / (1 - low),
  };
  const ends = [...last.values()];
  const inPixels = ends.map(({ x, alignment }) => ({ x: x * scale.x, y: Math.max(low, alignment) * scale.y }));
  const marks = apart(inPixels, numbered ? 2 * numberedRadius : 0).map((place, i) => ({
    ...ends[i]!,
    atX: place.x / scale.x,
    atY: place.y / scale.y,
  }));
  return plotPanel(`Alignment of H and G against ${title}`, {
    ...size,
    x: {
      domain: [0, most],
      ticks: 6,
      label: title,
      ...centred,
      grid: true,
    },
    y: {
      domain: [low, 1],
      ticks: 5,
      tickFormat: ".2~f",
      grid: true,
      label: "RGA backward (a)",
      labelArrow: "none",
      clamp: true,
    },
    marks: [
      Plot.line(points, {
        x: "x",
        y: "alignment",
        z: "index",
        stroke: (point) => point.colour.fill,
        strokeWidth: 1,
        strokeOpacity: 0.6,
      }),
      Plot.dot(points, {
        x: "x",
        y: "alignment",
        fill: (point) => point.colour.fill,
        r: 2.4,
        fillOpacity: (point) => 0.35 + 0.5 * (Math.log1p(point.step) / Math.log1p(steps)),
      }),
      Plot.link(marks, {
        x1: "x",
        y1: "alignment",
        x2: "atX",
        y2: "atY",
        stroke: (point) => point.colour.fill,
        strokeWidth: 2,
      }),
      Plot.dot(marks, {
        x: "atX",
        y: "atY",
        fill: (point) => point.colour.fill,
        r: numbered ? numberedRadius : 4.5,
        title: "layer",
      }),
      Plot.text(numbered ? marks : [], {
        x: "atX",
        y: "atY",
        text: "index",
        fill: (point) => point.colour.text,
        fontSize: 10.5,
        fontWeight: 650,
      }),
    ],
  });
}
