/**
 * @file Figure: the rank of the representation against its alignment with the gradient, one point per layer and step
 * (as Fig. 4 of arXiv 2410.03006, where points are layers and colours weight decays).
 */
import * as Plot from "@observablehq/plot";
import type { Convention, RankValue, Snapshot } from "../measure/snapshot.ts";
import { layerNames, lowestAlignment } from "./alignmentSeries.ts";
import { centred, halo } from "./axes.ts";
import { toCsv } from "./csv.ts";
import { visibleText } from "./escape.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { labelsBeside } from "./labelsBeside.ts";
import { layerLabels } from "./layerLabels.ts";
import { type LegendEntry, legendPanel } from "./legend.ts";
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
  const names = layerNames(snapshots);
  const panels = drawn.map(({ key, title }) => rankPanel(rows, key, title, names));
  const one = new Set(rows.map(({ step }) => step)).size === 1;
  const legend: LegendEntry[] = [
    { text: "first to last layer", colour: "currentColor", samples: ["ramp"] },
    ...(one ? [] : [{ text: "last step", colour: "currentColor", samples: ["circle"] } as const]),
  ];
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

/** chosen: with more layers only the first and the last have their name beside their mark. */
const maxNamed = 12;

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

function rankPanel(
  rows: readonly RankRow[],
  key: "numerical" | "participation",
  title: string,
  names: readonly string[],
): Panel {
  const points = rows
    .filter((row) => row[key] !== null)
    .map((row) => ({ ...row, x: row[key]! / row.dimension, colour: depthColour(row.index, names.length).fill }));
  const ends = [...new Map(points.map((point) => [point.index, point])).values()];
  const low = lowestAlignment(points.map((point) => point.alignment));
  const high = Math.max(...points.map((point) => point.x));
  const steps = Math.max(...points.map((point) => point.step));
  const most = Math.min(1, Math.ceil(high * 10 + 0.3) / 10);
  const labels = endLabels(ends, names, { low, most });
  // with one measurement the last points are all points
  const over = steps === Math.min(...points.map((point) => point.step)) ? [] : points;
  const at = { x: "x", y: "alignment" };
  return plotPanel(
    `Alignment of H and G against ${title}`,
    {
      ...size,
      x: { domain: [0, most], ticks: 6, label: title, ...centred, grid: true },
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
        Plot.line(points, { ...at, z: "index", stroke: "colour", strokeWidth: 1, strokeOpacity: 0.6 }),
        Plot.dot(over, {
          ...at,
          fill: "colour",
          r: 2.4,
          fillOpacity: (point) => 0.35 + 0.5 * (Math.log1p(point.step) / Math.log1p(Math.max(1, steps))),
          title: (point) =>
            `${visibleText(point.layer)}, step ${point.step}\n${reading(point.x, title, point.alignment)}`,
        }),
        Plot.dot(ends, {
          ...at,
          fill: "colour",
          r: 5,
          title: (point) => `${visibleText(point.layer)}\n${reading(point.x, title, point.alignment)}`,
        }),
        ...labels.map(({ text, colour, ...place }) =>
          Plot.text([text], {
            ...place,
            frameAnchor: "top-left",
            fill: colour,
            ...halo,
            fontSize: 11,
            fontWeight: 650,
          }),
        ),
      ],
    },
    {},
  );
}

function reading(x: number, title: string, alignment: number): string {
  return `${title} ${x.toFixed(3)}, backward RGA ${alignment.toFixed(3)}`;
}

/** Names beside the marks of the last step, in pixels from the upper left corner of the frame. */
function endLabels(
  ends: readonly { x: number; alignment: number; index: number; colour: string }[],
  names: readonly string[],
  { low, most }: { low: number; most: number },
) {
  const [width, height] = [
    size.width - size.marginLeft - size.marginRight,
    size.height - size.marginTop - size.marginBottom,
  ];
  const labels = layerLabels(names, 20);
  const named = ends.filter(({ index }) => names.length <= maxNamed || index === 0 || index === names.length - 1);
  const marks = named.map(({ x, alignment, index, colour }) => ({
    x: (x / most) * width,
    y: ((1 - Math.max(low, alignment)) / (1 - low)) * height,
    text: labels[index]!,
    colour,
  }));
  const others = ends.map(({ x, alignment }) => ({
    x: (x / most) * width,
    y: ((1 - Math.max(low, alignment)) / (1 - low)) * height,
  }));
  return labelsBeside(marks, { left: 0, right: width + 8, top: 0, bottom: height }, others).map((placed) => ({
    text: placed.text,
    colour: marks.find((mark) => mark.x === placed.x && mark.y === placed.y && mark.text === placed.text)!.colour,
    dx: placed.atX,
    dy: placed.atY,
    textAnchor: placed.anchor,
  }));
}
