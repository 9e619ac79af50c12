/**
 * @file Eigenvalues and eigenvectors of a symmetric tridiagonal matrix by divide and conquer (Cuppen 1981; deflation
 * and stable eigenvectors as in Gu and Eisenstat 1995 and LAPACK's dstedc).
 *
 * T is divided into two halves by a rank-one modification; each half is solved separately, and `rankOneUpdate` merges
 * them. Equal eigenvalues, and vectors that the modification hardly changes, are deflated, so clusters and rank
 * deficiency make it faster.
 */
import { addProducts } from "./products.ts";
import { rankOneUpdate } from "./secularEquation.ts";
import { tridiagonalQL } from "./tridiagonalQL.ts";

/** chosen: below this side QL with rotations is faster. */
const smallest = 32;

/** Eigenvalues in ascending order; row j of `vectors`, (count, n), belongs to values[n - count + j]. */
export interface TridiagonalSystem {
  values: Float64Array;
  vectors: Float64Array;
}

/**
 * All eigenvalues and the eigenvectors of the `wanted` largest of a symmetric tridiagonal matrix.
 *
 * @param d (n) diagonal; overwritten
 * @param e (n) entries beside it, e[i] coupling i and i + 1; left as it is. |d|, |e| about 1 at most
 * @param wanted number of eigenvectors to return; fewer shorten the last merge, which is most of the work
 *
 * Residual and orthogonality of a small multiple of eps |T|. At most (4/3) n^3 multiplications.
 */
export function divideAndConquer(d: Float64Array, e: Float64Array, wanted = d.length): TridiagonalSystem {
  const n = d.length;
  if (n <= smallest) {
    const { values, vectors } = tridiagonalQL(d, e);
    return { values, vectors: vectors.slice((n - wanted) * n) };
  }
  const m = n >> 1;
  const beside = e[m - 1]!;
  const rho = Math.abs(beside);
  d[m - 1]! -= rho;
  d[m]! -= rho;
  const upper = divideAndConquer(d.subarray(0, m), e.subarray(0, m));
  const lower = divideAndConquer(d.subarray(m), e.subarray(m));
  return join(upper, lower, rho, beside < 0 ? -1 : 1, wanted);
}

/** Rows of both halves in ascending order of their eigenvalues, with the vector z of the rank-one modification. */
interface Halves {
  n: number;
  /** Rows, hence columns, of the first half. */
  m: number;
  d: Float64Array;
  z: Float64Array;
  /** (n, n) rows of the two halves, zero beyond their own half. */
  rows: Float64Array;
  /** The half to which a row is confined: 0 the first, 1 the second, 2 neither. */
  kind: Uint8Array;
}

/** Solves diag of both halves plus rho v v^T, v = (0 .. 0, 1, sign, 0 .. 0). */
function join(
  upper: TridiagonalSystem,
  lower: TridiagonalSystem,
  rho: number,
  sign: number,
  wanted: number,
): TridiagonalSystem {
  const halves = mergeHalves(upper, lower, sign);
  const { n, m, d, z, rows, kind } = halves;
  const { coupled, free } = deflate(halves, 2 * rho);
  const k = coupled.length;
  const pick = (from: Float64Array): Float64Array => Float64Array.from(coupled, (i) => from[i]!);
  const { values: roots, vectors: U } = rankOneUpdate(pick(d), pick(z), 2 * rho);
  const order = sortAscending([...roots, ...free.map((i) => d[i]!)]);
  const chosen = order.slice(n - wanted);
  const columns = chosen.filter((index) => index < k);
  const left = combine(U, columns, rows, coupled, (i) => kind[i] !== 1, 0, m, n);
  const right = combine(U, columns, rows, coupled, (i) => kind[i] !== 0, m, n, n);
  const values = Float64Array.from(order, (index) => (index < k ? roots[index]! : d[free[index - k]!]!));
  const vectors = new Float64Array(wanted * n);
  let column = 0;
  chosen.forEach((index, row) => {
    if (index >= k) {
      const from = free[index - k]! * n;
      vectors.set(rows.subarray(from, from + n), row * n);
    } else {
      vectors.set(left.subarray(column * m, (column + 1) * m), row * n);
      vectors.set(right.subarray(column * (n - m), (column + 1) * (n - m)), row * n + m);
      column++;
    }
  });
  return { values, vectors };
}

