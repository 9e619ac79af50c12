/**
 * @file Alignment of two matrices: Pearson's correlation of their entries (theory.md Eq. 11; the Canonical Representation
 * Hypothesis paper, Eq. 11). Unlike the cosine it is blind to a constant added to every entry, and it depends on the basis.
 */
import { type Matrix, maxAbs } from "../linalg/matrix.ts";
import type { Answer, Status } from "./measured.ts";

/** Spread of the entries relative to their norm below which it is rounding. chosen: some hundred eps. */
const roundingSpread = 1e-13;

/**
 * Alignment alpha(A, B) = Cov_ij(A_ij, B_ij) / sqrt(Var_ij(A_ij) Var_ij(B_ij)) over all entries   (theory.md Eq. 11).
 *
 * @param A (d, d), or any shape
 * @param B same shape
 * @returns value in [-1, 1]: 1 if and only if A = c B + c' J with c > 0 and J the matrix of ones; null with status
 *   "undefined-1x1", "constant-matrix", "zero-matrix" or "not-finite"
 * @throws RangeError if the shapes differ
 *
 * Invariant under scaling of either matrix by a positive number; symmetric in A and B. Float64, entries scaled first. O(d^2).
 */
export function alignment(A: Matrix, B: Matrix): Answer {
  requireSameShape("alignment", A, B);
  const [x, y] = [spread(A), spread(B)];
  const status = x.status === "not-finite" ? x.status : y.status === "not-finite" ? y.status : (x.status ?? y.status);
  if (status) return { value: null, status };
  let covariance = 0;
  for (let k = 0; k < A.data.length; k++)
    covariance += (A.data[k]! / x.scale - x.mean) * (B.data[k]! / y.scale - y.mean);
  return { value: Math.max(-1, Math.min(1, covariance / Math.sqrt(x.squares * y.squares))) };
}

export function requireSameShape(where: string, A: Matrix, B: Matrix): void {
  if (A.rows !== B.rows || A.cols !== B.cols)
    throw new RangeError(
      `${where}: expected two matrices of one shape, got ${A.rows} x ${A.cols} and ${B.rows} x ${B.cols}; compare one side of a layer`,
    );
}

interface Spread {
  /** Largest absolute entry; mean and squares are those of the entries divided by it. */
  scale: number;
  mean: number;
  /** Sum of squared deviations from the mean. */
  squares: number;
  status?: Status;
}

function spread({ data }: Matrix): Spread {
  const scale = maxAbs(data);
  const found: Spread = { scale, mean: 0, squares: 0 };
  if (!Number.isFinite(scale)) return { ...found, status: "not-finite" };
  if (data.length <= 1) return { ...found, status: "undefined-1x1" };
  if (scale === 0) return { ...found, status: "zero-matrix" };
  let sum = 0;
  for (const value of data) sum += value / scale;
  found.mean = sum / data.length;
  for (const value of data) found.squares += (value / scale - found.mean) ** 2;
  // The squares of all entries are those of the deviations plus those of the mean.
  const total = found.squares + data.length * found.mean ** 2;
  if (found.squares <= roundingSpread ** 2 * total) found.status = "constant-matrix";
  return found;
}
