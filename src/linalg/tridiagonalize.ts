/**
 * @file Householder reduction of a symmetric matrix to tridiagonal form: the O(n^3) part of `eigvalsh`.
 *
 * Golub and Van Loan, "Matrix Computations", section 8.3.1; the EISPACK routine tred1. The last row is eliminated first, so that
 * every inner loop runs along a row. Rows of the lower triangle are packed one after another: row j starts at j (j + 1) / 2.
 */
import type { Matrix } from "./matrix.ts";

/**
 * Sum of squares below which a row counts as cleared: it moves no eigenvalue by more than eps^2, and h^2 stays clear of underflow.
 */
const negligible = Number.EPSILON ** 4;

/** Vectors of one step: the pending update A - v q^T - q v^T, and the vector u that the updated A is multiplied by. */
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
 * Step k takes the vector u of the reflection P = I - u u^T / h from row k and turns the leading (k, k) block into
 * P A P = A - u q^T - q u^T with q = A u / h - (u^T A u / 2 h^2) u. The update of one step and the product A u of the next run
 * over the matrix together, because the time goes into moving it.
 *
 * @param a (n (n + 1) / 2) lower triangle, packed by rows, its largest entry of size 1; destroyed. Row k is left holding the vector u
 *   of step k but for its last entry, which is a[k, k - 1] - e[k - 1]; where that is 0 there was no step
 * @param d (n) receives the diagonal
 * @param e (n) receives the entries beside it: e[i] couples i and i + 1, e[n - 1] = 0
 *
 * (4/3) n^3 operations, 0.2 ns each.
 */
export function tridiagonalize(a: Float64Array, d: Float64Array, e: Float64Array): void {
  const n = d.length;
  const vector = (): Float64Array => new Float64Array(n);
  let now: Vectors = { v: vector(), q: vector(), u: vector(), product: vector() }; // v = q = 0: no update is due at first
  for (let k = n - 1; k > 0; k--) {
    const row = (k * (k + 1)) / 2;
    const { v, q, u, product } = now;
    for (let i = 0; i <= k; i++) a[row + i]! -= v[k]! * q[i]! + q[k]! * v[i]!;
    d[k] = a[row + k]!;
    const h = reflection(a, row, k, u, e);
    updateAndMultiply(a, k, now);
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

/** Sets u to the vector of the reflection that clears row k but for its last entry, which goes to e[k - 1]; returns h = |u|^2 / 2. */
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

/** The leading (k, k) block becomes A - v q^T - q v^T, and product = A u for the new A: four rows at a time, then the rest. */
function updateAndMultiply(a: Float64Array, k: number, vectors: Vectors): void {
  vectors.product.fill(0, 0, k);
  const whole = k - (k % 4);
  for (let j = 0; j < whole; j += 4) {
    fourRows(a, j, vectors);
    for (let t = j; t < j + 4; t++) endOfRow(a, t, j, vectors);
  }
  for (let j = whole; j < k; j++) endOfRow(a, j, 0, vectors);
}

/** Entries 0 to j - 1 of rows j to j + 3: each v_i, q_i, u_i and product_i is loaded once for four entries. */
function fourRows(a: Float64Array, j: number, { v, q, u, product }: Vectors): void {
  const r0 = (j * (j + 1)) / 2;
  const r1 = r0 + j + 1;
  const r2 = r1 + j + 2;
  const r3 = r2 + j + 3;
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
  let s0 = product[j]!;
  let s1 = product[j + 1]!;
  let s2 = product[j + 2]!;
  let s3 = product[j + 3]!;
  for (let i = 0; i < j; i++) {
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
  product[j] = s0;
  product[j + 1] = s1;
  product[j + 2] = s2;
  product[j + 3] = s3;
}

/** Entries `from` to j of row j. */
function endOfRow(a: Float64Array, j: number, from: number, { v, q, u, product }: Vectors): void {
  const row = (j * (j + 1)) / 2;
  const vj = v[j]!;
  const qj = q[j]!;
  const uj = u[j]!;
  const last = a[row + j]! - 2 * vj * qj;
  a[row + j] = last;
  let sum = product[j]! + last * uj;
  for (let i = from; i < j; i++) {
    const entry = a[row + i]! - (vj * q[i]! + qj * v[i]!);
    a[row + i] = entry;
    sum += entry * u[i]!;
    product[i]! += entry * uj;
  }
  product[j] = sum;
}

/** Lower triangle of A / scale, packed by rows: no square below can overflow, and none that matters underflow. */
export function scaledTriangle({ rows: n, data }: Matrix, scale: number): Float64Array {
  const packed = new Float64Array((n * (n + 1)) / 2);
  for (let i = 0, k = 0; i < n; i++) for (let j = 0; j <= i; j++, k++) packed[k] = data[i * n + j]! / scale;
  return packed;
}
