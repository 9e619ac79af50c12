/**
 * @file Small dense systems of linear equations: LU factors with partial pivoting, in place (Golub and Van Loan, Matrix
 * Computations, algorithm 3.4.1). For the few equations of an integrator; `linalg` has the large products.
 */

/**
 * Replaces M by its factors, P M = L U.
 *
 * @param M     (n, n) row-major, overwritten: U above and on the diagonal, the multipliers of L below
 * @param pivot (n), overwritten: the row moved to position i
 * @returns false if M is singular or not finite; M is then unusable
 */
export function factorize(M: Float64Array, pivot: Int32Array): boolean {
  const n = pivot.length;
  for (let k = 0; k < n; k++) {
    let row = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(M[i * n + k]!) > Math.abs(M[row * n + k]!)) row = i;
    pivot[k] = row;
    const head = M[row * n + k]!;
    if (head === 0 || !Number.isFinite(head)) return false;
    for (let j = 0; row !== k && j < n; j++) {
      const kept = M[k * n + j]!;
      M[k * n + j] = M[row * n + j]!;
      M[row * n + j] = kept;
    }
    for (let i = k + 1; i < n; i++) {
      const factor = M[i * n + k]! / head;
      M[i * n + k] = factor;
      for (let j = k + 1; j < n; j++) M[i * n + j]! -= factor * M[k * n + j]!;
    }
  }
  return true;
}

/**
 * Solves M x = v for the factors of M.
 *
 * @param v (n), overwritten by x
 */
export function solveFactored(M: Float64Array, pivot: Int32Array, v: Float64Array): void {
  const n = pivot.length;
  for (let k = 0; k < n; k++) {
    const row = pivot[k]!;
    const value = v[row]!;
    v[row] = v[k]!;
    v[k] = value;
  }
  for (let i = 1; i < n; i++) for (let j = 0; j < i; j++) v[i]! -= M[i * n + j]! * v[j]!;
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) v[i]! -= M[i * n + j]! * v[j]!;
    v[i]! /= M[i * n + i]!;
  }
}
