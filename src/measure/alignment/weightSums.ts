/** @file Sums over the entries of Z of both sides of a map, of which the larger matrix is never formed. */
import { gram, type Matrix, matrix, transpose } from "../../linalg/matrix.ts";
import type { Asking } from "../../linalg/products.ts";
import type { Side } from "../../moments/moments.ts";
import { livingOf, type Size } from "./alignmentNull.ts";
import { gramSquaresOf, type MapWeights } from "./mapWeights.ts";

/** Sums over the entries of Z of one side. */
export interface WeightSums extends Size {
  /** Of all entries. */
  readonly sum: number;
}

/**
 * The sums of Z of both sides, of which the larger matrix is never formed: the two have one norm.
 *
 * @param weights W (dOut, dIn)
 */
export function* weightSums(weights: MapWeights): Asking<Record<Side, WeightSums>> {
  const { W } = weights;
  const { rows, cols, data } = W;
  const [ofRows, ofColumns] = [new Float64Array(rows), new Float64Array(cols)];
  const [rowSums, columnSums] = [new Float64Array(rows), new Float64Array(cols)];
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < cols; j++) {
      const value = data[i * cols + j]!;
      ofRows[i]! += value * value;
      ofColumns[j]! += value * value;
      rowSums[i]! += value;
      columnSums[j]! += value;
    }
  const norm = Math.sqrt(gramSquaresOf(weights) ?? (yield* gramSquares(W)));
  const size = (diagonal: Float64Array, sums: Float64Array): WeightSums => {
    const trace = total(diagonal);
    return { d: livingOf(diagonal), trace, norm, sum: sums.reduce((sum, value) => sum + value * value, 0) };
  };
  return { a: size(ofColumns, rowSums), b: size(ofRows, columnSums) };
}

/** chosen: as for other products of large weights. */
const WORTH_ASKING = 1e8;
const gramRows = 512;

/** Squared norm of W W^T, by blocks of the smaller side. */
function* gramSquares(W: Matrix): Asking<number> {
  const [n, d] = [Math.max(W.rows, W.cols), Math.min(W.rows, W.cols)];
  const squares = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
  if (n * d * d < WORTH_ASKING) return squares(gram(W, W.rows <= W.cols ? "b" : "a").data);
  let sum = 0;
  for (let i = 0; i < d; i += gramRows) {
    const X = blockOf(W, i, Math.min(d, i + gramRows));
    for (let j = 0; j <= i; j += gramRows) {
      const Y = j === i ? X : blockOf(W, j, Math.min(d, j + gramRows));
      sum += (i === j ? 1 : 2) * squares(yield { X: X.data, Y: Y.data, n, dx: X.cols, dy: Y.cols });
    }
  }
  return sum;
}

/** Some rows or columns of W, of the side of which there are fewer, as columns. */
function blockOf({ rows, cols, data }: Matrix, from: number, to: number): Matrix {
  if (rows <= cols) return transpose(matrix(to - from, cols, data.subarray(from * cols, to * cols)));
  const block = matrix(rows, to - from);
  for (let i = 0; i < rows; i++) block.data.set(data.subarray(i * cols + from, i * cols + to), i * (to - from));
  return block;
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
