/**
 * @file Whether two symmetric matrices share eigenvectors: commutator, overlap of leading subspaces, and the part of
 * one that is off the diagonal in the eigenbasis of the other, each with its value under a random rotation (theory.md
 * Eqs. 35, 36).
 */
import { frobenius, type Matrix, matmul, matrix, maxAbs, trace } from "../../linalg/matrix.ts";

/**
 * chosen: with less off-diagonal mass than this many correlations the basis counts as shared, however flat the
 * spectrum.
 */
const leastUnshared = 0.1;

/** chosen: halfway between a shared basis (0) and a random one (1). */
const mostUnshared = 0.5;

/** The matrix, divided by its largest entry where a product of four entries would leave float64. */
function withinRange(A: Matrix): Matrix {
  const largest = maxAbs(A.data);
  if (largest === 0 || (largest > 1e-60 && largest < 1e60)) return A;
  return matrix(
    A.rows,
    A.cols,
    A.data.map((value) => value / largest),
  );
}

/**
 * |AB - BA| / (|A| |B|), Frobenius (theory.md Eq. 36): 0 if and only if A and B share an eigenbasis; at most sqrt 2.
 * O(d^3)
 */
export function commutator(matrixA: Matrix, matrixB: Matrix): number {
  const [A, B] = [withinRange(matrixA), withinRange(matrixB)];
  const d = A.rows;
  const AB = matmul(A, B);
  let sum = 0;
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) sum += 2 * (AB.data[i * d + j]! - AB.data[j * d + i]!) ** 2;
  return Math.sqrt(sum) / (frobenius(A) * frobenius(B) || 1);
}

/** Root mean square of the commutator of A with a randomly rotated B   (theory.md Eq. 36). O(d^2) */
export function commutatorNull(A: Matrix, B: Matrix): number {
  const d = A.rows;
  if (d < 2) return 0;
  const traceless = (M: Matrix): number => Math.max(0, 1 - (trace(M) / frobenius(M)) ** 2 / d);
  const shared = ((1 / 2 - 1 / d) * 2) / ((d - 1) * (d + 2));
  return Math.sqrt(2 * traceless(A) * traceless(B) * (1 / d - shared));
}

/**
 * |U^T V|^2 / k: the share of one k-dimensional subspace that lies in another (theory.md Eq. 36); k / d by chance.
 */
export function overlap(U: Matrix, V: Matrix, k: number): number {
  const d = U.rows;
  let sum = 0;
  for (let p = 0; p < k; p++)
    for (let q = 0; q < k; q++) {
      let along = 0;
      for (let i = 0; i < d; i++) along += U.data[i * U.cols + p]! * V.data[i * V.cols + q]!;
      sum += along * along;
    }
  return sum / k;
}

export interface Unshared {
  /** Mean over directions of the sum of squared correlations with the other directions, S of Eq. 35. */
  mass: number;
  /**
   * S over its value for a random basis: 0 for a shared eigenbasis, 1 for nothing in common; null where the spectrum is
   * flat.
   */
  value: number | null;
}

/**
 * How much of a matrix is off the diagonal in a candidate eigenbasis   (theory.md Eq. 35).
 *
 * @param ofFirst  (r, r) the matrix in that basis, from one half of the samples
 * @param ofSecond (r, r) from the other half; the products of the two are free of sampling noise. The same matrix where
 *   it is exact
 * @param kept     leading directions to look at
 */
export function unshared(ofFirst: Matrix, ofSecond: Matrix, kept: number): Unshared {
  const [first, second] = [withinRange(ofFirst), withinRange(ofSecond)];
  const r = first.rows;
  const size = (M: Matrix, i: number): number => Math.sqrt(Math.max(M.data[i * r + i]!, Number.MIN_VALUE));
  let [mass, square, traces] = [0, 0, [0, 0] as [number, number]];
  for (let i = 0; i < kept; i++) {
    traces[0] += first.data[i * r + i]!;
    traces[1] += second.data[i * r + i]!;
    square += first.data[i * r + i]! * second.data[i * r + i]!;
    for (let j = 0; j < i; j++) {
      const product = first.data[i * r + j]! * second.data[i * r + j]!;
      square += 2 * product;
      if (product !== 0) mass += (2 * product) / (size(first, i) * size(first, j) * size(second, i) * size(second, j));
    }
  }
  // Squared correlations are at most 1, except from damaged sums
  mass = kept > 0 ? Math.min(kept - 1, Math.max(0, mass / kept)) : 0;
  const byChance = (kept / (kept + 2)) * ((kept * square) / (traces[0] * traces[1]) - 1);
  const value = mass / byChance;
  return { mass, value: byChance > 1e-9 && Number.isFinite(value) ? value : null };
}

/** Whether two matrices share too little of an eigenbasis for a law between their eigenvalues to mean anything. */
export function haveNoCommonBasis({ mass, value }: Unshared): boolean {
  return mass > leastUnshared && value !== null && value > mostUnshared;
}
