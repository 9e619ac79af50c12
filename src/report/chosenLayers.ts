/**
 * @file Of which layers a report draws whole matrices: all of a small network, a few spread over the depth of a large one.
 */
import { maxRows } from "../figures/matrices.ts";
import type { LayerMoments } from "../moments/moments.ts";

/** How many layers, pixels of all their matrices together, and rows of one matrix before it is averaged down. */
interface Limits {
  readonly layers: number;
  readonly pixels: number;
  readonly rows: number;
}

/** chosen: within these a network is drawn whole, in some 2 MB of page. One of 6 layers of width 100 has 0.36 million pixels. */
const whole: Limits = { layers: 8, pixels: 500_000, rows: maxRows };

/** chosen: of a larger network a few layers, coarser, so that tables and figures of 150 layers have their place beside them. */
const few: Limits = { layers: 5, pixels: 400_000, rows: maxRows / 2 };

/** chosen: a matrix of more rows is not drawn: it takes 32 MB, and each of its pixels would be the mean of a crowd. */
export const maxDimension = 2048;

export function drawable({ dIn, dOut }: LayerMoments): boolean {
  return Math.max(dIn, dOut) <= maxDimension;
}

/** The layer before the last one: where the paper looks first. */
export function penultimate(count: number): number {
  return Math.max(0, count - 2);
}

/** The layers to draw, in their order, and the rows that one matrix may have. Heads only in a network that is drawn whole. */
export function chosenLayers(all: readonly LayerMoments[]): { layers: LayerMoments[]; rows: number } {
  const layers = all.filter(drawable);
  if (layers.length <= whole.layers && sum(layers.map((layer) => pixels(layer, whole.rows))) <= whole.pixels)
    return { layers, rows: whole.rows };
  const maps = layers.filter(({ kind }) => kind !== "head");
  const candidates = maps.length > 0 ? maps : layers;
  let spent = 0;
  const kept = new Set<LayerMoments>();
  for (const index of spreadOrder(candidates.length)) {
    const layer = candidates[index]!;
    if (kept.size === few.layers) break;
    const needed = pixels(layer, few.rows);
    if (spent + needed > few.pixels) continue;
    spent += needed;
    kept.add(layer);
  }
  return { layers: candidates.filter((layer) => kept.has(layer)), rows: few.rows };
}

/** Pixels of the six matrices of a layer, of the two of a head. */
function pixels({ kind, dIn, dOut }: LayerMoments, rows: number): number {
  const size = (d: number) => Math.min(d, rows) ** 2;
  return kind === "head" ? 2 * size(dOut) : 3 * (size(dIn) + size(dOut));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Indices with the penultimate first, each next one as far as can be from those before it: any beginning of it is spread evenly. */
export function spreadOrder(count: number): number[] {
  const rest = Array.from({ length: count }, (_, index) => index);
  const order = rest.splice(penultimate(count), Math.min(1, count));
  const distance = (index: number) => Math.min(...order.map((other) => Math.abs(other - index)));
  while (rest.length > 0) {
    const far = rest.reduce((best, index) => (distance(index) > distance(best) ? index : best));
    order.push(...rest.splice(rest.indexOf(far), 1));
  }
  return order;
}
