/**
 * @file The point along a symmetry at which the noise of SGD is balanced (docs/theory.md Eq. 109).
 *
 * At e^(lambda A) theta the noise is e^(-lambda A) Sigma e^(-lambda A), and the charge moves with I(lambda) = Tr[e^(-2
 * lambda A) Sigma A]. I falls in lambda while the charge rises, so there is at most one root, and it is attracting.
 */
import { eigh } from "../linalg/eigh.ts";
import { type Matrix, matmul, trace } from "../linalg/matrix.ts";
import { checkFinite, checkNotNegative, checkSize, checkSymmetric } from "./checks.ts";

export type NoiseFixedPoint =
  | { readonly status: "balanced"; readonly lambda: number }
  /** The charge grows, or falls, without bound; direction is the sign of lambda's motion. */
  | { readonly status: "flows to infinity"; readonly direction: 1 | -1; readonly lambda: null }
  /** Sigma A = 0: noise does not move the charge. */
  | { readonly status: "at rest everywhere"; readonly lambda: null };

/** Eigenvalue of A, and the noise along its eigenvector. */
interface Direction {
  readonly a: number;
  readonly noise: number;
}

/** chosen: directions whose share of the current is below this are rounding of the eigenvectors. */
const NOTHING = 1e-13;

/** Directions with a_i != 0 and noise, by the eigenvectors of A. O(d^3). */
function directions(where: string, A: Matrix, noise: Matrix): Direction[] {
  checkSymmetric(where, "A", A);
  checkSize(where, "noise", noise, A.rows, A.rows, "A and noise act on the same parameters");
  checkSymmetric(where, "noise", noise);
  const n = A.rows;
  const { values, vectors: Q } = eigh(A);
  const turned = matmul(noise, Q);
  const total = trace(noise);
  checkNotNegative(where, "trace of the noise", total, "noise is a covariance");
  const largest = Math.max(...values.map(Math.abs), 0);
  return Array.from(values, (a, j) => {
    let along = 0;
    for (let i = 0; i < n; i++) along += Q.data[i * n + j]! * turned.data[i * n + j]!;
    if (along < -1e-10 * total)
      throw new RangeError(
        `${where}: expected noise without negative eigenvalues, got ${along} along one; it is a covariance`,
      );
    return { a, noise: along };
  }).filter((direction) => Math.abs(direction.a) * direction.noise > NOTHING * n * largest * total);
}

/**
 * Current of the charge after moving by lambda along the symmetry, I = Tr[e^(-2 lambda A) Sigma A] (theory.md Eq. 109).
 *
 * @param A (d, d) symmetric generator
 * @param noise (d, d) Sigma at lambda = 0
 * @returns times eta / B this is dC/dt of Eq. 104; may overflow to infinity
 * @throws RangeError if A or noise is not symmetric, sizes differ, noise is no covariance, or lambda is not finite
 */
export function noiseCurrent(A: Matrix, noise: Matrix, lambda: number): number {
  checkFinite("noiseCurrent", "lambda", lambda);
  return directions("noiseCurrent", A, noise).reduce(
    (sum, { a, noise: along }) => sum + a * along * Math.exp(-2 * lambda * a),
    0,
  );
}

/**
 * The one lambda at which I(lambda) = 0, to rounding   (theory.md Eq. 109).
 *
 * @param A (d, d) symmetric generator
 * @param noise (d, d) Sigma, covariance of the gradients of single samples, at lambda = 0
 * @returns "balanced" where noise acts on positive and negative eigenspaces of A; "flows to infinity" where it acts on
 *   one alone, as for A = I; "at rest everywhere" where it acts on neither
 * @throws RangeError if A or noise is not symmetric, sizes differ, or noise is no covariance
 *
 * Bisection of the logarithm of the ratio of both signs' currents. The eigenvalues of A bound its slope, so that a
 * bracket of the root is known from the start and nothing overflows.
 */
export function noiseFixedPoint(A: Matrix, noise: Matrix): NoiseFixedPoint {
  const all = directions("noiseFixedPoint", A, noise);
  const up = all.filter(({ a }) => a > 0);
  const down = all.filter(({ a }) => a < 0);
  if (all.length === 0) return { status: "at rest everywhere", lambda: null };
  if (down.length === 0) return { status: "flows to infinity", direction: 1, lambda: null };
  if (up.length === 0) return { status: "flows to infinity", direction: -1, lambda: null };
  const ratio = (lambda: number) => logCurrent(up, lambda) - logCurrent(down, lambda);
  const extreme = (pick: (...values: number[]) => number) =>
    2 * (pick(...up.map(({ a }) => a)) + pick(...down.map(({ a }) => -a)));
  const start = ratio(0);
  const ends = [start / extreme(Math.max), start / extreme(Math.min)];
  return { status: "balanced", lambda: bisect(ratio, Math.min(...ends), Math.max(...ends)) };
}

/** log sum_i |a_i| s_i e^(-2 lambda a_i), without overflow. */
function logCurrent(side: readonly Direction[], lambda: number): number {
  const logs = side.map(({ a, noise }) => Math.log(Math.abs(a) * noise) - 2 * lambda * a);
  const largest = Math.max(...logs);
  return largest + Math.log(logs.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

/** Root of a falling function that is not negative at low and not positive at high, to the last digit. */
function bisect(f: (x: number) => number, low: number, high: number): number {
  let [from, to] = [low, high];
  for (;;) {
    const middle = from + (to - from) / 2;
    if (middle <= from || middle >= to) return middle;
    if (f(middle) > 0) from = middle;
    else to = middle;
  }
}
