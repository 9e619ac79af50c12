/**
 * @file The diverging colour scale of matrices: blue below zero, white at zero, red above (RdBu of ColorBrewer, Brewer
 * and Harrower, safe for colour-blind readers), symmetric about zero.
 */
import { maxAbs } from "../linalg/matrix.ts";

/** Colours of the scale; the middle one, index 127, is white and stands for zero. */
export const levels = 255;

const stops = [
  [5, 48, 97],
  [33, 102, 172],
  [67, 147, 195],
  [146, 197, 222],
  [209, 229, 240],
  [255, 255, 255],
  [253, 219, 199],
  [244, 165, 130],
  [214, 96, 77],
  [178, 24, 43],
  [103, 0, 31],
] as const;

/** (3 * levels) bytes R, G, B, from most negative to most positive. */
export function divergingPalette(): Uint8Array {
  const palette = new Uint8Array(3 * levels);
  for (let level = 0; level < levels; level++) {
    const position = (level / (levels - 1)) * (stops.length - 1);
    const at = Math.min(Math.floor(position), stops.length - 2);
    for (let channel = 0; channel < 3; channel++) {
      const [from, to] = [stops[at]![channel]!, stops[at + 1]![channel]!];
      palette[3 * level + channel] = Math.round(from + (to - from) * (position - at));
    }
  }
  return palette;
}

/**
 * The end of a matrix's colour scale: the 99th percentile of the absolute entries, because a few large ones (often the
 * diagonal) would otherwise leave the rest white. 1 if all entries are zero.
 */
export function colourLimit(values: Float64Array): number {
  const sizes = values.map(Math.abs).sort();
  const limit = sizes[Math.ceil(0.99 * (sizes.length - 1))] ?? 0;
  return limit > 0 ? limit : maxAbs(values) || 1;
}

/** Index of the colour of each value on the scale from -limit to limit; values beyond take the end colours. */
export function colourIndices(values: Float64Array, limit: number): Uint8Array {
  const middle = (levels - 1) / 2;
  return Uint8Array.from(values, (value) =>
    Math.max(0, Math.min(levels - 1, Math.round(middle + (value / limit) * middle))),
  );
}
