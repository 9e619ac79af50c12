/**
 * @file Sums of the wide side of a map, made in the fewer coordinates of its other side (rowFactor) and turned into its own behind the
 * last batch, where that costs less than sums of its rows: of h_b, plain and normalized, where W widens, of g_a where it narrows.
 *
 * Not by H_b = W H_a W^T and G_a = W^T G_b W themselves (docs/theory.md Eq. 6): where W cancels the largest direction of h_a, the float32
 * sums of h_a have no digits left of what remains. The coordinates are as long as the rows they stand for.
 */

import type { ArrayPool } from "../../linalg/arrayPool.ts";
import { type Matrix, matmul, matrix, transpose } from "../../linalg/matrix.ts";
import { mirrorLower } from "../../linalg/triangleTiles.ts";
import type { LayerMoments, Side } from "../../moments/moments.ts";
import type { Tensor } from "../../onnx/tensor.ts";
import type { MapInput, Measurable } from "../maps/linearMap.ts";
import type { MapSample } from "../maps/sampledCoordinates.ts";
import type { Turning } from "./changeOfBasis.ts";
import { type RowFactor, rowFactor } from "./factorRows.ts";
import { emptyRowSums, type RowSums } from "./rowSums.ts";

/** What a measurement covers, of one map. */
interface Extent {
  readonly rows: number;
  /** Groups of batches that have sums of their own. */
  readonly groups: number;
}

/** chosen: products behind the last batch cost that much more than as many operations on rows, since sums are taken apart and put together. */
const OVERHEAD = 1.25;
/** chosen: multiplications in the time that a run of the engine takes whatever it computes. */
const RUN = 1e7;
/** chosen: multiplications of rows in the time of one of rowFactor, of which there are d^2 D and d^3. */
const FACTOR = 10;

/** The side whose sums are made in coordinates of the other: b for those of h_b, a for those of g_a; undefined where none are. */
export function deferredSide({ dOut, input }: Measurable, extent: Extent, sample?: MapSample): Side | undefined {
  if (input === undefined || sample !== undefined) return undefined;
  const d = coordinates(input);
  if (d !== undefined && pays(extent, d, dOut)) return "b";
  return pays(extent, dOut, input.dIn) ? "a" : undefined;
}

/** How many coordinates h_b has: h_a, and 1 where there is a bias; undefined where the map does not know them, or its columns' order is not W's. */
function coordinates({ dIn, bias, columnOrder }: MapInput): number | undefined {
  return bias === undefined || columnOrder !== undefined ? undefined : bias === null ? dIn : dIn + 1;
}

/** Coordinates in which the sums of a side are made. */
export function deferredSize({ dOut, input }: Measurable, side: Side): number {
  return side === "a" ? dOut : coordinates(input!)!;
}

/**
 * Whether d coordinates in place of D values of a row save more than they cost. Of two symmetric sums half is computed; the
 * coordinates take a product with a (d, d) matrix, which one factorization gives, and each group two products X^T S X with X (d, D).
 */
function pays({ rows, groups }: Extent, d: number, D: number): boolean {
  const turning = 2 * (OVERHEAD * (d * d * D + (d * D * D) / 2) + RUN);
  return rows * (D * D - 2 * d * d) > groups * turning + FACTOR * d * d * (d + D);
}

/** Sums of coordinates y, whose rows are x = y Q. */
export interface DeferredSums {
  readonly side: Side;
  readonly Q: Matrix;
  readonly plain: RowSums;
  readonly normalized: RowSums;
}

export function emptyDeferred(side: Side, Q: Matrix): DeferredSums {
  return { side, Q, plain: emptyRowSums(Q.rows), normalized: emptyRowSums(Q.rows) };
}

/** By the names of addMomentNodes. */
export function deferredRows({ side, plain, normalized }: DeferredSums): Readonly<Record<string, RowSums>> {
  return side === "a" ? { ga: plain, gan: normalized } : { hb: plain, hbn: normalized };
}

/** What turns the coordinates into the rows: a factor of W for g_a, of (W bias)^T for h_b. */
export function factorOf(side: Side, W: Matrix, input: MapInput, value: (name: string) => Tensor): RowFactor {
  if (side === "a") return rowFactor(W);
  const bias = input.bias?.(value);
  const Wt = transpose(W);
  return rowFactor(bias === undefined ? Wt : matrix(W.cols + 1, W.rows, joined(Wt.data, bias)));
}

/** Adds deferred sums to those of one group, whose columns are in the order of W's and whose other sums are complete. */
export async function addDeferred(
  { n, a, b }: LayerMoments,
  { side, Q, plain, normalized }: DeferredSums,
  turning: Turning,
): Promise<void> {
  const [sums, normalizedSums] =
    side === "a"
      ? [
          { sum: a!.gSum!, gram: a!.gg! },
          { sum: a!.gnSum!, gram: a!.gngn! },
        ]
      : [
          { sum: b.hSum!, gram: b.hh! },
          { sum: b.hnSum!, gram: b.hnhn! },
        ];
  await turning.addTurned(sums, plain, Q, n);
  await turning.addTurned(normalizedSums, normalized, Q, n);
  for (const { gram, sum } of [sums, normalizedSums]) mirrorLower(gram, sum.length);
}

/** Adds the cross moments of both sides, of those between g_b and h_a; behind addDeferred. */
export async function addCrossMoments(layer: LayerMoments, turning: Turning, memory: ArrayPool): Promise<void> {
  const { n, a, b, W, gbHa } = layer;
  if (a === undefined || W === undefined || gbHa === undefined) return;
  a.gh = memory.zeros(a.d * a.d);
  b.gh = memory.zeros(b.d * b.d);
  if (n === 0) return;
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

function joined(x: Float64Array, y: Float64Array): Float64Array {
  const both = new Float64Array(x.length + y.length);
  both.set(x);
  both.set(y, x.length);
  return both;
}
