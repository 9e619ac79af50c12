/**
 * @file Figure: a map of the followed points by the distances of their hidden representations: classical
 * multidimensional scaling to three dimensions (as the maps of arXiv 2402.09142).
 */
import * as Plot from "@observablehq/plot";
import { classicalScaling } from "../../linalg/classicalScaling.ts";
import { matrix } from "../../linalg/matrix.ts";
import { plainNumber, titleText } from "../axes.ts";
import { toCsv } from "../csv.ts";
import { visibleText } from "../escape.ts";
import { type Figure, makeFigure, type Panel } from "../figure.ts";
import { legendPanel } from "../legend.ts";
import { plotPanel } from "../plotPanel.ts";
import { type PointGroup, pointGroups } from "./groups.ts";

export interface RepresentationMap {
  readonly figure: Figure;
  /** Share of the squared distances that the three dimensions explain. */
  readonly explained: number;
}

/** chosen: fewer points make no useful map. */
const fewest = 5;
/** chosen: most groups in the legend; further ones are only shown under the pointer. */
const mostListed = 12;

/**
 * Draws dimensions 1 and 2, 1 and 3, 2 and 3 on one common scale.
 *
 * @param names (P) of the points
 * @param pairs squared distances of all pairs
 * @returns undefined for fewer than five points, missing pairs, or coinciding points. csv: point,group,1,2,3
 */
export function representationMap(
  names: readonly string[],
  pairs: readonly { readonly points: readonly [number, number]; readonly dh2: number }[],
): RepresentationMap | undefined {
  const P = names.length;
  if (P < fewest || pairs.length !== (P * (P - 1)) / 2) return undefined;
  const squared = matrix(P, P);
  for (const { points, dh2 } of pairs) {
    const [p, q] = points;
    squared.data[p * P + q] = dh2;
    squared.data[q * P + p] = dh2;
  }
  const { points, explained, shares } = classicalScaling(squared, 3);
  if (!(explained > 0)) return undefined;
  const groups = pointGroups(names);
  const limit = points.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) * 1.08;
  const at = (i: number, axis: number) => points.data[3 * i + axis]!;
  const panels = (
    [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const
  ).map(([x, y]) => mapPanel(names, groups, { at, x, y, limit, shares }));
  const groupOf = new Map(groups.flatMap(({ name, points: own }) => own.map((i) => [i, name])));
  const csv = toCsv(
    ["point", "group", "1", "2", "3"],
    names.map((name, i) => [name, groupOf.get(i), at(i, 0), at(i, 1), at(i, 2)]),
  );
  const legend =
    groups.length > 1 && groups.length <= mostListed
      ? legendPanel(groups.map(({ name, colour }) => ({ text: name, colour, samples: ["circle"] })))
      : undefined;
  return { figure: makeFigure(panels, csv, { columns: 3, ...(legend && { legend }) }), explained };
}

interface Axes {
  readonly at: (i: number, axis: number) => number;
  readonly x: number;
  readonly y: number;
  readonly limit: number;
  readonly shares: readonly number[];
}

function mapPanel(names: readonly string[], groups: readonly PointGroup[], { at, x, y, limit, shares }: Axes): Panel {
  const title = (axis: number) => `dimension ${axis + 1} (${Math.round(100 * shares[axis]!)} %)`;
  const points = groups.flatMap(({ points: own, colour }) =>
    own.map((i) => ({ x: at(i, x), y: at(i, y), colour, name: visibleText(names[i]!) })),
  );
  const axis = { domain: [-limit, limit], ticks: 4, tickFormat: plainNumber, grid: true } as const;
  const [left, top] = [52, 30];
  return plotPanel(`${names.length} points in dimensions ${x + 1} and ${y + 1}`, {
    width: 324,
    height: 324 - left - 14 + top + 40,
    marginTop: top,
    marginBottom: 40,
    marginLeft: left,
    marginRight: 14,
    x: { ...axis, label: title(x), labelAnchor: "center", labelArrow: "none" },
    y: { ...axis, label: null },
    marks: [
      titleText(title(y), 4 - left, 6 - top),
      Plot.dot(points, { x: "x", y: "y", r: 4, fill: "colour", fillOpacity: 0.85, title: "name" }),
    ],
  });
}
