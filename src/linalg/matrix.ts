/**
 * @file Dense real matrices: row-major, float64, immutable by convention. Only what the measures need; no views, no
 * broadcasting.
 */
import { addGram, addProducts } from "./products.ts";

export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  /** (rows * cols) row-major: entry (i, j) is data[i * cols + j]. */
  readonly data: Float64Array;
}

/**
 * A matrix over row-major values; zeros where none are given. A Float64Array is taken as it is, anything else is
 * copied.
 *
 * @throws RangeError unless rows and cols are integers >= 0 and data has rows * cols values
 */
export function matrix(rows: number, cols: number, data?: ArrayLike<number>): Matrix {
  if (!Number.isSafeInteger(rows * cols) || !Number.isInteger(rows) || rows < 0 || cols < 0)
    throw new RangeError(`matrix: expected whole numbers of rows and columns, got ${rows} x ${cols}`);
  if (data !== undefined && data.length !== rows * cols)
    throw new RangeError(`matrix: expected ${rows * cols} values for ${rows} x ${cols}, got ${data.length}`);
  if (data === undefined) return { rows, cols, data: new Float64Array(rows * cols) };
  return { rows, cols, data: data instanceof Float64Array ? data : new Float64Array(data) };
}

/** The (n, n) identity. */
export function identity(n: number): Matrix {
  const I = matrix(n, n);
  for (let i = 0; i < n; i++) I.data[i * n + i] = 1;
  return I;
}

/** A^T, as a new matrix. */
export function transpose(A: Matrix): Matrix {
  const T = matrix(A.cols, A.rows);
  for (let i = 0; i < A.rows; i++) for (let j = 0; j < A.cols; j++) T.data[j * A.rows + i] = A.data[i * A.cols + j]!;
  return T;
}

/**
 * The product A B in float64.
 *
 * @param A (m, k)
 * @param B (k, n)
 * @returns (m, n)
 * @throws RangeError unless A has as many columns as B has rows
 *
 * O(m k n), 0.1 to 0.15 ns per product where the engine has vector instructions (`productKernel`), else 0.5.
 */
export function matmul(A: Matrix, B: Matrix): Matrix {
  if (A.cols !== B.rows)
    throw new RangeError(
      `matmul: expected ${A.cols} rows on the right of a ${A.rows} x ${A.cols} matrix, got ${B.rows}`,
    );
  const C = matrix(A.rows, B.cols);
  addProducts(C.data, transpose(A).data, B.data, A.cols, A.rows, B.cols);
  return C;
}

/** Sum of the diagonal. @throws RangeError unless A is square */
export function trace(A: Matrix): number {
  requireSquare("trace", A);
  let sum = 0;
  for (let i = 0; i < A.rows; i++) sum += A.data[i * A.cols + i]!;
  return sum;
}

/** Frobenius norm sqrt(sum_ij A_ij^2), without overflow or underflow of the squares. */
export function frobenius(A: Matrix): number {
  const plain = sumOfSquares(A.data, 1);
  if (plain > 1e-200 && plain < 1e200) return Math.sqrt(plain); // no significant square has over- or underflowed
  const largest = maxAbs(A.data);
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  return largest * Math.sqrt(sumOfSquares(A.data, largest));
}

/** Four running sums, so that one addition need not wait for the other. */
function sumOfSquares(values: Float64Array, scale: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = values.length - (values.length % 4);
  for (let k = 0; k < whole; k += 4) {
    s0 += (values[k]! / scale) ** 2;
    s1 += (values[k + 1]! / scale) ** 2;
    s2 += (values[k + 2]! / scale) ** 2;
    s3 += (values[k + 3]! / scale) ** 2;
  }
  for (let k = whole; k < values.length; k++) s0 += (values[k]! / scale) ** 2;
  return s0 + s1 + (s2 + s3);
}

/**
 * Weight matrices of one layer (theory.md Eq. 4): Z_a = W^T W or Z_b = W W^T.
 *
 * @param W    (dOut, dIn)
 * @param side "a" gives (dIn, dIn), "b" gives (dOut, dOut)
 * @returns exactly symmetric, positive semi-definite up to rounding
 */
export function gram(W: Matrix, side: "a" | "b"): Matrix {
  const X = side === "a" ? W : transpose(W);
  const Z = matrix(X.cols, X.cols);
  addGram(Z.data, X.data, X.rows, X.cols);
  return Z;
}

/** Largest absolute value, 0 for none; NaN if any value is NaN. Four running maxima, as in sumOfSquares. */
export function maxAbs(values: ArrayLike<number>): number {
  let [m0, m1, m2, m3] = [0, 0, 0, 0];
  const whole = values.length - (values.length % 4);
  for (let k = 0; k < whole; k += 4) {
    m0 = Math.max(m0, Math.abs(values[k]!));
    m1 = Math.max(m1, Math.abs(values[k + 1]!));
    m2 = Math.max(m2, Math.abs(values[k + 2]!));
    m3 = Math.max(m3, Math.abs(values[k + 3]!));
  }
  for (let k = whole; k < values.length; k++) m0 = Math.max(m0, Math.abs(values[k]!));
  return Math.max(m0, m1, m2, m3);
}

export function requireSquare(where: string, A: Matrix): void {
  if (A.rows !== A.cols) throw new RangeError(`${where}: expected a square matrix, got ${A.rows} x ${A.cols}`);
}

/**
 * The largest absolute entry, or 1 if all are zero, by which a symmetric eigenproblem is scaled. @throws RangeError for
 * NaN or infinity
 */
export function symmetricScale(where: string, A: Matrix): number {
  const largest = maxAbs(A.data);
  if (!Number.isFinite(largest)) throw new RangeError(`${where}: expected finite entries, got NaN or infinity`);
  return largest === 0 ? 1 : largest;
}
