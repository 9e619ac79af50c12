/**
 * @file Eigenvalues of a real symmetric matrix, without eigenvectors: Householder reduction to tridiagonal form, then
 * the root-free QL algorithm.
 *
 * Golub and Van Loan, "Matrix Computations", section 8.3; the variant of Pal, Walker and Kahan that works on the
 * squares of the off-diagonal entries (Parlett, "The Symmetric Eigenvalue Problem", section 8.15), as in LAPACK's
 * dsterf.
 */
import { type Matrix, requireSquare, symmetricScale } from "./matrix.ts";
import { scaleTriangle, tridiagonalize } from "./tridiagonalize.ts";

/**
 * Squared off-diagonal entries below this change no eigenvalue by more than eps times the norm, which is at least 1
 * after scaling.
 */
const negligible = Number.EPSILON ** 2;

/** QL steps allowed per eigenvalue; EISPACK's limit. Two on average in practice. */
const maxSteps = 30;

/**
 * chosen: after this many steps, off-diagonal entries of 16 eps count as negligible; with many zero eigenvalues
 * rounding keeps them at that size.
 */
const relaxed = 256 * negligible;

/**
 * Eigenvalues of a symmetric matrix, largest first.
 *
 * @param A (n, n); only the lower triangle is read, as by numpy.linalg.eigvalsh
 * @returns (n) float64, descending
 * @throws RangeError if A is not square or holds a value that is not finite
 *
 * Absolute error of a few eps |A|_2, so eigenvalues below that are rounding noise. (4/3) n^3 operations: a twentieth of
 * a second for n = 768.
 */
export function eigvalsh(A: Matrix): Float64Array {
  requireSquare("eigvalsh", A);
  const n = A.rows;
  const scale = symmetricScale("eigvalsh", A);
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  tridiagonalize(scaleTriangle(A, scale), diagonal, beside);
  for (let i = 0; i < n; i++) beside[i]! **= 2;
  rootFreeQL(diagonal, beside);
  for (let i = 0; i < n; i++) diagonal[i]! *= scale;
  return diagonal.sort().reverse();
}

/**
 * Eigenvalues of a tridiagonal matrix with norm of at least 1, left in d in no order.
 *
 * @param d  (n) diagonal
 * @param ee (n) squares of the entries beside it; destroyed
 */
function rootFreeQL(d: Float64Array, ee: Float64Array): void {
  const n = d.length;
  for (let l = 0; l < n; l++) {
    for (let steps = 0; ; steps++) {
      let m = l; // the block l..m is coupled; beyond it the off-diagonal entry is negligible
      const least = steps < maxSteps ? negligible : relaxed;
      while (m < n - 1 && ee[m]! > least) m++;
      if (m === l) break;
      if (steps === 2 * maxSteps)
        throw new Error(`eigvalsh: no convergence after ${maxSteps} QL steps for eigenvalue ${l}`);
      sweep(d, ee, l, m);
    }
  }
}

/** One QL step with Wilkinson's shift on the block l..m, from the bottom to the top. */
function sweep(d: Float64Array, ee: Float64Array, l: number, m: number): void {
  const root = Math.sqrt(ee[l]!);
  const theta = (d[l + 1]! - d[l]!) / (2 * root);
  const t = Math.sqrt(theta * theta + 1);
  const shift = d[l]! - root / (theta + (theta >= 0 ? t : -t));
  let c = 1;
  let s = 0;
  let gamma = d[m]! - shift;
  let p = gamma * gamma;
  for (let i = m - 1; i >= l; i--) {
    const b = ee[i]!;
    const r = p + b;
    if (i < m - 1) ee[i + 1] = s * r;
    // dsterf's gamma = c (d - shift) - s gamma and p = gamma^2 / c with c = p / r put in: p need not wait for two
    // divisions.
    const numerator = p * (d[i]! - shift) - b * gamma;
    const denominator = r * p;
    const next = numerator / r;
    const before = c;
    c = p / r;
    s = b / r;
    p = denominator === 0 ? before * b : (numerator * numerator) / denominator;
    d[i + 1] = gamma + (d[i]! - next);
    gamma = next;
  }
  ee[l] = s * p;
  d[l] = shift + gamma;
  ee[m] = 0;
}
