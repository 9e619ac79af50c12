/** @file The alignment that unrelated matrices would show: the baseline for every alignment (theory.md Eqs. 13, 84). */
import { type Matrix, requireSquare, trace } from "../../linalg/matrix.ts";
import type { Answer } from "../measured.ts";
import { diagonalWeight, type Entries, entriesOf, requireSameShape } from "./entrySums.ts";

/** chosen: a relation that unrelated matrices show to this degree is no evidence, however strong. */
export const mostChance = 0.9;

/** The inputs of the nulls, for one matrix. */
export interface Size {
  /** Rows that are not dead, among those that the entries stand for. */
  readonly d: number;
  readonly trace: number;
  /** Frobenius norm. */
  readonly norm: number;
}

/**
 * chosen: a neuron whose mean square is below this share of the mean of all is dead: its value is rounding, or its
 * weights have decayed.
 */
export const deadShare = 1e-6;

/** Rows, trace and norm of the matrix that the entries stand for. */
export function sizeOf(x: Entries): Size {
  return { d: countLiving(x.A, x.of), trace: diagonalWeight(x) * trace(x.A) * x.factor, norm: x.norm };
}

/**
 * Number of the `of` rows that are not dead. Two matrices that are zero for the same neurons agree there by chance. The
 * nulls rotate them only within the neurons alive in one of them: chance in d dimensions with d / 2 dead equals chance
 * in d / 2 dimensions.
 */
export function countLiving(A: Matrix, of = A.rows): number {
  const least = (deadShare * trace(A)) / A.rows;
  let count = 0;
  for (let i = 0; i < A.rows; i++) if (A.data[i * (A.rows + 1)]! > least) count++;
  return Math.max(1, (of * count) / A.rows);
}

/** Diagonal values that are not dead, by the rule of `living`. */
export function livingOf(values: Float64Array): number {
  const least = (deadShare * values.reduce((sum, value) => sum + value, 0)) / values.length;
  return Math.max(
    1,
    values.reduce((count, value) => count + (value > least ? 1 : 0), 0),
  );
}

/**
 * Mean cosine of A and Q B Q^T over all rotations Q: tr A tr B / (d |A| |B|), which for positive semi-definite matrices
 * is sqrt(PR(A) PR(B)) / d with PR the participation ratio   (theory.md Eq. 13).
 *
 * @param A (d, d) symmetric
 * @param B (d, d) symmetric
 * @returns value in [0, 1] for positive semi-definite matrices; null with status "zero-matrix" or "not-finite"
 * @throws RangeError if the matrices are not square or differ in shape
 *
 * Two independent random projectors of rank k have k / d. The null is exact for the cosine and a guide for Pearson's
 * correlation: where most entries have one sign (raw moments after a ReLU), unrelated matrices correlate more
 * (docs/theory.md, Eq. 13). O(d^2).
 */
export function alignmentNull(A: Matrix, B: Matrix): Answer {
  requireSquare("alignmentNull", A);
  requireSameShape("alignmentNull", A, B);
  return nullOf(sizeOf(entriesOf(A)), sizeOf(entriesOf(B)));
}

/** `alignmentNull` of square matrices whose entry sums are known. */
export function nullOf(x: Size, y: Size): Answer {
  const none = noneOf(x, y);
  if (none) return none;
  return { value: ((x.trace / x.norm) * (y.trace / y.norm)) / Math.max(x.d, y.d) };
}

/**
 * The null where both matrices contain W: cosine of W Q H Q^T W^T with W W^T for an H unrelated to W (theory.md Eq.
 * 84). H = H_a and Z = Z_a give the null of forward RWA; H = G_b and Z = Z_b that of backward GWA.
 *
 * The numerator is the exact mean over all rotations Q; the norm in the denominator is a root mean square:
 *
 *     tr H |Z|^2 / d / ( |Z| sqrt( alpha |Z|^2 + beta (|Z|^2 + (tr Z)^2) ) )
 *     alpha = ((d + 1) (tr H)^2 - 2 |H|^2) / (d (d - 1) (d + 2)),   beta = (d |H|^2 - (tr H)^2) / (d (d - 1) (d + 2))
 *
 * 1 for H proportional to I, and for a W of one row; about (1 + dOut/dIn) times Eq. 13 for forward RWA through a random
 * W.
 */
export function sharedNullOf(H: Size, Z: Size): Answer {
  const none = noneOf(H, Z);
  if (none) return none;
  const d = Math.max(H.d, Z.d);
  const spread = H.trace / H.norm;
  const square = meanSquare(d, spread, 1, (Z.trace / Z.norm) ** 2);
  return { value: square > 0 ? Math.min(1, spread / d / Math.sqrt(square)) : 1 };
}

/**
 * Null of P Q H Q^T P with B, where P projects on a subspace of `rank` dimensions that contains B (theory.md Eq. 84).
 * Equals Eq. 13 where P is the identity.
 */
export function projectedNullOf(H: Size, rank: number, B: Size): Answer {
  const none = noneOf(H, B);
  if (none) return none;
  const d = Math.max(H.d, B.d);
  const spread = H.trace / H.norm;
  const square = meanSquare(d, spread, rank, rank ** 2);
  return { value: square > 0 ? Math.min(1, (spread * (B.trace / B.norm)) / d / Math.sqrt(square)) : 1 };
}

/**
 * Mean of |W Q H Q^T W^T|^2 / |H|^2 over all rotations Q, from tr H / |H|, and |Z|^2 and (tr Z)^2 of Z = W^T W. As a
 * quotient it does not overflow for any size of H.
 */
function meanSquare(d: number, spread: number, p: number, s2: number): number {
  if (d < 2) return p;
  const t2 = spread ** 2;
  const cube = d * (d - 1) * (d + 2);
  const alpha = ((d + 1) * t2 - 2) / cube;
  const beta = Math.max(0, d - t2) / cube;
  return alpha * p + beta * (p + s2);
}

function noneOf(x: Size, y: Size): Answer | undefined {
  if (![x.norm, x.trace, y.norm, y.trace].every(Number.isFinite)) return { value: null, status: "not-finite" };
  if (x.norm === 0 || y.norm === 0) return { value: null, status: "zero-matrix" };
  return undefined;
}
