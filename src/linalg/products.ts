/**
 * @file The inner loop of all dense arithmetic: out += X^T Y for row-major float64 blocks, whole or upper triangle.
 *
 * For large products, if the engine has vector instructions, blocks are copied to the memory of a WebAssembly kernel
 * and multiplied there, at 0.1 to 0.15 ns per product. Elsewhere a product takes 0.5 ns: rows of X and Y are taken four
 * at a time, so that each entry of `out` is loaded and stored once for four products; two rows of `out` together, so
 * that each entry of Y is loaded once for two; and in blocks of 32, which stay in the cache while every row of `out` is
 * visited.
 */

import { lowerTiles } from "./triangleTiles.ts";
import { kernelColumns, kernelRows, productKernel, type SimdKernel } from "./wasm/productKernel.ts";

/** The product X^T Y = sum_i x_i y_i^T, (dx, dy), of rows X (n, dx) and Y (n, dy). */
export interface Product {
  readonly X: Float64Array;
  readonly Y: Float64Array;
  readonly n: number;
  readonly dx: number;
  readonly dy: number;
  /** Whether X is symmetric, so that the product is X Y as well. */
  readonly isSymmetric?: boolean;
}

/**
 * Computes a product, (dx, dy) row-major: the function of this file, or an engine's, which is faster for large
 * products.
 */
export type Multiply = (product: Product) => Promise<Float64Array>;

/** X^T Y by the loops of this file. */
export async function multiplyHere({ X, Y, n, dx, dy }: Product): Promise<Float64Array> {
  const out = new Float64Array(dx * dy);
  addProducts(out, X, Y, n, dx, dy);
  return out;
}

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
  const kernel = Math.min(n, dx, dy) >= leastForKernel ? productKernel() : null;
  if (kernel) {
    inPanels(kernel, out, X, Y, n, dx, dy, upper);
    return;
  }
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

/** chosen: below this many rows or columns copying costs more than the kernel saves. */
const leastForKernel = 12;

/** The same in panels of four columns of X and Y, each block of rows and columns copied once. */
function inPanels(
  kernel: SimdKernel,
  out: Float64Array,
  X: Float64Array,
  Y: Float64Array,
  n: number,
  dx: number,
  dy: number,
  upper: boolean,
): void {
  for (let top = 0; top < n; top += kernelRows) {
    const rows = Math.min(kernelRows, n - top);
    for (let left = 0; left < dy; left += kernelColumns) {
      const columns = Math.min(kernelColumns, dy - left);
      for (let q = 0; q < columns; q += 4) copyPanel(kernel.y, q * rows, Y, top * dy + left + q, rows, dy, columns - q);
      const last = upper ? Math.min(dx, left + columns) : dx; // rows below that lie under the diagonal
      for (let p = 0; p < last; p += 4) {
        copyPanel(kernel.x, 0, X, top * dx + p, rows, dx, dx - p);
        const from = upper && p > left ? p - left : 0; // left and p are multiples of 4
        kernel.multiply(rows, Math.ceil((columns - from) / 4), from / 4);
        for (let r = 0; r < Math.min(4, dx - p); r++)
          addPanelRow(out, (p + r) * dy + left + from, kernel.out, 4 * r, columns - from);
      }
    }
  }
}

/** Adds one row of panels of (4, 4), whose first entry is at `at`, to `count` entries of `out` from `start` on. */
function addPanelRow(out: Float64Array, start: number, panels: Float64Array, at: number, count: number): void {
  const whole = count - (count % 4);
  for (let q = 0, k = at; q < whole; q += 4, k += 16) {
    const to = start + q;
    out[to] = out[to]! + panels[k]!;
    out[to + 1] = out[to + 1]! + panels[k + 1]!;
    out[to + 2] = out[to + 2]! + panels[k + 2]!;
    out[to + 3] = out[to + 3]! + panels[k + 3]!;
  }
  for (let q = whole; q < count; q++) out[start + q]! += panels[4 * whole + at + q - whole]!;
}

/** Copies up to four neighbouring columns to a (rows, 4) panel, the missing ones as zeros. */
function copyPanel(
  panel: Float64Array,
  to: number,
  from: Float64Array,
  start: number,
  rows: number,
  stride: number,
  columns: number,
): void {
  if (columns >= 4) {
    for (let i = 0; i < rows; i++) {
      const [target, source] = [to + 4 * i, start + i * stride];
      panel[target] = from[source]!;
      panel[target + 1] = from[source + 1]!;
      panel[target + 2] = from[source + 2]!;
      panel[target + 3] = from[source + 3]!;
    }
    return;
  }
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < 4; j++) panel[to + 4 * i + j] = j < columns ? from[start + i * stride + j]! : 0;
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
