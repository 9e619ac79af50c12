/** @file Figure: images in rows and columns, one bitmap per panel. */
import { toCsv } from "./csv.ts";
import { escapeText } from "./escape.ts";
import { type Figure, makeFigure, type Panel } from "./figure.ts";
import { encodePng, pngDataUri } from "./png.ts";

export interface PicturePanel {
  readonly title: string;
  /** Pixels of one image. */
  readonly width: number;
  readonly height: number;
  readonly count: number;
  /** Images per row. */
  readonly columns: number;
  /** Base64 of count x height x width bytes, 0 black. */
  readonly pixels: string;
}

export interface PictureOptions {
  /** Panels beside each other. */
  readonly columns: number;
  /** Width of a panel. Default 300. */
  readonly width?: number;
}

/** chosen: pixels between images. */
const GAP = 1;

const greys = Uint8Array.from({ length: 256 * 3 }, (_, i) => Math.floor(i / 3));

/**
 * Draws each group of images as one grid.
 *
 * @throws RangeError if the number of pixels does not match the sizes. csv: panel,image,row and its values
 */
export function picturesFigure(all: readonly PicturePanel[], { columns, width = 300 }: PictureOptions): Figure {
  const widest = Math.max(0, ...all.map((group) => group.width));
  const decoded = all.map((group) => ({ group, bytes: bytesOf(group) }));
  return makeFigure(
    decoded.map(({ group, bytes }) => gridPanel(group, bytes, width)),
    toCsv(
      ["panel", "image", "row", ...Array.from({ length: widest }, (_, column) => `value ${column + 1}`)],
      decoded.flatMap(({ group: { title, width, height, count }, bytes }) =>
        Array.from({ length: count * height }, (_, line) => [
          ...[title, Math.floor(line / height) + 1, (line % height) + 1],
          ...bytes.subarray(line * width, (line + 1) * width),
        ]),
      ),
    ),
    { columns },
  );
}

function bytesOf({ title, width, height, count, pixels }: PicturePanel): Uint8Array {
  const bytes = Uint8Array.from(atob(pixels), (character) => character.charCodeAt(0));
  if (bytes.length !== count * width * height)
    throw new RangeError(
      `pictures: expected ${count} images of ${width} x ${height} for ${title}, got ${bytes.length} bytes`,
    );
  return bytes;
}

function gridPanel({ title, width, height, count, columns }: PicturePanel, bytes: Uint8Array, size: number): Panel {
  const rows = Math.ceil(count / columns);
  const [W, H] = [columns * (width + GAP) - GAP, rows * (height + GAP) - GAP];
  const grid = new Uint8Array(W * H).fill(128);
  for (let image = 0; image < count; image++) {
    const [top, left] = [Math.floor(image / columns) * (height + GAP), (image % columns) * (width + GAP)];
    for (let row = 0; row < height; row++) {
      const from = (image * height + row) * width;
      grid.set(bytes.subarray(from, from + width), (top + row) * W + left);
    }
  }
  const uri = pngDataUri(encodePng(W, H, grid, greys));
  const tall = Math.round((size * H) / W);
  const content =
    `<text x="0" y="12" text-anchor="start" font-size="12">${escapeText(title)}</text>` +
    `<image x="0" y="22" width="${size}" height="${tall}" href="${uri}" preserveAspectRatio="none" class="raster" ` +
    `style="image-rendering:pixelated"/>`;
  return { width: size, height: tall + 24, label: `${count} images: ${title}`, content };
}
