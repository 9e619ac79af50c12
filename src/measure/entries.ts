/**
 * @file The sums over the entries of a matrix that alignment, cosine and null share: taken once per matrix, so that a pair of
 * matrices costs one more pass. Float64, entries scaled by a power of two where their squares would overflow or underflow.
 *
 * A symmetric matrix may be given by a random sample of its coordinates. Every sum over entries is then estimated without bias from
 * the sampled ones, diagonal and other entries with a weight each (theory.md Eq. 77): a row of d has one diagonal entry and d - 1
 * others, while in the sample of k the diagonal has 1 / k of the entries.
 */
import { type Matrix, maxAbs, trace } from "../linalg/matrix.ts";
import type { Status } from "./measured.ts";

export interface Entries {
  readonly A: Matrix;
  /** Power of two by which the entries are multiplied in all that follows, so that no square overflows or underflows. */
  readonly factor: number;
  /** Mean of the entries. */
  readonly mean: number;
  /** Sum of squared deviations from the mean. */
  readonly squares: number;
  /** Frobenius norm. */
  readonly norm: number;
  /** Rows of the matrix that A stands for: those of A, or more where its coordinates are a sample. */
  readonly of: number;
  /** Why the entries have no spread. */
  readonly status?: Status;
}

/** Spread of the entries relative to their norm below which it is rounding. chosen: some hundred eps. */
const roundingSpread = 1e-13;

/** chosen: with squared norms in this range neither squares that matter nor products of two such sums overflow or underflow. */
const safe = { least: 1e-100, largest: 1e100 };

/** Exponent of the factor at most: it stays in the range of float64 whatever the entries. */
const largestExponent = 1000;

/**
 * Sums over the entries of A, in two passes: the one-pass form cancels. O(d^2).
 *
 * @param of rows of the whole matrix where A has a random sample of its coordinates
 */
export function entriesOf(A: Matrix, of = A.rows): Entries {
  const plain = sums(A, 1, of);
  const square = plain.norm * plain.norm;
  const found = square > safe.least && square < safe.largest ? plain : scaled(A, of);
  if (found.status) return found;
  if (A.data.length <= 1) return { ...found, status: "undefined-1x1" };
  return found.squares <= (roundingSpread * found.norm) ** 2 ? { ...found, status: "constant-matrix" } : found;
}

function scaled(A: Matrix, of: number): Entries {
  const largest = maxAbs(A.data);
  const none = { A, factor: 1, mean: 0, squares: 0, norm: largest, of };
  if (!Number.isFinite(largest)) return { ...none, status: "not-finite" };
  if (largest === 0) return { ...none, status: A.data.length <= 1 ? "undefined-1x1" : "zero-matrix" };
  const exponent = Math.floor(Math.log2(largest));
  return sums(A, 2 ** -Math.max(-largestExponent, Math.min(largestExponent, exponent)), of);
}

function sums(A: Matrix, factor: number, of: number): Entries {
  const unscaled = { A, factor, mean: 0, squares: 0, norm: 0, of };
  const count = entryCount(unscaled);
  const mean = weighted(unscaled, sumOf(A.data, factor), () => trace(A) * factor) / count;
  const centred = { ...unscaled, mean };
  const squares = centredProduct(centred, centred);
  // The squares of all entries are those of the deviations plus those of the mean.
  return { ...centred, squares, norm: Math.sqrt(squares + count * mean * mean) };
}

/** Entries of the matrix that A stands for. */
function entryCount({ A, of }: Entries): number {
  return of === A.rows ? A.data.length : of * of;
}

/** Weight of a diagonal entry: the coordinates for which each sampled one stands. */
export function diagonalWeight({ A, of }: Entries): number {
  return of / A.rows;
}

/** A sum over all entries from that over the sampled ones and that over the sampled diagonal   (Eq. 77). */
function weighted(x: Entries, total: number, diagonal: () => number): number {
  const { of } = x;
  const k = x.A.rows;
  if (of === k) return total;
  const onDiagonal = diagonal();
  return diagonalWeight(x) * onDiagonal + ((of * (of - 1)) / (k * (k - 1))) * (total - onDiagonal);
}

/** Sum of the entries times `factor`. Four running sums, so that one addition need not wait for the other. */
function sumOf(a: Float64Array, factor: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = a.length - (a.length % 4);
  for (let k = 0; k < whole; k += 4) {
    s0 += a[k]! * factor;
    s1 += a[k + 1]! * factor;
    s2 += a[k + 2]! * factor;
    s3 += a[k + 3]! * factor;
  }
  for (let k = whole; k < a.length; k++) s0 += a[k]! * factor;
  return s0 + s1 + (s2 + s3);
}

/** Sum over all entries of the product of deviations (x_ij - mean x)(y_ij - mean y), of two matrices of one shape. O(d^2). */
export function centredProduct(x: Entries, y: Entries): number {
  const [a, b] = [x.A.data, y.A.data];
  const { factor: f, mean: m } = x;
  const { factor: g, mean: n } = y;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = a.length - (a.length % 4);
  for (let k = 0; k < whole; k += 4) {
    s0 += (a[k]! * f - m) * (b[k]! * g - n);
    s1 += (a[k + 1]! * f - m) * (b[k + 1]! * g - n);
    s2 += (a[k + 2]! * f - m) * (b[k + 2]! * g - n);
    s3 += (a[k + 3]! * f - m) * (b[k + 3]! * g - n);
  }
  for (let k = whole; k < a.length; k++) s0 += (a[k]! * f - m) * (b[k]! * g - n);
  return weighted(x, s0 + s1 + (s2 + s3), () => {
    let onDiagonal = 0;
    for (let k = 0; k < a.length; k += x.A.rows + 1) onDiagonal += (a[k]! * f - m) * (b[k]! * g - n);
    return onDiagonal;
  });
}

/** Sum over all entries of the product x_ij y_ij, from that of the deviations. */
export function product(x: Entries, y: Entries, ofDeviations = centredProduct(x, y)): number {
  return ofDeviations + entryCount(x) * x.mean * y.mean;
}

export function requireSameShape(where: string, A: Matrix, B: Matrix): void {
  if (A.rows !== B.rows || A.cols !== B.cols)
    throw new RangeError(
      `${where}: expected two matrices of one shape, got ${A.rows} x ${A.cols} and ${B.rows} x ${B.cols}; compare one side of a layer`,
    );
}
