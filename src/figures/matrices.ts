/**
 * @file Figure: H, G and Z of a layer side by side, for its input (a) and its output (b), as images (as Fig. 2 of arXiv
 * 2410.03006).
 */
import type { Matrix } from "../linalg/matrix.ts";
import type { Side } from "../moments/moments.ts";
import { sides, sideTitle } from "./alignmentSeries.ts";
import { type Cell, significant, toCsv } from "./csv.ts";
import { colourIndices, colourLimit, divergingPalette, levels } from "./diverging.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import type { LayerMatrices, MatrixName } from "./layerMatrices.ts";
import { encodePng, pngDataUri } from "./png.ts";

/** chosen: larger matrices are averaged down to at most this many rows, more than a screen can show side by side. */
export const maxRows = 256;

const names = ["H", "G", "Z"] as const;
const meaning: Record<MatrixName, string> = { H: "activations", G: "gradients", Z: "weights" };
const image = { x: 8, y: 30, size: 240 };

interface Drawn {
  readonly side: Side;
  readonly name: MatrixName;
  /** The matrices as drawn: averaged down where d is large. */
  readonly drawn: Matrix;
  readonly d: number;
  /** Neurons without any activation or gradient, whose rows and columns are zero. */
  readonly dead: number;
}

/**
 * Draws the matrices of one layer (theory.md Eqs. 2, 3, 4). The matrices of a side share one colour scale, symmetric
 * about zero. It ends at the largest of the 99th percentiles of their absolute entries; these are comparable because
 * each matrix is divided by its mean diagonal entry.
 *
 * @param rows larger matrices are averaged down to at most this many
 * @returns undefined where the layer has none. csv: side,i,j,H,G,Z of the upper triangles as drawn
 */
export function matrices(layer: LayerMatrices, rows = maxRows): Figure | undefined {
  const shown = layer.sides.flatMap(({ side, ...found }): Drawn[] =>
    names.flatMap((name) => {
      const A = found[name];
      return A ? [{ side, name, drawn: averageDown(A, rows), d: A.rows, dead: zeroRows(A) }] : [];
    }),
  );
  if (shown.length === 0) return undefined;
  const palette = divergingPalette();
  const limits = new Map(
    sides.map((side) => {
      const ends = shown.filter((one) => one.side === side).map(({ drawn }) => colourLimit(drawn.data));
      return [side, Number(Math.max(0, ...ends).toPrecision(2))] as const;
    }),
  );
  const panels = shown.map((one) => matrixPanel(one, limits.get(one.side)!, palette));
  const csv = toCsv(["side", "i", "j", ...names], upperTriangles(shown));
  return makeFigure(panels, csv, {
    columns: 3,
    legend: scalesPanel(
      [...limits].filter(([, limit]) => limit > 0),
      palette,
    ),
  });
}

function zeroRows(A: Matrix): number {
  let count = 0;
  for (let i = 0; i < A.rows; i++) if (A.data[i * A.cols + i] === 0) count++;
  return count;
}

/** One row per side and entry i <= j with the three values, four digits, as drawn. */
function* upperTriangles(shown: readonly Drawn[]): Generator<Cell[]> {
  for (const side of sides) {
    const own = names.map((name) => shown.find((one) => one.side === side && one.name === name)?.drawn);
    const rows = Math.max(0, ...own.map((A) => A?.rows ?? 0));
    for (let i = 0; i < rows; i++)
      for (let j = i; j < rows; j++) yield [side, i, j, ...own.map((A) => A && significant(A.data[i * rows + j]!, 4))];
  }
}

/** Means over square blocks, of the smallest size that leaves at most `limit` rows. */
export function averageDown(A: Matrix, limit: number): Matrix {
  const block = Math.ceil(A.rows / limit);
  if (block <= 1) return A;
  const rows = Math.ceil(A.rows / block);
  const data = new Float64Array(rows * rows);
  for (let i = 0; i < A.rows; i++)
    for (let j = 0; j < A.cols; j++)
      data[Math.floor(i / block) * rows + Math.floor(j / block)]! += A.data[i * A.cols + j]!;
  const size = (index: number) => Math.min(block, A.rows - index * block);
  for (let i = 0; i < rows; i++) for (let j = 0; j < rows; j++) data[i * rows + j]! /= size(i) * size(j);
  return { rows, cols: rows, data };
}

const raster = `preserveAspectRatio="none" class="raster"`;
const frame = `fill="none" stroke="currentColor" stroke-opacity="0.3"`;

function matrixPanel({ name, side, drawn: A, d, dead }: Drawn, limit: number, palette: Uint8Array): Panel {
  const uri = pngDataUri(encodePng(A.cols, A.rows, colourIndices(A.data, limit), palette));
  const { x, y, size } = image;
  const extent = dead === 0 || name === "Z" ? `${d} × ${d}` : `${dead} of ${d} ${name === "H" ? "silent" : "zero"}`;
  const content =
    `<text x="${x}" y="14" dy="0.32em" text-anchor="start"><tspan font-weight="650" font-size="14">${name}</tspan>` +
    `<tspan font-size="10" font-weight="650" dy="3">${side}</tspan><tspan dy="-3" dx="8" fill-opacity="0.75">${meaning[name]}, ${extent}</tspan></text>` +
    `<image x="${x}" y="${y}" width="${size}" height="${size}" href="${uri}" ${raster} style="image-rendering:pixelated"/>` +
    `<rect x="${x}" y="${y}" width="${size}" height="${size}" ${frame}/>`;
  const label = `${name} of side ${sideTitle[side]}, ${extent}, colours from ${-limit} to ${limit}`;
  return { width: size + 2 * x, height: y + size + 6, label, content, image: { name: `${name}_${side}`, d, limit } };
}

/** The colour scales of the two sides, one below the other. */
function scalesPanel(limits: readonly (readonly [Side, number])[], palette: Uint8Array): Panel {
  const indices = Uint8Array.from({ length: levels }, (_, level) => level);
  const uri = pngDataUri(encodePng(levels, 1, indices, palette));
  const parts = limits.map(([side, limit]) => scalePanel(side, limit, uri));
  const content = parts.map((part, row) => `<g transform="translate(0,${20 * row})">${part.content}</g>`).join("");
  const label = parts.map((part) => part.label).join("; ");
  return { width: parts[0]?.width ?? 0, height: 20 * parts.length, label, content, parts };
}

function scalePanel(side: Side, limit: number, uri: string): Panel {
  const [left, width] = [100, 200];
  const text = (at: number, words: string, anchor: string) =>
    `<text x="${at}" y="10" dy="0.32em" text-anchor="${anchor}" font-size="12">${words}</text>`;
  const content =
    text(0, `side ${side}`, "start") +
    text(left - 8, `−${limit}`, "end") +
    `<image x="${left}" y="5" width="${width}" height="10" href="${uri}" ${raster}/><rect x="${left}" y="5" width="${width}" height="10" ${frame}/>` +
    `<path d="M${left + width / 2},3v14" stroke="currentColor" fill="none"/>` +
    text(left + width + 8, `${limit} and beyond; the middle is 0`, "start");
  return { width: left + width + 240, height: 20, label: `side ${side}, colours from ${-limit} to ${limit}`, content };
}
