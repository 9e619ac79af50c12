/**
 * @file How much of each layer a report draws: every layer of a network, in less detail where they are many, as far as
 * matrices are of a size that can be seen and the page stays small.
 */
import { maxEntries } from "../figures/entries.ts";
import { maxRows } from "../figures/matrices.ts";
import { maxPairs } from "../figures/neurons.ts";
import type { LayerMoments } from "../moments/moments.ts";

/** Rows of a matrix before it is averaged down; points of entries and of pairs before they are thinned. */
export interface Detail {
  readonly rows: number;
  readonly points: number;
  readonly pairs: number;
  /** Whether the numbers of matrices stand beside their pictures, or are read off them. */
  readonly tables: boolean;
}

/** chosen: up to 8 layers in full, some 0.3 MB each; more in 0.1 MB each. */
export function detailFor(layers: number): Detail {
  if (layers <= 8) return { rows: maxRows, points: maxEntries, pairs: maxPairs, tables: true };
  return layers <= 16
    ? { rows: 128, points: 1000, pairs: 400, tables: false }
    : { rows: 80, points: 500, pairs: 250, tables: false };
}

/**
 * chosen: bytes of packed figures of single layers that a page may hold; less where what every layer has takes most of
 * it.
 */
export function packedBudget(layers: number): number {
  return layers <= 48 ? 5e6 : 1e6;
}

/** chosen: of more layers also the courses over training are packed, and cannot be seen without the page's script. */
export const maxPlainCourses = 48;

/** chosen: a matrix of more rows is not drawn: it takes 32 MB, and each of its pixels would be the mean of a crowd. */
const maxDimension = 2048;

/** chosen: multiplications of the Gram matrices of a layer (Eq. 4), which take some four seconds. */
const maxWork = 8e9;

/** chosen: cubes of dimensions, which the eigenvectors of power laws take; some twenty seconds. */
export const maxLawWork = 1.2e9;

/** Whether the matrices of a layer may be drawn at all. */
export function drawable(layer: LayerMoments): boolean {
  if (layer.a?.sample ?? layer.b.sample) return false;
  return Math.max(layer.dIn, layer.dOut) <= maxDimension && work(layer) <= maxWork;
}

/** Multiplications of W^T W and W W^T. */
function work({ W, dIn, dOut }: LayerMoments): number {
  return W ? dIn * dOut * (dIn + dOut) : 0;
}

/** The layer before the last one: where the paper looks first. */
export function penultimate(count: number): number {
  return Math.max(0, count - 2);
}

/**
 * Indices with the penultimate first, each next one as far as can be from those before it: any beginning of it is
 * spread evenly.
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
