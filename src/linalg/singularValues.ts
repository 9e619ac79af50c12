/** @file Singular values of a matrix, small ones too. */
import { eigvalsh } from "./eigvalsh.ts";
import { type Matrix, matrix } from "./matrix.ts";

/**
 * Singular values of M, largest first.
 *
 * @param M (m, n)
 * @returns (min(m, n)) float64, at least 0
 *
 * Eigenvalues of [[0, M], [M^T, 0]], so that the error is a few eps |M|_2 for small ones too; those of M^T M would lose
 * half of the digits. (4/3) (m + n)^3 operations.
 */
export function singularValues(M: Matrix): Float64Array {
  return eigvalsh(jordanWielandt(M))
    .slice(0, Math.min(M.rows, M.cols))
    .map((value) => Math.max(0, value));
}

/** [[0, M], [M^T, 0]], whose eigenvalues are the singular values of M, with either sign, and zeros. */
export function jordanWielandt(M: Matrix): Matrix {
  const { rows: m, cols: n } = M;
  const S = matrix(m + n, m + n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      S.data[i * (m + n) + m + j] = M.data[i * n + j]!;
      S.data[(m + j) * (m + n) + i] = M.data[i * n + j]!;
    }
  return S;
}
