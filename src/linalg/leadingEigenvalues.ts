/**
 * @file The largest eigenvalues of a wide symmetric positive semi-definite matrix, without a full decomposition: block
 * Lanczos with full orthogonalization. The matrix on the space is block tridiagonal and results from the
 * orthogonalization, as does its coupling to the rest, which bounds the error of its eigenvalues.
 *
 * Golub and Van Loan, "Matrix Computations", section 10.3 (block Lanczos); Parlett, "The Symmetric Eigenvalue Problem",
 * chapter 10 (bounds from a subspace). That a basis orthogonal to the root of the machine precision gives T to that
 * precision is Simon, "The Lanczos algorithm with partial reorthogonalization", Math. Comp. 42 (1984). Deterministic:
 * starting blocks are fixed sequences of signs.
 */
import { eigvalsh } from "./eigvalsh.ts";
import { KrylovBasis } from "./krylovBasis.ts";
import { frobenius, type Matrix, requireSquare, symmetricScale } from "./matrix.ts";
import { addGram, type Multiply, multiplyHere } from "./products.ts";

/**
 * chosen: block width; wider blocks converge later, narrower ones use the processor poorly.
 */
const blockWidth = 32;

/** chosen: beyond this share of all dimensions the space costs as much as a full decomposition, which is then used. */
const mostShare = 0.4;

/**
 * chosen: dimensions for an eigenvalue at the first look; of docs/log.md's spectra few need less, and a look costs as
 * much as two blocks.
 */
const leastShare = 2;

/**
 * chosen: blocks from a look to the next, while little is known and at the most; a look costs m^3, as much as one or
 * two blocks.
 */
const [fewBlocks, mostBlocks] = [2, 6];

/**
 * chosen: how many times as fast as between the last two looks the logarithm of the error may fall from there on. The
 * polynomials of the space get steeper as it grows: 1.4 to 2.2 times over a handful of blocks, on the spectra of
 * docs/log.md.
 */
const speedup = 1.7;

/** Errors of eigenvalues relative to the largest, rounding of the basis included. */
export const leadingTolerance = 1e-6;

/**
 * chosen: errors at which the space stops growing, below what float32 sums hold; one block more than for
 * leadingTolerance.
 */
const sought = 1e-7;

/** Entries smaller than this cannot be divided by in float64. */
const leastScale = 1e-290;

/**
 * The k largest eigenvalues.
 *
 * @param A        (n, n) symmetric positive semi-definite
 * @param multiply computes large products
 * @returns (k) descending, each within leadingTolerance times the largest of an eigenvalue of A
 * @throws RangeError if A is not square or holds a value that is not finite, or k is not a whole number from 1 to n
 *
 * O(n^2 m) for a space of m dimensions, some 1.5 k to 3 k for spectra that fall; where they do not, all of them are
 * computed instead. An eigenvalue that the space missed, of more copies than a block has columns, is looked for with
 * vectors from outside of the space.
 */
export async function leadingEigenvalues(
  A: Matrix,
  k: number,
  multiply: Multiply = multiplyHere,
): Promise<Float64Array> {
  requireSquare("leadingEigenvalues", A);
  const n = A.rows;
  if (!Number.isInteger(k) || k < 1 || k > n)
    throw new RangeError(`leadingEigenvalues: expected a whole number of eigenvalues from 1 to ${n}, got ${k}`);
  const scale = symmetricScale("leadingEigenvalues", A);
  const most = Math.floor((mostShare * n) / blockWidth);
  const first = Math.ceil((leastShare * k) / blockWidth);
  if (most < first || scale < leastScale) return eigvalsh(A).slice(0, k);
  const basis = new KrylovBasis(A, { scale, w: blockWidth, most, multiply });
  let last: Look | undefined;
  for (let next = first; next <= most; ) {
    do await basis.grow();
    while (basis.blocks < next && !(basis.blocks * blockWidth >= k && basis.isClosed));
    const now = look(basis, k);
    const converged = now.error <= sought;
    if (converged && (await basis.largestOutside()) <= now.values[k - 1]! + sought * now.values[0]!)
      return now.values.map((value) => value * scale);
    const awaited = converged ? 1 : blocksToGo(last, now);
    if (now.blocks + awaited > most) break;
    next = now.blocks + Math.min(mostBlocks, awaited);
    last = now;
  }
  return eigvalsh(A).slice(0, k);
}

/** Estimates of the k largest eigenvalues from the space. */
interface Look {
  readonly blocks: number;
  /** Eigenvalues on the space, in units of the scale. */
  readonly values: Float64Array;
  /** By how much the k-th exceeds what is expected outside of the space, relative to the largest. */
  readonly gap: number;
  /** How far at most the eigenvalues of A lie above them, relative to the largest; infinite while there is no gap. */
  readonly error: number;
}

/**
 * Eigenvalues theta of T, and how far up those of A may be.
 *
 * With A = [T, B^T; B, M] on the space and outside of it, and all eigenvalues of M below rho, an eigenvalue lambda >
 * rho of A is one of T + B^T (lambda - M)^(-1) B <= T + B^T B / (lambda - rho): lambda_i is at most the i-th of the
 * latter. B^T B is R^T R on the last block, R coupling it to the next. For rho stands the largest eigenvalue of A on
 * the last block, which is above those to come.
 */
function look(basis: KrylovBasis, k: number): Look {
  const { blocks, coupling: R } = basis;
  const T = basis.projected();
  const values = eigvalsh(T);
  const largest = values[0]!;
  const margin = sought * largest; // lambda_k may be that much above theta_k
  const gap = values[k - 1]! + margin - basis.largestOfLast();
  const found = (error: number): Look => ({ blocks, values: values.slice(0, k), gap: gap / largest, error });
  const coupled = frobenius(R);
  if (coupled <= margin) return found(largest > 0 ? coupled / largest : 0);
  if (gap <= 0) return found(Number.POSITIVE_INFINITY);
  const [w, start] = [R.rows, T.rows - R.rows];
  const square = new Float64Array(w * w);
  addGram(square, R.data, w, w);
  for (let i = 0; i < w; i++)
    for (let j = 0; j < w; j++) T.data[(start + i) * T.rows + start + j]! += square[i * w + j]! / gap;
  const above = eigvalsh(T);
  let error = 0;
  for (let i = 0; i < k; i++) error = Math.max(error, (above[i]! - values[i]!) / largest);
  return found(error);
}

/** Blocks until the error is small enough, or until there is a gap, guessed from the last two looks. */
function blocksToGo(last: Look | undefined, now: Look): number {
  if (last === undefined) return fewBlocks;
  const steps = now.blocks - last.blocks;
  if (now.error === Number.POSITIVE_INFINITY) {
    const closed = now.gap - last.gap;
    return closed > 0 ? Math.max(fewBlocks, Math.ceil((-now.gap * steps) / closed)) : Number.POSITIVE_INFINITY;
  }
  if (last.error === Number.POSITIVE_INFINITY) return fewBlocks;
  const fall = Math.log(last.error / now.error) / steps;
  return fall > 0 ? Math.ceil(Math.log(now.error / sought) / (speedup * fall)) : Number.POSITIVE_INFINITY;
}
