/**
 * @file The largest eigenvalues of a wide symmetric positive semi-definite matrix, without a full decomposition: block Lanczos with full
 * orthogonalization. The matrix on the space is block tridiagonal and comes out of the orthogonalization, as do the residuals.
 *
 * Golub and Van Loan, "Matrix Computations", section 10.3 (block Lanczos); the residual bound is that of Saad, "Numerical Methods for
 * Large Eigenvalue Problems", section 6.5. That a basis orthogonal to the root of the machine precision gives T to that precision is
 * Simon, "The Lanczos algorithm with partial reorthogonalization", Math. Comp. 42 (1984). Deterministic: starting blocks are fixed
 * sequences of signs.
 */
import { eigh } from "./eigh.ts";
import { eigvalsh } from "./eigvalsh.ts";
import { KrylovBasis } from "./krylovBasis.ts";
import { type Matrix, requireSquare, symmetricScale } from "./matrix.ts";
import { type Asking, withOwnProducts } from "./products.ts";

/** chosen: columns that are multiplied at a time; wider blocks converge later, narrower ones use the processor badly. */
const blockWidth = 32;

/** chosen: beyond this share of all dimensions the space costs as much as a full decomposition, which then follows. */
const mostShare = 0.4;

/** chosen: blocks between two looks at the least and at the most; a look costs m^3, more than a block does. */
const [leastBlocks, mostBlocks] = [3, 8];

/**
 * chosen: how many times as fast as between the last two looks the logarithm of the residual may fall from there on. The polynomials
 * of the space get steeper as it grows: two to four times over a handful of blocks, on the spectra of docs/log.md.
 */
const speedup = 4;

/** Residuals relative to the largest eigenvalue; errors of eigenvalues are of its square over their gap, at most this. */
export const leadingTolerance = 1e-6;

/** Entries smaller than this cannot be divided by in float64. */
const leastScale = 1e-290;

/**
 * The k largest eigenvalues.
 *
 * @param A (n, n) symmetric positive semi-definite
 * @returns (k) descending, each within leadingTolerance times the largest of an eigenvalue of A
 * @throws RangeError if A is not square or holds a value that is not finite, or k is not a whole number from 1 to n
 *
 * O(n^2 m) for a space of m dimensions, some 1.5 k to 4 k for spectra that fall; where they do not, all of them are computed instead. An
 * eigenvalue that the space missed, of more copies than a block has columns, is looked for with vectors from outside of the space.
 */
export function leadingEigenvalues(A: Matrix, k: number): Float64Array {
  return withOwnProducts(leadingEigenvaluesAsking(A, k));
}

/** The same with products from elsewhere. */
export function* leadingEigenvaluesAsking(A: Matrix, k: number): Asking<Float64Array> {
  requireSquare("leadingEigenvalues", A);
  const n = A.rows;
  if (!Number.isInteger(k) || k < 1 || k > n)
    throw new RangeError(`leadingEigenvalues: expected a whole number of eigenvalues from 1 to ${n}, got ${k}`);
  const scale = symmetricScale("leadingEigenvalues", A);
  const most = Math.floor((mostShare * n) / blockWidth);
  const first = Math.ceil(k / blockWidth) + leastBlocks;
  if (most < first || scale < leastScale) return eigvalsh(A).slice(0, k);
  const basis = new KrylovBasis(A, scale, blockWidth, most);
  let last: Look | undefined;
  for (let next = first; next <= most; ) {
    while (basis.blocks < next) yield* basis.grow();
    const now = look(basis, k);
    const converged = now.residual <= leadingTolerance;
    if (converged && (yield* basis.largestOutside()) <= now.values[k - 1]! + leadingTolerance * now.values[0]!)
      return now.values.map((value) => value * scale);
    const awaited = converged ? 1 : blocksToGo(last, now);
    if (now.blocks + awaited > most) break;
    next = now.blocks + Math.min(mostBlocks, Math.max(leastBlocks, awaited + 1));
    last = now;
  }
  return eigvalsh(A).slice(0, k);
}

/** The k largest Ritz values in units of the scale, and the largest of their residuals relative to the largest of them. */
interface Look {
  readonly blocks: number;
  readonly values: Float64Array;
  readonly residual: number;
}

/** |A x - theta x| of a Ritz vector x = Q s is |R s_last|, where R couples the last block to the next. */
function look(basis: KrylovBasis, k: number): Look {
  const { values, vectors } = eigh(basis.projected(), k);
  const R = basis.coupling;
  const start = vectors.rows - R.rows;
  let worst = 0;
  for (let i = 0; i < k; i++) {
    let square = 0;
    for (let r = 0; r < R.rows; r++) {
      let sum = 0;
      for (let c = 0; c < R.cols; c++) sum += R.data[r * R.cols + c]! * vectors.data[(start + c) * k + i]!;
      square += sum * sum;
    }
    worst = Math.max(worst, square);
  }
  const largest = values[0]!;
  return { blocks: basis.blocks, values, residual: largest > 0 ? Math.sqrt(worst) / largest : 0 };
}

/** Blocks until the residual is small enough, guessed from the last two looks. */
function blocksToGo(last: Look | undefined, now: Look): number {
  if (last === undefined) return leastBlocks + 1;
  const fall = Math.log(last.residual / now.residual) / (now.blocks - last.blocks);
  return fall > 0 ? Math.ceil(Math.log(now.residual / leadingTolerance) / (speedup * fall)) : Number.POSITIVE_INFINITY;
}
