/**
 * @file Sums over the entries of a matrix that alignment, cosine and null share. They are taken once per matrix, so
 * that a pair of matrices costs one more pass. Float64; entries are scaled by a power of two where their squares would
 * overflow or underflow.
 *
 * A symmetric matrix may be given by a random sample of its coordinates. Every sum over entries is then estimated
 * without bias from the sampled ones, with one weight for the diagonal and one for the other entries (theory.md Eq.
 * 77): a row of d has one diagonal entry and d - 1 others, while in the sample of k the diagonal has 1 / k of the
 * entries.
 */
import { type Matrix, maxAbs } from "../../linalg/matrix.ts";
import type { Status } from "../measured.ts";

export interface Entries {
  readonly A: Matrix;
  /** Power of two that scales the entries for all sums below, so that no square overflows or underflows. */
  readonly factor: number;
  /** Mean of the entries. */
  readonly mean: number;
  /** Sum of squared deviations from the mean. */
  readonly squares: number;
  /** Frobenius norm. */
  readonly norm: number;
  /** Rows of the full matrix: those of A, or more where A is a sample of its coordinates. */
  readonly of: number;
  /** Whether A is known to be symmetric, so that its lower triangle is enough. */
  readonly isSymmetric: boolean;
  /** Why the entries have no spread. */
  readonly status?: Status;
}

/** Below this spread relative to their norm, differences between entries are rounding. chosen: some hundred eps. */
const roundingSpread = 1e-13;

/**
 * chosen: with squared norms in this range, neither relevant squares nor products of two such sums overflow or
 * underflow.
 */
const safe = { least: 1e-100, largest: 1e100 };

/** Largest exponent of the factor, which stays in the range of float64 whatever the entries. */
const largestExponent = 1000;

/** Sums over the entries of A, in two passes: the one-pass form cancels. O(d^2). */
export function entriesOf(A: Matrix): Entries {
  return sumSafely({ A, factor: 1, of: A.rows, isSymmetric: false });
}

/**
 * The same sums of a symmetric matrix, in half the time.
 *
 * @param of rows of the full matrix where A is a random sample of its coordinates
 */
export function symmetricEntriesOf(A: Matrix, of = A.rows): Entries {
  return sumSafely({ A, factor: 1, of, isSymmetric: true });
}

type Given = Pick<Entries, "A" | "factor" | "of" | "isSymmetric">;

function sumSafely(given: Given): Entries {
  const plain = sumEntries(given);
  const square = plain.norm * plain.norm;
  const found = square > safe.least && square < safe.largest ? plain : sumScaled(given);
  if (found.status) return found;
  if (given.A.data.length <= 1) return { ...found, status: "undefined-1x1" };
  return found.squares <= (roundingSpread * found.norm) ** 2 ? { ...found, status: "constant-matrix" } : found;
}

function sumScaled(given: Given): Entries {
  const { data } = given.A;
  const largest = maxAbs(data);
  const none = { ...given, mean: 0, squares: 0, norm: largest };
  if (!Number.isFinite(largest)) return { ...none, status: "not-finite" };
  if (largest === 0) return { ...none, status: data.length <= 1 ? "undefined-1x1" : "zero-matrix" };
  const exponent = Math.floor(Math.log2(largest));
  return sumEntries({ ...given, factor: 2 ** -Math.max(-largestExponent, Math.min(largestExponent, exponent)) });
}

function sumEntries(given: Given): Entries {
  const unscaled = { ...given, mean: 0, squares: 0, norm: 0 };
  const count = entryCount(unscaled);
  const mean = sumOver(unscaled, (from, to) => sumOf(given.A.data, given.factor, from, to)) / count;
  const centred = { ...unscaled, mean };
  const squares = centredProduct(centred, centred);
  // The squares of all entries are the squared deviations plus the squared mean.
  return { ...centred, squares, norm: Math.sqrt(squares + count * mean * mean) };
}

/** Entries of the full matrix. */
function entryCount({ A, of }: Entries): number {
  return of === A.rows ? A.data.length : of * of;
}

/** Weight of a diagonal entry: the number of coordinates that each sampled one stands for. */
export function diagonalWeight({ A, of }: Entries): number {
  return of / A.rows;
}

/**
 * A sum over all entries from those over runs of sampled ones   (Eq. 77).
 *
 * @param ofRun the sum over entries `from` to `to` - 1 of a row-major matrix with the rows and symmetry of x
 */
function sumOver(x: Entries, ofRun: (from: number, to: number) => number): number {
  const { rows: k, data } = x.A;
  if (!x.isSymmetric) return ofRun(0, data.length);
  let [onDiagonal, below] = [0, 0];
  for (let i = 0, row = 0; i < k; i++, row += k) {
    onDiagonal += ofRun(row + i, row + i + 1);
    below += ofRun(row, row + i);
  }
  if (x.of === k) return onDiagonal + 2 * below;
  return diagonalWeight(x) * onDiagonal + ((x.of * (x.of - 1)) / (k * (k - 1))) * 2 * below;
}

/** Sum of a run of entries times `factor`. Four partial sums keep additions independent of each other. */
function sumOf(a: Float64Array, factor: number, from: number, to: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = to - ((to - from) % 4);
  for (let k = from; k < whole; k += 4) {
    s0 += a[k]! * factor;
    s1 += a[k + 1]! * factor;
    s2 += a[k + 2]! * factor;
    s3 += a[k + 3]! * factor;
  }
  for (let k = whole; k < to; k++) s0 += a[k]! * factor;
  return s0 + s1 + (s2 + s3);
}

/**
 * Sum over all entries of the product of deviations (x_ij - mean x)(y_ij - mean y), of two matrices of one shape.
 * O(d^2).
 */
export function centredProduct(x: Entries, y: Entries): number {
  return sumOver(x.isSymmetric ? y : x, (from, to) => productOf(x, y, from, to));
}

function productOf(x: Entries, y: Entries, from: number, to: number): number {
  const [a, b] = [x.A.data, y.A.data];
  const { factor: f, mean: m } = x;
  const { factor: g, mean: n } = y;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = to - ((to - from) % 4);
  for (let k = from; k < whole; k += 4) {
    s0 += (a[k]! * f - m) * (b[k]! * g - n);
    s1 += (a[k + 1]! * f - m) * (b[k + 1]! * g - n);
    s2 += (a[k + 2]! * f - m) * (b[k + 2]! * g - n);
    s3 += (a[k + 3]! * f - m) * (b[k + 3]! * g - n);
  }
  for (let k = whole; k < to; k++) s0 += (a[k]! * f - m) * (b[k]! * g - n);
  return s0 + s1 + (s2 + s3);
}

/** Sum over all entries of the product x_ij y_ij, from the sum of products of deviations. */
export function product(x: Entries, y: Entries, ofDeviations = centredProduct(x, y)): number {
  return ofDeviations + entryCount(x) * x.mean * y.mean;
}

export function requireSameShape(where: string, A: Matrix, B: Matrix): void {
  if (A.rows !== B.rows || A.cols !== B.cols)
    throw new RangeError(
      `${where}: expected two matrices of one shape, got ${A.rows} x ${A.cols} and ${B.rows} x ${B.cols}; compare one side of a layer`,
    );
}
