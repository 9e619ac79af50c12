/**
 * @file What matrices with nothing to do with each other would show: the baseline beside every alignment (theory.md
 * Eqs. 13, 84).
 */
import { type Matrix, requireSquare, trace } from "../../linalg/matrix.ts";
import type { Answer } from "../measured.ts";
import { diagonalWeight, type Entries, entriesOf, requireSameShape } from "./entrySums.ts";

/** chosen: a relation that unrelated matrices show to this degree is no evidence, however strong it is. */
export const mostChance = 0.9;

/** What the nulls need of a matrix. */
export interface Size {
  /** Rows that are not dead, of those that it stands for. */
  readonly d: number;
  readonly trace: number;
  /** Frobenius norm. */
  readonly norm: number;
}

/**
 * chosen: a neuron whose mean square is below this share of the mean of all is dead: rounding, or weights that have
 * decayed.
 */
export const deadShare = 1e-6;

/** Rows, trace and norm of the matrix that the entries stand for. */
export function sizeOf(x: Entries): Size {
  return { d: countLiving(x.A, x.of), trace: diagonalWeight(x) * trace(x.A) * x.factor, norm: x.norm };
}

/**
 * How many of the `of` rows that A stands for are not dead. Two matrices that are zero for the same neurons agree there
 * by chance: the nulls turn them within the neurons that live in one of them, so that chance in d dimensions, d / 2 of
 * them dead, is that in d / 2.
 */
export function countLiving(A: Matrix, of = A.rows): number {
  const least = (deadShare * trace(A)) / A.rows;
  let count = 0;
  for (let i = 0; i < A.rows; i++) if (A.data[i * (A.rows + 1)]! > least) count++;
  return Math.max(1, (of * count) / A.rows);
}

/** Values of a diagonal that are not dead, as `living` has it. */
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
 * Two independent random projectors of rank k have k / d. Exact for the cosine. For Pearson's correlation it is a
 * guide: where all entries lean to one side (raw moments behind a ReLU) unrelated matrices correlate more than this
 * (docs/theory.md, Eq. 13). O(d^2).
 */
export function alignmentNull(A: Matrix, B: Matrix): Answer {
  requireSquare("alignmentNull", A);
  requireSameShape("alignmentNull", A, B);
  return nullOf(sizeOf(entriesOf(A)), sizeOf(entriesOf(B)));
}

/** `alignmentNull` of square matrices whose sums are known. */
export function nullOf(x: Size, y: Size): Answer {
  const none = noneOf(x, y);
  if (none) return none;
  return { value: ((x.trace / x.norm) * (y.trace / y.norm)) / Math.max(x.d, y.d) };
}

/**
 * The same where both matrices contain W: cosine of W Q H Q^T W^T with W W^T for H that has nothing to do with W
 * (theory.md Eq. 84). H = H_a and Z = Z_a give the null of forward RWA; H = G_b and Z = Z_b that of backward GWA.
 *
 * The numerator's mean over all rotations Q is exact, the norm below it the root of the mean square:
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
 * Null of P Q H Q^T P with B, where P projects on a subspace of `rank` dimensions that B lies in (theory.md Eq. 84).
 * That of Eq. 13 where P is the identity.
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
 * Mean of |W Q H Q^T W^T|^2 / |H|^2 over all rotations Q, from tr H / |H|, and |Z|^2 and (tr Z)^2 of Z = W^T W. A
 * quotient overflows for no size of H.
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
