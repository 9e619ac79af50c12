/**
 * @file Eigenvalues and eigenvectors of a diagonal matrix plus a rank-one matrix, diag(d) + rho z z^T: the kernel of
 * the divide and conquer method.
 *
 * The roots of the secular equation 1 + rho sum_i z_i^2 / (d_i - x) = 0 interlace d. They are found by rational
 * interpolation between the neighbouring poles (Li, LAPACK Working Note 89, 1994) and kept as distances to all poles.
 * The vector z is then computed again from the roots (Gu and Eisenstat, SIAM J. Matrix Anal. Appl. 16, 1995), which
 * makes the eigenvectors orthogonal to working precision however close the roots are.
 */

/**
 * chosen: a root of the interpolant takes five steps on average; bisection, the fallback, halves the bracket in each.
 */
const maxSteps = 200;

/**
 * Solves diag(d) + rho z z^T completely.
 *
 * @param d   (k) strictly ascending
 * @param z   (k) no entry zero
 * @param rho above 0
 * @returns values (k) ascending, and vectors (k, k) row-major: column j is the unit eigenvector of values[j]
 *
 * O(k^2) operations, about 30 ns for each entry of the result.
 */
export function rankOneUpdate(
  d: Float64Array,
  z: Float64Array,
  rho: number,
): { values: Float64Array; vectors: Float64Array } {
  const k = d.length;
  const values = new Float64Array(k);
  const squares = z.map((value) => value * value);
  const distances = new Float64Array(k * k); // row j: d_i - values[j]
  for (let j = 0; j < k; j++) values[j] = root(d, squares, rho, j, distances.subarray(j * k, (j + 1) * k));
  const vectors = new Float64Array(k * k);
  const weights = consistentWeights(d, z, distances);
  for (let j = 0; j < k; j++) {
    let norm = 0;
    for (let i = 0; i < k; i++) {
      const entry = weights[i]! / distances[j * k + i]!;
      distances[j * k + i] = entry;
      norm += entry * entry;
    }
    norm = 1 / Math.sqrt(norm);
    for (let i = 0; i < k; i++) vectors[i * k + j] = distances[j * k + i]! * norm;
  }
  return { values, vectors };
}

/**
 * The z of which the computed roots are the exact ones: rho z_i^2 = -prod_j (d_i - x_j) / prod_(j != i) (d_i - d_j).
 */
function consistentWeights(d: Float64Array, z: Float64Array, distances: Float64Array): Float64Array {
  const k = d.length;
  const products = new Float64Array(k).fill(1);
  for (let j = 0; j < k; j++) {
    const dj = d[j]!;
    const row = j * k;
    for (let i = 0; i < k; i++) products[i]! *= i === j ? distances[row + i]! : distances[row + i]! / (d[i]! - dj);
  }
  return products.map((value, i) => Math.sign(z[i]!) * Math.sqrt(Math.abs(value)));
}

/**
 * Root j of the secular equation, between d_j and d_(j+1), or above the last.
 *
 * @param distances (k) receives d_i - root, each to high relative precision
 */
function root(d: Float64Array, squares: Float64Array, rho: number, j: number, distances: Float64Array): number {
  const k = d.length;
  const last = j === k - 1;
  let lower = 0;
  let upper = 0;
  let origin = d[j]!;
  if (last) {
    for (let i = 0; i < k; i++) upper += rho * squares[i]!;
  } else {
    const half = (d[j + 1]! - origin) / 2;
    let middle = 1;
    for (let i = 0; i < k; i++) middle += (rho * squares[i]!) / (d[i]! - origin - half);
    if (middle >= 0) upper = half;
    else {
      origin = d[j + 1]!;
      lower = -half;
    }
  }
  for (let i = 0; i < k; i++) distances[i] = d[i]! - origin;
  if (k === 1) {
    distances[0] = -upper;
    return origin + upper;
  }
  const tau = iterate(distances, squares, rho, last ? k - 2 : j, last, lower, upper);
  for (let i = 0; i < k; i++) distances[i]! -= tau;
  return origin + tau;
}

/**
 * Finds tau in (lower, upper) with 1 + rho sum z_i^2 / (D_i - tau) = 0; the interpolation has its poles at D_p and
 * D_(p+1).
 */
function iterate(
  D: Float64Array,
  squares: Float64Array,
  rho: number,
  p: number,
  last: boolean,
  lower: number,
  upper: number,
): number {
  const k = D.length;
  const Dp = D[p]!;
  const Dq = D[p + 1]!;
  let tau = (lower + upper) / 2;
  for (let step = 0; step < maxSteps; step++) {
    let psi = 0;
    let dpsi = 0;
    for (let i = 0; i <= p; i++) {
      const inverse = 1 / (D[i]! - tau);
      const term = squares[i]! * inverse;
      psi += term;
      dpsi += term * inverse;
    }
    let phi = 0;
    let dphi = 0;
    for (let i = p + 1; i < k; i++) {
      const inverse = 1 / (D[i]! - tau);
      const term = squares[i]! * inverse;
      phi += term;
      dphi += term * inverse;
    }
    const f = 1 + rho * (psi + phi);
    if (Math.abs(f) <= 4 * Number.EPSILON * (1 + rho * (Math.abs(psi) + Math.abs(phi)))) return tau;
    if (f < 0) lower = tau;
    else upper = tau;
    const next = tau + interpolate(f, rho * dpsi, rho * dphi, Dp - tau, Dq - tau, last);
    if (next > lower && next < upper) {
      if (Math.abs(next - tau) <= Number.EPSILON * Math.abs(next)) return next;
      tau = next;
    } else {
      const middle = bisect(lower, upper);
      if (middle <= lower || middle >= upper) return tau === 0 ? middle : tau;
      tau = middle;
    }
  }
  return tau;
}

/**
 * Step to the root of c + s / (deltaP - step) + t / (deltaQ - step), which agrees with both halves of the sum in value
 * and slope.
 */
function interpolate(f: number, dpsi: number, dphi: number, deltaP: number, deltaQ: number, last: boolean): number {
  const c = f - deltaP * dpsi - deltaQ * dphi;
  const a = (deltaP + deltaQ) * f - deltaP * deltaQ * (dpsi + dphi);
  const b = deltaP * deltaQ * f;
  const radical = Math.sqrt(Math.max(0, a * a - 4 * b * c));
  if (last) return a >= 0 ? (a + radical) / (2 * c) : (2 * b) / (a - radical);
  return a <= 0 ? (a - radical) / (2 * c) : (2 * b) / (a + radical);
}

/** The middle of a bracket in the logarithm where it spans orders of magnitude on one side of 0, else the plain one. */
function bisect(lower: number, upper: number): number {
  if (lower > 0 && upper > 4 * lower) return Math.sqrt(lower) * Math.sqrt(upper);
  if (upper < 0 && lower < 4 * upper) return -Math.sqrt(-lower) * Math.sqrt(-upper);
  if (lower === 0) return upper / 1024;
  if (upper === 0) return lower / 1024;
  return (lower + upper) / 2;
}