/** Indices in ascending order of the values; equal values keep theirs. */
function sortAscending(values: readonly number[]): number[] {
  return values.map((_, i) => i).sort((i, j) => values[i]! - values[j]! || i - j);
}

function mergeHalves(upper: TridiagonalSystem, lower: TridiagonalSystem, sign: number): Halves {
  const m = upper.values.length;
  const n = m + lower.values.length;
  const order = sortAscending([...upper.values, ...lower.values]);
  const [d, z, kind] = [new Float64Array(n), new Float64Array(n), new Uint8Array(n)];
  const rows = new Float64Array(n * n);
  order.forEach((index, i) => {
    const first = index < m;
    const half = first ? upper : lower;
    const [row, width] = first ? [index, m] : [index - m, n - m];
    kind[i] = first ? 0 : 1;
    d[i] = half.values[row]!;
    // v has norm sqrt 2: z gets norm 1, and rho its square.
    z[i] = (first ? half.vectors[row * m + m - 1]! : sign * half.vectors[row * width]!) * Math.SQRT1_2;
    rows.set(half.vectors.subarray(row * width, (row + 1) * width), i * n + (first ? 0 : m));
  });
  return { n, m, d, z, rows, kind };
}

/**
 * Deflation: sets aside every row that remains an eigenvector up to rounding, because z_i is negligible or becomes so
 * by a rotation of two rows with nearly equal eigenvalues. Changes d, z, rows and kind of rotated rows.
 */
function deflate({ n, d, z, rows, kind }: Halves, rho: number): { coupled: number[]; free: number[] } {
  let scale = 0;
  for (let i = 0; i < n; i++) scale = Math.max(scale, Math.abs(d[i]!), Math.abs(z[i]!));
  const tolerance = 8 * Number.EPSILON * scale;
  const coupled: number[] = [];
  const free: number[] = [];
  let before = -1;
  for (let i = 0; i < n; i++) {
    if (rho * Math.abs(z[i]!) <= tolerance) {
      free.push(i);
      continue;
    }
    if (before >= 0) {
      const norm = Math.hypot(z[i]!, z[before]!);
      const [c, s] = [z[i]! / norm, z[before]! / norm];
      if (Math.abs((d[i]! - d[before]!) * c * s) <= tolerance) {
        rotate(rows, before * n, i * n, n, c, s);
        const [low, high] = [d[before]!, d[i]!];
        d[before] = low * c * c + high * s * s;
        d[i] = low * s * s + high * c * c;
        z[i] = norm;
        z[before] = 0;
        if (kind[i] !== kind[before]) kind[i] = kind[before] = 2;
        free.push(before);
      } else coupled.push(before);
    }
    before = i;
  }
  if (before >= 0) coupled.push(before);
  return { coupled, free };
}

/** Rows p and q become c p - s q and s p + c q. */
function rotate(rows: Float64Array, p: number, q: number, n: number, c: number, s: number): void {
  for (let t = 0; t < n; t++) {
    const [x, y] = [rows[p + t]!, rows[q + t]!];
    rows[p + t] = c * x - s * y;
    rows[q + t] = s * x + c * y;
  }
}

/**
 * (columns, to - from): row c is sum_i U[i, columns[c]] row_i over columns from .. to of the rows that are not zero
 * there.
 */
function combine(
  U: Float64Array,
  columns: readonly number[],
  rows: Float64Array,
  coupled: readonly number[],
  reaches: (row: number) => boolean,
  from: number,
  to: number,
  n: number,
): Float64Array {
  const [k, count, width] = [coupled.length, columns.length, to - from];
  const used = coupled.map((_, i) => i).filter((i) => reaches(coupled[i]!));
  const X = new Float64Array(used.length * count);
  const Y = new Float64Array(used.length * width);
  used.forEach((i, row) => {
    for (let c = 0; c < count; c++) X[row * count + c] = U[i * k + columns[c]!]!;
    Y.set(rows.subarray(coupled[i]! * n + from, coupled[i]! * n + to), row * width);
  });
  const out = new Float64Array(count * width);
  addProducts(out, X, Y, used.length, count, width);
  return out;
}
