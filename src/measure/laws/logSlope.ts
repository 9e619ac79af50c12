/**
 * @file The slope between two second moments without a basis, from products of their matrix logarithms (theory.md Eq.
 * 80).
 *
 * H = c G^s says log H = s log G + const I. Along the eigenvectors of one of two noisy matrices, that matrix's own
 * spectrum is too steep, because eigenvalues repel each other; the other's is too flat, because neighbouring directions
 * are mixed. Products of logarithms favour neither basis. A logarithm turns a relative perturbation of any eigenvalue,
 * large or small, into an additive term of the same size.
 */
import { type EigenSystem, eigh } from "../../linalg/eigh.ts";
import { type Matrix, matmul, matrix, transpose } from "../../linalg/matrix.ts";
import { slopeOf } from "./deming.ts";

/**
 * Second moments of one matrix over two halves of the samples, (r, r) each; the same matrix twice where there is one
 * group.
 */
export type Halves = readonly [Matrix, Matrix];

export type Known = ReadonlyMap<Matrix, EigenSystem>;

export interface LogSlope {
  /** The slope if both logarithms scatter equally. */
  slope: number;
  /**
   * Angles of the slopes if one scatter is up to four times the other, either way; ascending, with `slope` between
   * them.
   */
  angles: [number, number];
}

/** chosen: eigenvalues below this share of the largest are rounding of float32 sums. */
const rounding = 1e-7;

/**
 * chosen: how far the two scatters, which cannot be told apart, may differ: standard deviations within a factor of
 * four.
 */
const ratios = [1 / 16, 16] as const;

/**
 * Slope of log H against log G over their common range   (theory.md Eq. 80).
 *
 * @param H, G (r, r) symmetric positive semi-definite, in the same coordinates
 * @param known eigenvectors of some of these matrices, if already found
 * @returns undefined if fewer than `least` dimensions are above rounding in both, or nothing varies. O(r^3): up to four
 *   eigendecompositions
 */
export function logSlope(H: Halves, G: Halves, least: number, known: Known = new Map()): LogSlope | undefined {
  const logs = commonRange([...H, ...G], least, known)?.map(tracelessLog);
  if (!logs) return undefined;
  const [h1, h2, g1, g2] = logs as [Matrix, Matrix, Matrix, Matrix];
  const xx = inner(g1, g2);
  const yy = inner(h1, h2);
  const xy = (inner(h1, g2) + inner(h2, g1)) / 2;
  if (!(xx > 0 && yy > 0 && xy !== 0 && Number.isFinite(xx + yy + xy))) return undefined;
  const angle = (ratio: number): number => Math.atan(slopeOf(xx, xy, yy, ratio));
  const [one, other] = [angle(ratios[0]), angle(ratios[1])];
  return { slope: slopeOf(xx, xy, yy, 1), angles: [Math.min(one, other), Math.max(one, other)] };
}

/** Eigenvalues and eigenvectors of all matrices, in the coordinates of a subspace where no eigenvalue is rounding. */
function commonRange(matrices: readonly Matrix[], least: number, known: Known): EigenSystem[] | undefined {
  const systems: EigenSystem[] = [];
  for (const A of matrices) {
    const { values, vectors } = known.get(A) ?? eigh(A);
    const kept = values.filter((value) => value > rounding * values[0]!).length;
    if (kept < least) return undefined;
    if (kept < values.length) {
      const V = matrix(vectors.rows, kept);
      for (let k = 0; k < V.data.length; k++)
        V.data[k] = vectors.data[Math.floor(k / kept) * vectors.cols + (k % kept)]!;
      const smaller = matrices.map((B) => matmul(transpose(V), matmul(B, V)));
      return commonRange(smaller, least, known); // the others may have lost some of theirs: start over
    }
    systems.push({ values, vectors });
  }
  return systems;
}

/** log A minus its mean eigenvalue, so that the scale of A cancels. */
function tracelessLog({ values, vectors }: EigenSystem): Matrix {
  const r = values.length;
  const logs = values.map(Math.log);
  const mean = logs.reduce((sum, value) => sum + value, 0) / r;
  const scaled = matrix(
    r,
    r,
    vectors.data.map((value, k) => value * (logs[k % r]! - mean)),
  );
  return matmul(scaled, transpose(vectors));
}

function inner(A: Matrix, B: Matrix): number {
  return A.data.reduce((sum, value, k) => sum + value * B.data[k]!, 0);
}
