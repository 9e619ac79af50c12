/**
 * @file Sums that are not made of the rows of each batch but of other sums behind the last one, where that costs less: plain h_b and g_a
 * of a map follow from its h_a and g_b (docs/theory.md Eq. 6),
 *
 *     sum (h_b - m_b)(h_b - m_b)^T = W (sum (h_a - m_a)(h_a - m_a)^T) W^T,   sum g_a g_a^T = W^T (sum g_b g_b^T) W,
 *
 * and so do cross moments of one side: sum g_a h_a^T = W^T sum g_b h_a^T, sum g_b (h_b - m_b)^T = sum g_b (h_a - m_a)^T W^T.
 */
import { matmul, matrix, transpose } from "../linalg/matrix.ts";
import { mirrorLower } from "../linalg/tiles.ts";
import type { LayerMoments } from "../moments/moments.ts";
import type { Measurable } from "./linearMap.ts";
import type { MapSample } from "./sampledCoordinates.ts";
import { addMeans, type Turning } from "./turnedSums.ts";

/** Which sums of a map are deferred. */
export interface Deferred {
  /** Of plain h_b; their mean is not. */
  readonly hb: boolean;
  /** Of plain g_a. */
  readonly ga: boolean;
}

/** chosen: products behind the last batch cost that much more than as many operations on rows, since sums are taken apart and put together. */
const OVERHEAD = 1.5;
/** chosen: multiplications in the time that a run of the engine takes whatever it computes. */
const RUN = 1e7;

/** @param rows of a group of batches, since each has sums of its own */
export function deferredSums({ dOut, input }: Measurable, rows: number, sample?: MapSample): Deferred {
  if (input === undefined || sample !== undefined) return { hb: false, ga: false };
  return { hb: pays(rows, input.dIn, dOut), ga: pays(rows, dOut, input.dIn) };
}

/** Whether X^T S X, of which half is computed, takes less than the sums of so many rows, S being (d, d) and X (d, D). */
function pays(rows: number, d: number, D: number): boolean {
  return (rows * D * D) / 2 > OVERHEAD * (d * d * D + (d * D * D) / 2) + RUN;
}

/** What is deferred in any batch: whose sums of other batches, of fewer rows perhaps, are replaced. */
export function anyDeferred(x: Deferred | undefined, y: Deferred): Deferred {
  return { hb: (x?.hb ?? false) || y.hb, ga: (x?.ga ?? false) || y.ga };
}

/** Sets the sums of one group, whose columns are in the order of W's and whose other sums are complete. */
export async function setDeferred(layer: LayerMoments, { hb, ga }: Deferred, turning: Turning): Promise<void> {
  const { n, a, b, W } = layer;
  if (a === undefined || W === undefined) return;
  if (hb) {
    b.hh!.fill(0);
    await turning.addCentred(b.hh!, { sum: a.hSum!, gram: a.hh! }, transpose(W), n);
    addMeans(b.hh!, b.hSum!, n);
    mirrorLower(b.hh!, b.d);
  }
  if (ga) {
    a.gg!.fill(0);
    a.gSum!.fill(0);
    await turning.addTurned({ sum: a.gSum!, gram: a.gg! }, { sum: b.gSum!, gram: b.gg! }, W, n);
    mirrorLower(a.gg!, a.d);
  }
}

/** Cross moments of both sides, of those between g_b and h_a; behind setDeferred. */
export async function addCrossMoments({ n, a, b, W, gbHa }: LayerMoments, turning: Turning): Promise<void> {
  if (a?.gh === undefined || b.gh === undefined || W === undefined || gbHa === undefined) return;
  const centred = matrix(b.d, a.d, gbHa.slice());
  addOuter(centred.data, b.gSum!, a.hSum!, -n);
  const Wt = transpose(W);
  a.gh.set(await turning.product(Wt, centred));
  b.gh.set(await turning.product(centred, Wt));
  addOuter(a.gh, matmul(matrix(1, b.d, b.gSum), W).data, a.hSum!, n);
  addOuter(b.gh, b.gSum!, b.hSum!, n);
}

/** Adds x y^T / n. */
function addOuter(into: Float64Array, x: Float64Array, y: Float64Array, n: number): void {
  for (let i = 0; i < x.length; i++) {
    const share = x[i]! / n;
    for (let j = 0; j < y.length; j++) into[i * y.length + j]! += share * y[j]!;
  }
}
