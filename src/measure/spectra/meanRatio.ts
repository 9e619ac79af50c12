/**
 * @file The share of a second moment that is the mean: the diagnostic that tells second moments from covariances
 * (theory.md Eq. 17).
 */
import { leastSamples, type Measured } from "../measured.ts";

/**
 * Mean ratio r_v = |E v|^2 / E |v|^2   (theory.md Eq. 17).
 *
 * @param sum     (d) sum of the rows v; undefined where it was not captured
 * @param squares sum of |v|^2 over the rows
 * @param share   coordinates in `sum` per coordinate of a row, below 1 where they are a sample
 * @param n       number of rows
 * @returns value in [0, 1]: 0 for centred rows, 1 for equal rows, about 1/n for independent centred rows; null with
 *   status "missing-moments", "too-few-samples", "zero-matrix" (all rows zero) or "not-finite"
 */
export function meanRatio(sum: Float64Array | undefined, squares: number, n: number, share = 1): Measured {
  if (n < leastSamples) return { value: null, n, status: "too-few-samples" };
  if (!sum) return { value: null, n, status: "missing-moments" };
  if (squares === 0) return { value: null, n, status: "zero-matrix" };
  const root = Math.sqrt(squares * n); // |sum|^2 <= n squares, by Cauchy and Schwarz
  const value = sum.reduce((total, entry) => total + (entry / root) ** 2, 0) / share;
  return Number.isFinite(value) && Number.isFinite(root)
    ? { value: Math.min(1, value), n }
    : { value: null, n, status: "not-finite" };
}
