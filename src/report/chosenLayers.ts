/**
 * @file Of which layers a report draws whole matrices: all of a small network, a few spread over the depth of a large one.
 */
import { maxRows } from "../figures/matrices.ts";
import { isMap, type LayerMoments } from "../moments/moments.ts";

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
const maxDimension = 2048;

/** chosen: multiplications of all Gram matrices of a report (Eq. 4), which take some four seconds. */
const maxWork = 8e9;

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

/** The layers to draw, in their order, and the rows that one matrix may have. Heads only in a network that is drawn whole. */
export function chosenLayers(all: readonly LayerMoments[]): { layers: LayerMoments[]; rows: number } {
  const layers = all.filter(drawable);
  if (layers.length <= whole.layers && fits(layers, whole)) return { layers, rows: whole.rows };
  const maps = layers.filter(isMap);
  const candidates = maps.length > 0 ? maps : layers;
  const kept: LayerMoments[] = [];
  for (const index of spreadOrder(candidates.length)) {
    const layer = candidates[index]!;
    if (kept.length === few.layers) break;
    if (fits([...kept, layer], few)) kept.push(layer);
  }
  return { layers: candidates.filter((layer) => kept.includes(layer)), rows: few.rows };
}

function fits(layers: readonly LayerMoments[], limits: Limits): boolean {
  const total = (of: (layer: LayerMoments) => number) => layers.reduce((sum, layer) => sum + of(layer), 0);
  return total((layer) => pixels(layer, limits.rows)) <= limits.pixels && total(work) <= maxWork;
}

/** Pixels of the six matrices of a layer, of the two of a head. */
function pixels({ kind, dIn, dOut }: LayerMoments, rows: number): number {
  const size = (d: number) => Math.min(d, rows) ** 2;
  return !isMap({ kind }) ? 2 * size(dOut) : 3 * (size(dIn) + size(dOut));
}

/** Indices with the penultimate first, each next one as far as can be from those before it: any beginning of it is spread evenly. */
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
