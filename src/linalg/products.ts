/**
 * @file The one inner loop of the dense arithmetic: out += X^T Y for row-major float64 blocks, whole or upper triangle.
 *
 * Rows of X and Y are taken four at a time, so that each entry of `out` is loaded and stored once for four products, for two rows
 * of `out` together, so that each entry of Y is loaded once for two, and in blocks of 32, so that the block stays in the cache
 * while every row of `out` is visited. 0.5 ns per product.
 */

import { lowerTiles } from "./tiles.ts";

/** Rows per block. chosen: 32 rows of 784 float64 (200 KB) fit a second-level cache. */
const blockRows = 32;

/**
 * out += sum_i x_i y_i^T.
 *
 * @param out (dx, dy) row-major, updated
 * @param X   (n, dx) row-major; X.length may exceed n dx
 * @param Y   (n, dy) row-major
 */
export function addProducts(
  out: Float64Array,
  X: Float64Array,
  Y: Float64Array,
  n: number,
  dx: number,
  dy: number,
): void {
  accumulate(out, X, Y, n, dx, dy, false);
}

/**
 * out += sum_i x_i x_i^T, exactly symmetric if `out` was: the upper triangle is summed and mirrored.
 *
 * @param out (d, d) row-major, updated
 * @param X   (n, d) row-major; X.length may exceed n d
 */
export function addGram(out: Float64Array, X: Float64Array, n: number, d: number): void {
  accumulate(out, X, X, n, d, d, true);
  lowerTiles(d, (top, bottom, left, right) => {
    for (let p = top; p < bottom; p++) for (let q = left; q < Math.min(right, p); q++) out[p * d + q] = out[q * d + p]!;
  });
}

function accumulate(
  out: Float64Array,
  X: Float64Array,
  Y: Float64Array,
  n: number,
  dx: number,
  dy: number,
  upper: boolean,
): void {
  const even = dx - (dx % 2);
  for (let start = 0; start < n; start += blockRows) {
    const end = Math.min(n, start + blockRows);
    const whole = end - ((end - start) % 4);
    for (let p = 0; p < even; p += 2) {
      const from = upper ? p : 0; // of the upper triangle row p + 1 then holds one entry too many, which is overwritten
      for (let i = start; i < whole; i += 4) twoByFour(out, X, Y, p, i, from, dx, dy);
    }
    for (let p = 0; p < dx; p++) {
      const from = upper ? p : 0;
      for (let i = p < even ? whole : start; i < end; i++) {
        const x = X[i * dx + p]!;
        for (let q = from; q < dy; q++) out[p * dy + q]! += x * Y[i * dy + q]!;
      }
    }
  }
}

/** Adds rows i to i + 3 of Y, times their entries p and p + 1 of X, to rows p and p + 1 of `out`. */
function twoByFour(
  out: Float64Array,
  X: Float64Array,
  Y: Float64Array,
  p: number,
  i: number,
  from: number,
  dx: number,
  dy: number,
): void {
  const [x, y] = [i * dx + p, i * dy];
  const a0 = X[x]!;
  const a1 = X[x + dx]!;
  const a2 = X[x + 2 * dx]!;
  const a3 = X[x + 3 * dx]!;
  const b0 = X[x + 1]!;
  const b1 = X[x + dx + 1]!;
  const b2 = X[x + 2 * dx + 1]!;
  const b3 = X[x + 3 * dx + 1]!;
  const row = p * dy;
  for (let q = from; q < dy; q++) {
    const y0 = Y[y + q]!;
    const y1 = Y[y + dy + q]!;
    const y2 = Y[y + 2 * dy + q]!;
    const y3 = Y[y + 3 * dy + q]!;
    out[row + q]! += a0 * y0 + a1 * y1 + (a2 * y2 + a3 * y3);
    out[row + dy + q]! += b0 * y0 + b1 * y1 + (b2 * y2 + b3 * y3);
  }
}
