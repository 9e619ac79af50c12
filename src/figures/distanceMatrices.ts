/** @file Square matrices of distances as pictures: white for 0, dark red for the end of the scale and beyond. */
import { type Cell, significant, toCsv } from "./csv.ts";
import { colourIndices, colourLimit, divergingPalette } from "./diverging.ts";
import { escapeText } from "./escape.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { encodePng, pngDataUri } from "./png.ts";

export interface DistanceMatrix {
  readonly title: string;
  /** (n) names of rows and columns, drawn if there are few. */
  readonly names: readonly string[];
  /** (n, n) row-major; non-finite entries are drawn as 0. */
  readonly values: Float64Array;
  /** End of the colour scale. Default: the 99th percentile. */
  readonly limit?: number;
}

const [LEFT, TOP, SIZE] = [46, 30, 200];
/** chosen: most names that fit beside a picture of that size. */
const MOST_NAMES = 16;

/** @returns csv: matrix,row,column,value of every entry, six digits */
export function distanceMatrices(all: readonly DistanceMatrix[], columns = 3): Figure {
  return makeFigure(all.map(panelOf), toCsv(["matrix", "row", "column", "value"], entries(all)), { columns });
}

function* entries(all: readonly DistanceMatrix[]): Generator<Cell[]> {
  for (const { title, names, values } of all)
    for (let i = 0; i < names.length; i++)
      for (let j = 0; j < names.length; j++) {
        const value = values[i * names.length + j]!;
        yield [title, names[i]!, names[j]!, Number.isFinite(value) ? significant(value, 6) : null];
      }
}

function panelOf({ title, names, values, limit }: DistanceMatrix): Panel {
  const n = names.length;
  const shown = values.map((value) => (Number.isFinite(value) ? value : 0));
  const end = limit ?? colourLimit(shown);
  const uri = pngDataUri(encodePng(n, n, colourIndices(shown, end), divergingPalette()));
  const step = SIZE / n;
  const text = (x: number, y: number, words: string, anchor: string, style = "") =>
    `<text x="${x}" y="${y}" dy="0.32em" text-anchor="${anchor}" ${style}>${escapeText(words)}</text>`;
  const named = n > MOST_NAMES ? [] : names;
  const labels = named.flatMap((name, i) => [
    text(LEFT - 6, TOP + (i + 0.5) * step, name, "end", 'font-size="11"'),
    text(LEFT + (i + 0.5) * step, TOP + SIZE + 10, name, "middle", 'font-size="11"'),
  ]);
  const range = `white is 0, the darkest ${scaleWords(end)} and beyond`;
  const content =
    text(LEFT, 12, title, "start", 'font-weight="650" font-size="13"') +
    `<image x="${LEFT}" y="${TOP}" width="${SIZE}" height="${SIZE}" href="${uri}" ` +
    `preserveAspectRatio="none" class="raster" style="image-rendering:pixelated"/>` +
    `<rect x="${LEFT}" y="${TOP}" width="${SIZE}" height="${SIZE}" fill="none" stroke="currentColor" ` +
    `stroke-opacity="0.3"/>` +
    labels.join("") +
    text(LEFT, TOP + SIZE + 26, range, "start", 'font-size="11" fill-opacity="0.75"');
  return {
    width: LEFT + SIZE + 24,
    height: TOP + SIZE + 36,
    label: `${title}, ${n} by ${n} distances, ${range}`,
    content,
  };
}

function scaleWords(value: number): string {
  return value >= 1e5 || value < 1e-3
    ? value.toExponential(1).replace("+", "").replace("-", "−")
    : String(Number(value.toPrecision(3)));
}
