/**
 * @file How much of each layer a report draws. It draws every layer, in less detail where there are many, as long as
 * matrices are small enough to be legible and the page stays small.
 */
import { maxEntries } from "../figures/entries.ts";
import { maxRows } from "../figures/matrices.ts";
import { maxPairs } from "../figures/neurons.ts";
import type { LayerMoments } from "../moments/moments.ts";

/** Most rows of a matrix before it is averaged down; most points of entries and pairs before they are thinned. */
export interface Detail {
  readonly rows: number;
  readonly points: number;
  readonly pairs: number;
  /** Whether the page holds the numbers of matrices beside their pictures, or reads them from the pixels. */
  readonly tables: boolean;
}

/** chosen: up to 8 layers in full detail, some 0.3 MB each; with more layers 0.1 MB each. */
export function detailFor(layers: number): Detail {
  if (layers <= 8) return { rows: maxRows, points: maxEntries, pairs: maxPairs, tables: true };
  return layers <= 16
    ? { rows: 128, points: 1000, pairs: 400, tables: false }
    : { rows: 80, points: 500, pairs: 250, tables: false };
}

/**
 * chosen: bytes of packed single-layer figures that a page may hold; fewer where the figures that every layer has take
 * most of the page.
 */
export function packedBudget(layers: number): number {
  return layers <= 48 ? 5e6 : 0.9e6;
}

/** chosen: with more layers the courses over training are packed too, and need the page's script. */
export const maxPlainCourses = 48;

/** chosen: a matrix with more rows is not drawn: it takes 32 MB, and each pixel would average many entries. */
const maxDimension = 2048;

/** chosen: multiplications for the Gram matrices of a layer (Eq. 4); some four seconds. */
const maxWork = 8e9;

/** chosen: sum of cubed dimensions for the eigenvectors of power laws; some twenty seconds. */
export const maxLawWork = 1.2e9;

/** Whether the matrices of a layer are small enough to be drawn. */
export function drawable(layer: LayerMoments): boolean {
  if (layer.a?.sample ?? layer.b.sample) return false;
  return Math.max(layer.dIn, layer.dOut) <= maxDimension && work(layer) <= maxWork;
}

/** Multiplications of W^T W and W W^T. */
function work({ W, dIn, dOut }: LayerMoments): number {
  return W ? dIn * dOut * (dIn + dOut) : 0;
}

/** Index of the layer before the last, which the paper shows first. */
export function penultimate(count: number): number {
  return Math.max(0, count - 2);
}

/**
 * Indices with the penultimate first, each next one as far as possible from those before it, so that the first k are
 * spread evenly for every k.
 */
export function spreadOrder(count: number): number[] {
  const distance = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const order: number[] = [];
  for (let next = penultimate(count); order.length < count; next = distance.indexOf(distance.reduce(larger, -1))) {
    order.push(next);
    for (let index = 0; index < count; index++) distance[index] = Math.min(distance[index]!, Math.abs(index - next));
    distance[next] = -1;
  }
  return order;
}

function larger(x: number, y: number): number {
  return Math.max(x, y);
}
