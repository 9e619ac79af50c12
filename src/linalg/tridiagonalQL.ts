/**
 * @file Eigenvalues and eigenvectors of a small symmetric tridiagonal matrix: implicit QL with every rotation applied
 * to the vectors (EISPACK's tql2; Golub and Van Loan, "Matrix Computations", section 8.3). Cubic with a large constant:
 * the leaves of `divideAndConquer`.
 */

/** Off-diagonal entries below this move no eigenvalue by more than eps / 4, beside a norm of about 1. */
const negligible = Number.EPSILON / 8;

/** QL steps allowed per eigenvalue; EISPACK's limit. */
const maxSteps = 30;

/**
 * @param d0 (n) diagonal, left as it is; part of a matrix of norm about 1
 * @param e0 (n) entries beside it, e0[i] coupling i and i + 1, left as it is
 * @returns values (n) ascending; row j of vectors, (n, n), belongs to values[j]
 */
export function tridiagonalQL(d0: Float64Array, e0: Float64Array): { values: Float64Array; vectors: Float64Array } {
  const n = d0.length;
  const d = d0.slice();
  const e = e0.slice(0, n);
  if (n > 0) e[n - 1] = 0;
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  for (let l = 0; l < n; l++) {
    for (let steps = 0; ; steps++) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]!) > negligible) m++;
      if (m === l) break;
      if (steps === maxSteps) throw new Error(`eigh: no convergence after ${maxSteps} QL steps for eigenvalue ${l}`);
      sweep(d, e, rows, l, m);
    }
  }
  const order = Array.from(d, (_, i) => i).sort((i, j) => d[i]! - d[j]! || i - j);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    vectors.set(rows.subarray(from * n, (from + 1) * n), to * n);
  });
  return { values: Float64Array.from(order, (i) => d[i]!), vectors };
}

/** One implicit QL step with Wilkinson's shift on the block l..m. */
function sweep(d: Float64Array, e: Float64Array, rows: Float64Array, l: number, m: number): void {
  const n = d.length;
  const theta = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  const t = Math.hypot(theta, 1);
  let g = d[m]! - d[l]! + e[l]! / (theta + (theta >= 0 ? t : -t));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= p; // the block has come apart: start again on its lower part
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    const before = d[i + 1]! - p;
    const u = (d[i]! - before) * s + 2 * c * b;
    p = s * u;
    d[i + 1] = before + p;
    g = c * u - b;
    for (let k = 0; k < n; k++) {
      const high = rows[(i + 1) * n + k]!;
      const low = rows[i * n + k]!;
      rows[(i + 1) * n + k] = s * low + c * high;
      rows[i * n + k] = c * low - s * high;
    }
  }
  d[l]! -= p;
  e[l] = g;
  e[m] = 0;
}
