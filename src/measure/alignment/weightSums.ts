/** @file Sums over the entries of Z on both sides of a map. The larger matrix is never formed. */
import { gramNorm } from "../../linalg/blockGram.ts";
import type { Multiply } from "../../linalg/products.ts";
import type { Side } from "../../moments/moments.ts";
import { livingOf, type Size } from "./alignmentNull.ts";
import { gramSquaresOf, type MapWeights } from "./mapWeights.ts";

/** Sums over the entries of Z of one side. */
export interface WeightSums extends Size {
  /** Of all entries. */
  readonly sum: number;
}

/**
 * The sums of Z on both sides. The larger matrix is never formed, because both have the same norm.
 *
 * @param weights W (dOut, dIn)
 */
export async function weightSums(multiply: Multiply, weights: MapWeights): Promise<Record<Side, WeightSums>> {
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
  const squares = gramSquaresOf(weights);
  const norm = squares === undefined ? await gramNorm(multiply, W) : Math.sqrt(squares);
  const size = (diagonal: Float64Array, sums: Float64Array): WeightSums => {
    const trace = total(diagonal);
    return { d: livingOf(diagonal), trace, norm, sum: sums.reduce((sum, value) => sum + value * value, 0) };
  };
  return { a: size(ofColumns, rowSums), b: size(ofRows, columnSums) };
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
