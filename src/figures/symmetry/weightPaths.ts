/**
 * @file Figure: paths of two weights in the plane, along the line of minima of the loss to the point where the noise of
 * both is in balance (theory.md Eqs. 106, 109).
 */
import * as Plot from "@observablehq/plot";
import { centred, halo, titleText } from "../axes.ts";
import { toCsv } from "../csv.ts";
import { evenly } from "../evenlySpaced.ts";
import { type Figure, makeFigure } from "../figure.ts";
import { type LegendEntry, legendPanel } from "../legend.ts";
import { watchedColour } from "../palette.ts";
import { plotPanel } from "../plotPanel.ts";

export interface WeightPath {
  readonly name: string;
  /** (T) each. */
  readonly u: readonly number[];
  readonly w: readonly number[];
}

export interface WeightPathsOptions {
  /** The product u w at which the loss is minimal. */
  readonly product: number;
  /** The point at which noise is balanced. */
  readonly rest: readonly [number, number] | undefined;
}

/** chosen: most points drawn per path. */
const POINTS = 400;

/** Draws the plane; undefined where no weight has moved. csv: name, u, w */
export function weightPathsFigure(
  all: readonly WeightPath[],
  { product, rest }: WeightPathsOptions,
): Figure | undefined {
  const drawn = all.filter(({ u }) => u.length > 0);
  if (drawn.length === 0) return undefined;
  const values = drawn.flatMap(({ u, w }) => [...u, ...w]);
  const high = 1.08 * values.reduce((most, value) => Math.max(most, value), 1.5);
  const low = Math.min(0, ...values) - 0.05;
  const hyperbola =
    product > 0
      ? Array.from({ length: 120 }, (_, i) => high * (product / high ** 2) ** (i / 119)).map(
          (u) => [u, product / u] as [number, number],
        )
      : [];
  const axis = { domain: [low, high], ticks: 5, grid: true, ...centred };
  const panel = plotPanel(`The weights u and w over training: ${drawn.map(({ name }) => name).join(", ")}`, {
    ...{ width: 400, height: 386, marginTop: 40, marginBottom: 46, marginLeft: 48, marginRight: 12 },
    x: { ...axis, label: "upper weight u" },
    y: { ...axis, label: "lower weight w" },
    marks: [
      titleText("The two weights", -44, -34),
      Plot.line(hyperbola, { stroke: "currentColor", strokeOpacity: 0.5, strokeDasharray: "5,4" }),
      ...drawn.flatMap((path, i) => pathMarks(path, watchedColour(i))),
      ...(rest === undefined ? [] : restMarks(rest)),
    ],
  });
  const entries: LegendEntry[] = [
    ...drawn.map(({ name }, i) => ({ text: name, colour: watchedColour(i), samples: ["line"] as const })),
    { text: "minimal loss, u w = 1", colour: "currentColor", samples: ["dashed"] },
  ];
  const csv = toCsv(
    ["name", "u", "w"],
    drawn.flatMap(({ name, u, w }) => u.map((value, i) => [name, value, w[i]!])),
  );
  return makeFigure([panel], csv, { legend: legendPanel(product > 0 ? entries : entries.slice(0, -1), 420) });
}

/** A path from its ring at the start to its dot at the end. */
function pathMarks({ u, w }: WeightPath, stroke: string): Plot.Markish[] {
  const kept = [...new Set([0, ...evenly(u.length, POINTS), u.length - 1])].map(
    (at) => [u[at]!, w[at]!] as [number, number],
  );
  return [
    Plot.line(kept, { stroke, strokeWidth: 1.3, strokeOpacity: 0.8 }),
    Plot.dot(kept.slice(0, 1), { stroke, r: 4, strokeWidth: 1.5 }),
    Plot.dot(kept.slice(-1), { fill: stroke, r: 5, stroke: "var(--ground, #ffffff)", strokeWidth: 1.5 }),
  ];
}

/** The point at which noise is balanced. */
function restMarks([u, w]: readonly [number, number]): Plot.Markish[] {
  return [
    Plot.dot([[u, w]], { symbol: "times", stroke: "currentColor", r: 7, strokeWidth: 2 }),
    Plot.text([[u, w]], {
      ...{ text: () => "balance of noise", dx: 8, dy: -18, textAnchor: "start", fill: "currentColor", ...halo },
    }),
  ];
}
