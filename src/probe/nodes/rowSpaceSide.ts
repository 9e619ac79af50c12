/**
 * @file Sums of the wide side of a map, made in the fewer coordinates of its other side (factorRows) and turned into
 * its own after the last batch, where that costs less than sums of its rows: of h_b, plain and normalized, where W
 * widens, of g_a where it narrows.
 *
 * Not by H_b = W H_a W^T and G_a = W^T G_b W themselves (docs/theory.md Eq. 6): where W cancels the largest direction
 * of h_a, the float32 sums of h_a have no digits left of what remains. The coordinates are as long as the rows they
 * stand for.
 */

import { type Matrix, matrix, transpose } from "../../linalg/matrix.ts";
import type { Side } from "../../moments/moments.ts";
import type { Tensor } from "../../onnx/tensor.ts";
import type { MapInput, Measurable } from "../maps/linearMap.ts";
import type { MapSample } from "../maps/sampledCoordinates.ts";
import { factorRows, type RowFactor } from "./factorRows.ts";

/** What a measurement covers, of one map. */
interface Extent {
  readonly rows: number;
  /** Groups of batches that have sums of their own. */
  readonly groups: number;
}

/**
 * chosen: products after the last batch cost that much more than as many operations on rows, since sums are taken
 * apart and put together.
 */
const OVERHEAD = 1.25;
/** chosen: multiplications in the time that a run of the engine takes whatever it computes. */
const RUN = 1e7;
/** chosen: multiplications of rows in the time of one of factorRows, of which there are d^2 D and d^3. */
const FACTOR = 10;

/**
 * The side whose sums are made in coordinates of the other: b for those of h_b, a for those of g_a; undefined where
 * none are.
 */
export function deferredSide({ dOut, input }: Measurable, extent: Extent, sample?: MapSample): Side | undefined {
  if (input === undefined || sample !== undefined) return undefined;
  const d = coordinates(input);
  if (d !== undefined && pays(extent, d, dOut)) return "b";
  return pays(extent, dOut, input.dIn) ? "a" : undefined;
}

/**
 * How many coordinates h_b has: h_a, and 1 where there is a bias; undefined where the map does not know them, or its
 * columns' order is not W's.
 */
function coordinates({ dIn, bias, columnOrder }: MapInput): number | undefined {
  return bias === undefined || columnOrder !== undefined ? undefined : bias === null ? dIn : dIn + 1;
}

/** Coordinates in which the sums of a side are made. */
export function deferredSize({ dOut, input }: Measurable, side: Side): number {
  return side === "a" ? dOut : coordinates(input!)!;
}

/**
 * Whether d coordinates in place of D values of a row save more than they cost. Of two symmetric sums half is computed;
 * the coordinates take a product with a (d, d) matrix, which one factorization gives, and each group two products X^T S
 * X with X (d, D).
 */
function pays({ rows, groups }: Extent, d: number, D: number): boolean {
  const turning = 2 * (OVERHEAD * (d * d * D + (d * D * D) / 2) + RUN);
  return rows * (D * D - 2 * d * d) > groups * turning + FACTOR * d * d * (d + D);
}

/** What turns the coordinates into the rows: a factor of W for g_a, of (W bias)^T for h_b. */
export function factorOf(side: Side, W: Matrix, input: MapInput, value: (name: string) => Tensor): RowFactor {
  if (side === "a") return factorRows(W);
  const bias = input.bias?.(value);
  const Wt = transpose(W);
  return factorRows(bias === undefined ? Wt : matrix(W.cols + 1, W.rows, joined(Wt.data, bias)));
}

function joined(x: Float64Array, y: Float64Array): Float64Array {
  const both = new Float64Array(x.length + y.length);
  both.set(x);
  both.set(y, x.length);
  return both;
}
