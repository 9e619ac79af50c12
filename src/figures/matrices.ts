/**
 * @file Figure: H, G and Z of a layer side by side, for its input (a) and its output (b), as images (as Fig. 2 of arXiv 2410.03006).
 */
import type { Matrix } from "../linalg/matrix.ts";
import type { Side } from "../moments/moments.ts";
import { sides, sideTitle } from "./alignmentSeries.ts";
import { type Cell, significant, toCsv } from "./csv.ts";
import { colourIndices, colourLimit, divergingPalette, levels } from "./diverging.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import type { LayerMatrices, MatrixName } from "./layerMatrices.ts";
import { encodePng, pngDataUri } from "./png.ts";

/** chosen: larger matrices are averaged down to at most this many rows, more than a screen shows side by side. */
export const maxRows = 256;

const names = ["H", "G", "Z"] as const;
const meaning: Record<MatrixName, string> = { H: "activations", G: "gradients", Z: "weights" };
const image = { x: 8, y: 30, size: 240 };

interface Drawn {
  readonly side: Side;
  readonly name: MatrixName;
  /** As drawn: averaged down where d is large. */
  readonly drawn: Matrix;
  readonly d: number;
}

/**
 * Draws the matrices of one layer (theory.md Eqs. 2, 3, 4), each with a symmetric colour scale of its own.
 *
 * @param rows larger matrices are averaged down to at most this many
 * @returns undefined where the layer has none. csv: side,i,j,H,G,Z of the upper triangles as drawn
 */
export function matrices(layer: LayerMatrices, rows = maxRows): Figure | undefined {
  const shown = layer.sides.flatMap(({ side, ...found }): Drawn[] =>
    names.flatMap((name) => {
      const A = found[name];
      return A ? [{ side, name, drawn: averageDown(A, rows), d: A.rows }] : [];
    }),
  );
  if (shown.length === 0) return undefined;
  const palette = divergingPalette();
  const panels = shown.map(({ side, name, drawn, d }) => matrixPanel(name, side, drawn, d, palette));
  const csv = toCsv(["side", "i", "j", ...names], upperTriangles(shown));
  return makeFigure(panels, csv, { columns: 3 });
}

/** One row per side and entry i <= j with the three values beside each other, four digits as drawn. */
function* upperTriangles(shown: readonly Drawn[]): Generator<Cell[]> {
  for (const side of sides) {
    const own = names.map((name) => shown.find((one) => one.side === side && one.name === name)?.drawn);
    const rows = Math.max(0, ...own.map((A) => A?.rows ?? 0));
    for (let i = 0; i < rows; i++)
      for (let j = i; j < rows; j++) yield [side, i, j, ...own.map((A) => A && significant(A.data[i * rows + j]!, 4))];
  }
}

/** Means over square blocks, the smallest whole number of rows and columns that leaves at most `limit` of them. */
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

function matrixPanel(name: MatrixName, side: "a" | "b", A: Matrix, d: number, palette: Uint8Array): Panel {
  const limit = colourLimit(A.data);
  const uri = pngDataUri(encodePng(A.cols, A.rows, colourIndices(A.data, limit), palette));
  const scale = pngDataUri(
    encodePng(
      levels,
      1,
      Uint8Array.from({ length: levels }, (_, level) => level),
      palette,
    ),
  );
  const { x, y, size } = image;
  const below = y + size;
  const raster = `preserveAspectRatio="none" class="raster"`;
  const tick = (at: number, text: string, anchor: string) =>
    `<text x="${at}" y="${below + 33}" text-anchor="${anchor}" font-size="11">${text}</text>`;
  const end = Number(limit.toPrecision(2));
  const content =
    `<text x="${x}" y="14" dy="0.32em" text-anchor="start"><tspan font-weight="650" font-size="14">${name}</tspan>` +
    `<tspan font-size="10" font-weight="650" dy="3">${side}</tspan><tspan dy="-3" dx="8" fill-opacity="0.75">${meaning[name]}, ${d} × ${d}</tspan></text>` +
    `<image x="${x}" y="${y}" width="${size}" height="${size}" href="${uri}" ${raster} style="image-rendering:pixelated"/>` +
    `<rect x="${x}" y="${y}" width="${size}" height="${size}" fill="none" stroke="currentColor" stroke-opacity="0.3"/>` +
    `<image x="${x}" y="${below + 10}" width="${size}" height="9" href="${scale}" ${raster}/>` +
    `<rect x="${x}" y="${below + 10}" width="${size}" height="9" fill="none" stroke="currentColor" stroke-opacity="0.3"/>` +
    tick(x, `−${end}`, "start") +
    tick(x + size / 2, "0", "middle") +
    tick(x + size, `${end}`, "end");
  const label = `${name} of side ${sideTitle[side]}, ${d} by ${d}, colours from ${-end} to ${end}`;
  return { width: size + 2 * x, height: below + 42, label, content };
}
