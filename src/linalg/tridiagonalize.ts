/**
 * @file Householder reduction of a symmetric matrix to tridiagonal form: the O(n^3) part of `eigvalsh`.
 *
 * Golub and Van Loan, "Matrix Computations", section 8.3.1; the EISPACK routine tred1. The last row is eliminated
 * first, so that every inner loop runs along a row. The lower triangle is kept in blocks of four rows, each row as long
 * as the block's last, one after another: what stands above the diagonal is the mirror image, so that four rows and
 * four columns can always be taken together.
 */
import type { Matrix } from "./matrix.ts";
import { tridiagonalKernel } from "./wasm/tridiagonalKernel.ts";

/**
 * Sum of squares below which a row counts as cleared: it moves no eigenvalue by more than eps^2, and h^2 stays clear of
 * underflow.
 */
const negligible = Number.EPSILON ** 4;

/** Where row j starts, and with j = n, a multiple of four, where the triangle ends. */
export function rowStart(j: number): number {
  const t = j >> 2;
  return 4 * (t + 1) * (2 * t + (j & 3));
}

/**
 * Vectors of one step, of whole blocks: the pending update A - v q^T - q v^T, and the vector u that the updated A is
 * multiplied by.
 */
interface Vectors {
  v: Float64Array;
  q: Float64Array;
  u: Float64Array;
  /** Receives A u. */
  product: Float64Array;
}

/**
 * Reduces a symmetric matrix to the tridiagonal matrix with the same eigenvalues.
 *
 * Step k takes the vector u of the reflection P = I - u u^T / h from row k and replaces the leading (k, k) block by P A
 * P = A - u q^T - q u^T with q = A u / h - (u^T A u / 2 h^2) u. The update of one step and the product A u of the next
 * pass over the matrix together, because memory traffic dominates.
 *
 * @param a triangle of n rows (`scaleTriangle`), its largest entry of size 1; destroyed. Row k is left holding the
 *   vector u of step k but for its last entry, which is a[k, k - 1] - e[k - 1]; where that is 0 there was no step
 * @param d (n) receives the diagonal
 * @param e (n) receives the entries beside it: e[i] couples i and i + 1, e[n - 1] = 0
 * @param vectorized whether to use vector instructions where there are some
 *
 * (4/3) n^3 operations, 0.1 ns each.
 */
export function tridiagonalize(a: Float64Array, d: Float64Array, e: Float64Array, vectorized = true): void {
  const n = d.length;
  const kernel = vectorized ? tridiagonalKernel(a.length, n) : null;
  if (!kernel) {
    const vectors = [0, 1, 2, 3].map(() => new Float64Array(4 * Math.ceil(n / 4)));
    reduce(a, vectors, d, e, (blocks, now) => updateAndMultiply(a, blocks, now));
    return;
  }
  kernel.a.set(a);
  reduce(kernel.a, kernel.vectors, d, e, (blocks, { v, q, u, product }) => kernel.step(v, q, u, product, blocks));
  a.set(kernel.a);
}

function reduce(
  a: Float64Array,
  vectors: readonly Float64Array[],
  d: Float64Array,
  e: Float64Array,
  step: (blocks: number, now: Vectors) => void,
): void {
  const n = d.length;
  // v = q = 0: no update is due at first
  let now: Vectors = { v: vectors[0]!, q: vectors[1]!, u: vectors[2]!, product: vectors[3]! };
  for (let k = n - 1; k > 0; k--) {
    const row = rowStart(k);
    const { v, q, u, product } = now;
    const [vk, qk] = [v[k]!, q[k]!];
    for (let i = 0; i <= k; i++) a[row + i]! -= vk * q[i]! + qk * v[i]!;
    d[k] = a[row + k]!;
    const h = reflection(a, row, k, u, e);
    v[k] = q[k] = u[k] = 0; // rows from k on are done; zeros leave them unchanged within a block
    step((k + 3) >> 2, now);
    product.fill(0, k, k + 4);
    if (h > 0) {
      let along = 0;
      for (let j = 0; j < k; j++) along += u[j]! * product[j]!;
      along /= 2 * h * h;
      for (let j = 0; j < k; j++) product[j] = product[j]! / h - along * u[j]!;
    }
    now = { v: u, q: product, u: v, product: q };
  }
  if (n > 0) d[0] = a[0]! - 2 * now.v[0]! * now.q[0]!;
}

