/**
 * @file Figure: the entries of H against the entries of G of one layer, diagonal and off-diagonal in different colours
 * (as Fig. 7 of arXiv 2410.03006). On a straight line through zero H and G are proportional.
 */
import * as Plot from "@observablehq/plot";
import { alignment } from "../measure/alignment/alignment.ts";
import { sideTitle } from "./alignmentSeries.ts";
import { centred, titleText } from "./axes.ts";
import { significant, toCsv } from "./csv.ts";
import { dots } from "./dotsMark.ts";
import { evenly } from "./evenlySpaced.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import type { LayerMatrices, SideMatrices } from "./layerMatrices.ts";
import { legendPanel } from "./legend.ts";
import { entryColour } from "./palette.ts";
import { plotPanel } from "./plotPanel.ts";

/**
 * chosen: more points than this are thinned evenly, because a panel cannot show more and the report would grow large.
 */
export const maxEntries = 2000;

interface Entry {
  readonly i: number;
  readonly j: number;
  readonly h: number;
  readonly g: number;
}

interface SideEntries {
  readonly side: "a" | "b";
  readonly diagonal: readonly Entry[];
  readonly off: readonly Entry[];
  /** Alignment (Pearson) over all entries of both matrices, not only those drawn. */
  readonly correlation: number | null;
}

/**
 * Draws the upper triangle of H against that of G (theory.md Eqs. 2, 3, 11), one panel per side.
 *
 * @param points more entries than this are thinned evenly
 * @returns undefined where no side has both. csv: side,i,j,H,G of the points drawn, four digits
 */
export function entries(layer: LayerMatrices, points = maxEntries): Figure | undefined {
  const found = layer.sides.flatMap((side) => sideEntries(side, points) ?? []);
  if (found.length === 0) return undefined;
  const csv = toCsv(
    ["side", "i", "j", "H", "G"],
    found.flatMap(({ side, diagonal, off }) =>
      [...diagonal, ...off].map(({ i, j, h, g }) => [side, i, j, significant(h, 4), significant(g, 4)]),
    ),
  );
  const legend = legendPanel([
    { text: "diagonal", colour: entryColour.diagonal, samples: ["circle"] },
    { text: "off-diagonal", colour: entryColour.off, samples: ["dot"] },
  ]);
  return makeFigure(found.map(entryPanel), csv, { columns: 2, legend });
}

function sideEntries({ side, H, G, d }: SideMatrices, points: number): SideEntries | undefined {
  if (!H || !G) return undefined;
  const entry = (i: number, j: number): Entry => ({ i, j, h: H.data[i * d + j]!, g: G.data[i * d + j]! });
  const diagonal = evenly(d, points / 2).map((i) => entry(i, i));
  const off = evenly((d * (d - 1)) / 2, points - diagonal.length).map((at) => entry(...pairAt(at)));
  return { side, diagonal, off, correlation: alignment(H, G).value };
}

/** The pair i < j at a position of the strict upper triangle, counted by columns. */
function pairAt(at: number): [number, number] {
  let j = Math.floor((1 + Math.sqrt(1 + 8 * at)) / 2);
  while ((j * (j - 1)) / 2 > at) j--; // the root may be off by one for large counts
  return [at - (j * (j - 1)) / 2, j];
}

function entryPanel({ side, diagonal, off, correlation: r }: SideEntries): Panel {
  const all = [...diagonal, ...off];
  const written = r === null ? "undefined" : r.toFixed(3);
  const title = `${sideTitle[side]}, correlation ${written}`;
  return plotPanel(
    `Entries of H against entries of G, ${title}`,
    {
      width: 460,
      height: 330,
      marginTop: 50,
      marginLeft: 48,
      marginRight: 16,
      marginBottom: 42,
      x: {
        domain: padded(all.map(({ h }) => h)),
        ticks: 6,
        label: `entry of H, side ${side} (mean diagonal 1)`,
        ...centred,
        grid: true,
      },
      y: { domain: padded(all.map(({ g }) => g)), ticks: 6, label: null, grid: true },
      marks: [
        titleText(title, -42, -46),
        Plot.text([`entry of G, side ${side}`], { frameAnchor: "top-left", dx: -42, dy: -24, lineAnchor: "top" }),
        dots(placed(off), { colour: entryColour.off, size: 2.2, opacity: 0.7 }),
        dots(placed(diagonal), { colour: entryColour.diagonal, size: 4.4, opacity: 0.8 }),
      ],
    },
    { x: "entry of H", y: "entry of G" },
  );
}

function padded(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const room = (high - low || 1) * 0.04;
  return [low - room, high + room];
}

function placed(drawn: readonly Entry[]): { x: number; y: number }[] {
  return drawn.map(({ h, g }) => ({ x: h, y: g }));
}
