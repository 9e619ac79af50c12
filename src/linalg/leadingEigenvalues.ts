/**
 * @file The largest eigenvalues of a wide symmetric positive semi-definite matrix, without a full decomposition: Rayleigh-Ritz on a
 * block Krylov space with full orthogonalization.
 *
 * Golub and Van Loan, "Matrix Computations", section 10.3 (block Lanczos); the residual bound is that of Saad, "Numerical Methods for
 * Large Eigenvalue Problems", section 6.5. Deterministic: the first block is a fixed sequence of signs.
 */
import { eigh } from "./eigh.ts";
import { eigvalsh } from "./eigvalsh.ts";
import { type Matrix, matmul, matrix, maxAbs, requireSquare, transpose } from "./matrix.ts";

/** chosen: columns that are multiplied at a time; wider blocks converge later, narrower ones use the processor badly. */
const blockWidth = 64;

/** chosen: beyond this share of all dimensions the space costs as much as a full decomposition, which then follows. */
const mostShare = 0.25;

/** Residuals relative to the largest eigenvalue; errors of eigenvalues are of its square over their gap, at most this. */
export const leadingTolerance = 1e-6;

/**
 * The k largest eigenvalues.
 *
 * @param A (n, n) symmetric positive semi-definite
 * @returns (k) descending, each within leadingTolerance times the largest of an eigenvalue of A
 * @throws RangeError if A is not square, or k is not a whole number from 1 to n
 *
 * O(n^2 m) for a space of m dimensions, some 2 k to 4 k for spectra that fall; where they do not, all of them are computed instead.
 */
export function leadingEigenvalues(A: Matrix, k: number): Float64Array {
  requireSquare("leadingEigenvalues", A);
  const n = A.rows;
  if (!Number.isInteger(k) || k < 1 || k > n)
    throw new RangeError(`leadingEigenvalues: expected a whole number of eigenvalues from 1 to ${n}, got ${k}`);
  const most = Math.floor(mostShare * n);
  if (most < k + 2 * blockWidth) return eigvalsh(A).slice(0, k);
  /** The basis, block by block as rows, and A times it. */
  const blocks: Matrix[] = [];
  const images: Matrix[] = [];
  let next = orthonormalRows(blocks, signs(n, blockWidth, 1));
  for (let m = blockWidth; m <= most; m += blockWidth) {
    blocks.push(next);
    const image = matmul(next, A);
    images.push(image);
    // The growth of the space outruns the need to look: a look costs m^3.
    if (m >= k + blockWidth && (m / blockWidth) % 4 === 0) {
      const found = ritz(blocks, images, k);
      if (found !== undefined) return found;
    }
    next = orthonormalRows(blocks, image);
  }
  return eigvalsh(A).slice(0, k);
}

/** The k largest Ritz values, undefined while a residual is above the tolerance. */
function ritz(blocks: readonly Matrix[], images: readonly Matrix[], k: number): Float64Array | undefined {
  const [Q, AQ] = [stacked(blocks), stacked(images)];
  const T = matmul(Q, transpose(AQ));
  const { values, vectors } = eigh(T, k);
  const S = transpose(vectors); // (k, m)
  const [X, AX] = [matmul(S, Q), matmul(S, AQ)];
  const largest = maxAbs(values);
  for (let i = 0; i < k; i++) {
    let square = 0;
    for (let j = 0; j < Q.cols; j++) square += (AX.data[i * Q.cols + j]! - values[i]! * X.data[i * Q.cols + j]!) ** 2;
    if (Math.sqrt(square) > leadingTolerance * largest) return undefined;
  }
  return values;
}

function stacked(parts: readonly Matrix[]): Matrix {
  const { cols } = parts[0]!;
  const all = matrix(
    parts.reduce((sum, part) => sum + part.rows, 0),
    cols,
  );
  let offset = 0;
  for (const { data } of parts) {
    all.data.set(data, offset);
    offset += data.length;
  }
  return all;
}

/** Rows that span what X adds to the blocks, orthonormal to them and to each other; directions that vanish are drawn anew. */
function orthonormalRows(blocks: readonly Matrix[], X: Matrix): Matrix {
  let rows = X;
  for (let attempt = 1; ; attempt++) {
    rows = scaledRows(rows);
    for (let pass = 0; pass < 2; pass++) for (const Q of blocks) rows = without(rows, Q);
    const { values, vectors } = eigh(matmul(rows, transpose(rows)));
    const kept = values.filter((value) => value > 1e-20 * Math.max(values[0]!, 1e-30) && value > 1e-24).length;
    if (kept === rows.rows || attempt > 8) {
      const once = turned(rows, values, vectors, kept);
      // Twice is enough: the first turn leaves errors of the condition of the rows, the second of eps.
      let again = once;
      for (const Q of blocks) again = without(again, Q);
      const gram = eigh(matmul(again, transpose(again)));
      return turned(again, gram.values, gram.vectors, again.rows);
    }
    const fresh = signs(X.cols, rows.rows - kept, attempt + 1 + blocks.length * 16);
    rows = kept === 0 ? fresh : stacked([turned(rows, values, vectors, kept), fresh]);
  }
}

/** Diag(values)^(-1/2) V^T rows, of the first `count` values. */
function turned(rows: Matrix, values: Float64Array, V: Matrix, count: number): Matrix {
  const left = matrix(count, rows.rows);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < rows.rows; j++) left.data[i * rows.rows + j] = V.data[j * V.cols + i]! / Math.sqrt(values[i]!);
  return matmul(left, rows);
}

/** Rows less their part in the row space of Q, which is orthonormal. */
function without(rows: Matrix, Q: Matrix): Matrix {
  const part = matmul(matmul(rows, transpose(Q)), Q);
  return matrix(
    rows.rows,
    rows.cols,
    rows.data.map((value, i) => value - part.data[i]!),
  );
}

function scaledRows(X: Matrix): Matrix {
  const largest = maxAbs(X.data);
  return largest === 0
    ? X
    : matrix(
        X.rows,
        X.cols,
        X.data.map((value) => value / largest),
      );
}

/** (rows, n) of a fixed sequence of signs (the 32-bit xorshift generator of Marsaglia 2003). */
function signs(n: number, rows: number, seed: number): Matrix {
  let state = (0x9e3779b9 * seed) | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0x10000 ? 1 : -1;
  };
  return matrix(rows, n, Float64Array.from({ length: rows * n }, next));
}