/**
 * Sets u to the vector of the reflection that clears row k but for its last entry, which goes to e[k - 1]; returns h =
 * |u|^2 / 2.
 */
function reflection(a: Float64Array, row: number, k: number, u: Float64Array, e: Float64Array): number {
  let rest = 0;
  for (let j = 0; j < k - 1; j++) rest += a[row + j]! ** 2;
  const last = a[row + k - 1]!;
  if (rest < negligible) {
    e[k - 1] = last;
    u.fill(0, 0, k);
    return 0;
  }
  const alpha = last > 0 ? -Math.sqrt(rest + last * last) : Math.sqrt(rest + last * last);
  e[k - 1] = alpha;
  for (let j = 0; j < k; j++) u[j] = a[row + j]!;
  u[k - 1] = last - alpha;
  return alpha * (alpha - last);
}

/** The first `blocks` blocks of rows become A - v q^T - q v^T, and product = A u for the new A. */
function updateAndMultiply(a: Float64Array, blocks: number, vectors: Vectors): void {
  for (let j = 0; j < 4 * blocks; j += 4) fourRows(a, j, vectors);
}

/** A block of rows: each v_i, q_i, u_i and product_i is loaded once for four entries. */
function fourRows(a: Float64Array, j: number, { v, q, u, product }: Vectors): void {
  const length = j + 4;
  const r0 = rowStart(j);
  const r1 = r0 + length;
  const r2 = r1 + length;
  const r3 = r2 + length;
  const v0 = v[j]!;
  const v1 = v[j + 1]!;
  const v2 = v[j + 2]!;
  const v3 = v[j + 3]!;
  const q0 = q[j]!;
  const q1 = q[j + 1]!;
  const q2 = q[j + 2]!;
  const q3 = q[j + 3]!;
  const u0 = u[j]!;
  const u1 = u[j + 1]!;
  const u2 = u[j + 2]!;
  const u3 = u[j + 3]!;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < length; i++) {
    const vi = v[i]!;
    const qi = q[i]!;
    const ui = u[i]!;
    const a0 = a[r0 + i]! - (v0 * qi + q0 * vi);
    const a1 = a[r1 + i]! - (v1 * qi + q1 * vi);
    const a2 = a[r2 + i]! - (v2 * qi + q2 * vi);
    const a3 = a[r3 + i]! - (v3 * qi + q3 * vi);
    a[r0 + i] = a0;
    a[r1 + i] = a1;
    a[r2 + i] = a2;
    a[r3 + i] = a3;
    s0 += a0 * ui;
    s1 += a1 * ui;
    s2 += a2 * ui;
    s3 += a3 * ui;
    product[i]! += a0 * u0 + a1 * u1 + (a2 * u2 + a3 * u3);
  }
  product[j] = s0; // the columns of these rows are in the sums already
  product[j + 1] = s1;
  product[j + 2] = s2;
  product[j + 3] = s3;
}

/**
 * Lower triangle of A / scale, and what its blocks mirror: no square below can overflow, and none that matters
 * underflow.
 */
export function scaleTriangle({ rows: n, data }: Matrix, scale: number): Float64Array {
  const triangle = new Float64Array(rowStart(4 * Math.ceil(n / 4)));
  for (let i = 0; i < n; i++) {
    const start = rowStart(i);
    for (let j = 0; j <= i; j++) triangle[start + j] = data[i * n + j]! / scale;
    for (let j = i + 1; j < Math.min(n, 4 * (i >> 2) + 4); j++) triangle[start + j] = data[j * n + i]! / scale;
  }
  return triangle;
}
