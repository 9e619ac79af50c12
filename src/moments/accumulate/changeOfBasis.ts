/**
 * @file Sums of rows x = y X from those of rows y: sum x x^T = X^T (sum y y^T) X, computed after the last batch by a
 * given multiplier.
 *
 * Means are subtracted before and restored in float64 (docs/theory.md Eq. 10), so that the products may be in float32.
 */
import { type Matrix, matmul, matrix } from "../../linalg/matrix.ts";
import { lowerCuts, lowerSegments } from "./lowerBlocks.ts";
import { type RowSums, writeGram } from "./rowSums.ts";

/** Products of large matrices, such as an engine's (`FloatProducts`). */
export interface SumProducts {
  /**
   * The lower blocks of X^T S X for symmetric S, with columns divided at the given cuts; to be multiplied by `scale`.
   */
  congruent(S: Matrix, X: Matrix, cuts: readonly number[]): Promise<{ lower: Float32Array; scale: number }>;
  /** A B. */
  product(A: Matrix, B: Matrix): Promise<Float64Array>;
}

/** sum x and sum x x^T over rows x. */
interface PlainSums {
  readonly sum: Float64Array;
  readonly gram: Float64Array;
}

/**
 * Adds the sums of the rows x = y X to the sum and the lower triangle of `into`.
 *
 * @param from sums of the rows y (n, d)
 * @param X (d, D)
 */
export async function changeBasis(
  into: PlainSums,
  from: RowSums,
  X: Matrix,
  n: number,
  products: SumProducts,
): Promise<void> {
  const { sum } = from;
  const [d, D] = [X.rows, X.cols];
  const C = writeGram(from, new Float64Array(d * d));
  for (let i = 0; i < d; i++) {
    const mean = sum[i]! / n;
    for (let j = 0; j < d; j++) C[i * d + j]! -= mean * sum[j]!;
  }
  const { lower, scale } = await products.congruent(matrix(d, d, C), X, lowerCuts(D));
  const means = matmul(matrix(1, d, sum), X).data;
  for (let i = 0; i < D; i++) into.sum[i]! += means[i]!;
  for (const { row, from: first, to, at } of lowerSegments(D)) {
    const mean = means[row]! / n;
    const last = at + to - first - 1;
    if (to === row + 1 && lower[last]! < 0) lower[last] = 0; // a sum of squares, rounded in float32
    for (let j = first; j < to; j++) into.gram[row * D + j]! += scale * lower[at + j - first]! + mean * means[j]!;
  }
}
