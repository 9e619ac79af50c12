/**
 * @file Sums of the wide side of a map, made in the fewer coordinates of its row space (factorRows) and transformed
 * back after the last batch, where this costs less. They are the sums of h_b, plain and normalized, where W widens, and
 * of g_a where it narrows.
 *
 * They are not computed as H_b = W H_a W^T and G_a = W^T G_b W (docs/theory.md Eq. 6): where W cancels the largest
 * direction of h_a, the float32 sums of h_a have no digits left for the remainder. The coordinates are as long as their
 * rows.
 */

import { type Matrix, matrix, transpose } from "../../linalg/matrix.ts";
import type { Side } from "../../moments/moments.ts";
import type { Tensor } from "../../onnx/tensor.ts";
import type { MapInput, Measurable } from "../maps/linearMap.ts";
import type { MapSample } from "../maps/sampledCoordinates.ts";
import { factorRows, type RowFactor } from "./factorRows.ts";

/** The size of a measurement, for one map. */
interface Extent {
  readonly rows: number;
  /** Groups of batches with sums of their own. */
  readonly groups: number;
}

/** chosen: relative cost of an operation after the last batch, since sums are split and joined. */
const OVERHEAD = 1.25;
/** chosen: overhead of one run of the engine, in multiplications. */
const RUN = 1e7;
/** chosen: cost of a multiplication in factorRows, which takes d^2 D and d^3 of them, relative to one on rows. */
const FACTOR = 10;

/** The side whose sums are made in coordinates of the other: b for h_b, a for g_a; undefined for neither. */
export function deferredSide({ dOut, input }: Measurable, extent: Extent, sample?: MapSample): Side | undefined {
  if (input === undefined || sample !== undefined) return undefined;
  const d = coordinates(input);
  if (d !== undefined && pays(extent, d, dOut)) return "b";
  return pays(extent, dOut, input.dIn) ? "a" : undefined;
}

/**
 * Number of coordinates of h_b: those of h_a, and 1 for a bias; undefined where the map does not know its bias, or its
 * columns are not in W's order.
 */
function coordinates({ dIn, bias, columnOrder }: MapInput): number | undefined {
  return bias === undefined || columnOrder !== undefined ? undefined : bias === null ? dIn : dIn + 1;
}

/** Number of coordinates for the sums of a side. */
export function deferredSize({ dOut, input }: Measurable, side: Side): number {
  return side === "a" ? dOut : coordinates(input!)!;
}

/**
 * Whether d coordinates instead of D values of a row save more than they cost. Half of each of the two symmetric sums
 * is computed. The coordinates cost a product with a (d, d) matrix, one factorization, and for each group two products
 * X^T S X with X (d, D).
 */
function pays({ rows, groups }: Extent, d: number, D: number): boolean {
  const turning = 2 * (OVERHEAD * (d * d * D + (d * D * D) / 2) + RUN);
  return rows * (D * D - 2 * d * d) > groups * turning + FACTOR * d * d * (d + D);
}

/** The transformation from coordinates to rows: a factor of W for g_a, of (W bias)^T for h_b. */
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
