/**
 * @file Eigenvalues of a real symmetric matrix, without eigenvectors: Householder reduction to tridiagonal form, then the QL
 * algorithm with implicit shifts.
 *
 * Golub and Van Loan, "Matrix Computations", sections 8.3.1 and 8.3.3; Bowdler, Martin, Reinsch and Wilkinson (1968), the
 * EISPACK routines tred1 and imtql1. The reduction eliminates the last row first, so that every inner loop runs along a row.
 */
import { type Matrix, maxAbs, requireSquare } from "./matrix.ts";

/** QL steps allowed per eigenvalue; EISPACK's limit. Two on average in practice. */
const maxSteps = 30;

/**
 * Eigenvalues of a symmetric matrix, largest first.
 *
 * @param A (n, n); only the lower triangle is read, as by numpy.linalg.eigvalsh
 * @returns (n) float64, descending
 * @throws RangeError if A is not square or holds a value that is not finite
 *
 * Absolute error of a few eps |A|_2, so eigenvalues below that are rounding noise. (2/3) n^3 products: a quarter of a second for n = 784.
 */
export function eigvalsh(A: Matrix): Float64Array {
  requireSquare("eigvalsh", A);
  const n = A.rows;
  const scale = maxAbs(A.data);
  if (!Number.isFinite(scale)) throw new RangeError("eigvalsh: expected finite entries, got NaN or infinity");
  if (scale === 0) return new Float64Array(n);
  const work = A.data.map((value) => value / scale); // no square below can overflow, and none that matters underflow
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  tridiagonalize(work, n, diagonal, offDiagonal);
  implicitQL(diagonal, offDiagonal);
  for (let i = 0; i < n; i++) diagonal[i]! *= scale;
  return diagonal.sort().reverse();
}

/**
 * Reduces the symmetric matrix in the lower triangle of `a` to tridiagonal form with the same eigenvalues.
 *
 * Step k takes the vector v of the reflection P = I - v v^T / h from row k and turns the leading (k, k) block into
 * P A P = A - v q^T - q v^T with q = A v / h - (v^T A v / 2 h^2) v. The update of one step and the product A v of the next run
 * over the matrix together, because the time goes into moving it.
 *
 * @param a (n, n) row-major, destroyed
 * @param d (n) receives the diagonal
 * @param e (n) receives the entries beside it: e[i] couples i and i + 1, e[n - 1] = 0
 */
function tridiagonalize(a: Float64Array, n: number, d: Float64Array, e: Float64Array): void {
  let v = new Float64Array(n);
  let q = new Float64Array(n); // v and q of the update that is still due: none at first
  let next = new Float64Array(n);
  let product = new Float64Array(n);
  for (let k = n - 1; k >= 0; k--) {
    updateRow(a, k * n, k, v, q);
    d[k] = a[k * n + k]!;
    if (k === 0) return;
    const h = reflection(a, k * n, k, next, e);
    updateAndMultiply(a, n, k, v, q, next, product);
    if (h > 0) {
      let along = 0;
      for (let j = 0; j < k; j++) along += next[j]! * product[j]!;
      along /= 2 * h * h;
      for (let j = 0; j < k; j++) product[j] = product[j]! / h - along * next[j]!;
    }
    [v, next] = [next, v];
    [q, product] = [product, q];
  }
}

/** Sets v to the vector of the reflection that clears row k but for its last entry, which goes to e[k - 1]; returns h = |v|^2 / 2. */
function reflection(a: Float64Array, row: number, k: number, v: Float64Array, e: Float64Array): number {
  let rest = 0;
  for (let j = 0; j < k - 1; j++) rest += a[row + j]! ** 2;
  const last = a[row + k - 1]!;
  if (rest === 0) {
    e[k - 1] = last;
    v.fill(0, 0, k);
    return 0;
  }
  const alpha = last > 0 ? -Math.sqrt(rest + last * last) : Math.sqrt(rest + last * last);
  e[k - 1] = alpha;
  for (let j = 0; j < k; j++) v[j] = a[row + j]!;
  v[k - 1] = last - alpha;
  return alpha * (alpha - last);
}

/** Entries 0 to j of row j of A - v q^T - q v^T. */
function updateRow(a: Float64Array, row: number, j: number, v: Float64Array, q: Float64Array): void {
  const vj = v[j]!;
  const qj = q[j]!;
  for (let i = 0; i <= j; i++) a[row + i]! -= vj * q[i]! + qj * v[i]!;
}

/** The leading (k, k) block becomes A - v q^T - q v^T, and product = A u for the new A; both from the lower triangle. */
function updateAndMultiply(
  a: Float64Array,
  n: number,
  k: number,
  v: Float64Array,
  q: Float64Array,
  u: Float64Array,
  product: Float64Array,
): void {
  product.fill(0, 0, k);
  for (let j = 0; j < k; j++) {
    const row = j * n;
    const vj = v[j]!;
    const qj = q[j]!;
    const uj = u[j]!;
    let even = 0; // two running sums, so that one addition need not wait for the other
    let odd = 0;
    let i = 0;
    for (; i + 1 < j; i += 2) {
      const a0 = a[row + i]! - (vj * q[i]! + qj * v[i]!);
      const a1 = a[row + i + 1]! - (vj * q[i + 1]! + qj * v[i + 1]!);
      a[row + i] = a0;
      a[row + i + 1] = a1;
      even += a0 * u[i]!;
      odd += a1 * u[i + 1]!;
      product[i]! += a0 * uj;
      product[i + 1]! += a1 * uj;
    }
    if (i < j) {
      const a0 = a[row + i]! - (vj * q[i]! + qj * v[i]!);
      a[row + i] = a0;
      even += a0 * u[i]!;
      product[i]! += a0 * uj;
    }
    const last = a[row + j]! - 2 * vj * qj;
    a[row + j] = last;
    product[j]! += even + odd + last * uj;
  }
}

/** Eigenvalues of the tridiagonal matrix (d, e), left in d in no order; e is destroyed. */
function implicitQL(d: Float64Array, e: Float64Array): void {
  const n = d.length;
  for (let l = 0; l < n; l++) {
    for (let steps = 0; ; steps++) {
      let m = l; // the block l..m is coupled; beyond it the off-diagonal entry is negligible
      while (m < n - 1 && Math.abs(e[m]!) > Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) m++;
      if (m === l) break;
      if (steps === maxSteps)
        throw new Error(`eigvalsh: no convergence after ${maxSteps} QL steps for eigenvalue ${l}`);
      sweep(d, e, l, m);
    }
  }
}

/** One QL step with Wilkinson's shift on the block l..m, as a chase of plane rotations from the bottom to the top. */
function sweep(d: Float64Array, e: Float64Array, l: number, m: number): void {
  const theta = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  const t = Math.sqrt(theta * theta + 1);
  let g = d[m]! - d[l]! + e[l]! / (theta + (theta >= 0 ? t : -t));
  let c = 1;
  let s = 1;
  let p = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    const r = Math.sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= p; // the block splits here: finish it and let the caller look again
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    const w = (d[i]! - g) * s + 2 * c * b;
    p = s * w;
    d[i + 1] = g + p;
    g = c * w - b;
  }
  d[l]! -= p;
  e[l] = g;
  e[m] = 0;
}
