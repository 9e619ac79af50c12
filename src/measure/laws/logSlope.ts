/**
 * @file The slope between two second moments without a basis, from products of their matrix logarithms (theory.md Eq.
 * 80).
 *
 * H = c G^s says log H = s log G + const I. Along the eigenvectors of one of two disturbed matrices that one's spectrum
 * reads too steep, for eigenvalues repel each other, and the other's too flat, for neighbouring directions are mixed.
 * Products of logarithms belong to neither basis, and a logarithm turns a relative disturbance of any eigenvalue, large
 * or small, into an addend of its size.
 */
import { type EigenSystem, eigh } from "../../linalg/eigh.ts";
import { type Matrix, matmul, matrix, transpose } from "../../linalg/matrix.ts";
import { slopeOf } from "./deming.ts";

/**
 * Second moments of one matrix over two halves of the samples, (r, r) each; twice the same where there is one group.
 */
export type Halves = readonly [Matrix, Matrix];

export type Known = ReadonlyMap<Matrix, EigenSystem>;

export interface LogSlope {
  /** The slope if the scatter of both logarithms is of one size. */
  slope: number;
  /**
   * Angles of the slopes if that of one is up to four times that of the other, either way; ascending, `slope` between
   * them.
   */
  angles: [number, number];
}

/** chosen: eigenvalues below this share of the largest are rounding of float32 sums. */
const rounding = 1e-7;

/**
 * chosen: how far the scatters of the two, which cannot be told apart, may differ: standard deviations within a factor
 * of four.
 */
const ratios = [1 / 16, 16] as const;

/**
 * Slope of log H against log G over their common range   (theory.md Eq. 80).
 *
 * @param H, G (r, r) symmetric positive semi-definite, in the same coordinates
 * @param known eigenvectors of some of these matrices, where they were found before
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

/**
 * Eigenvalues and eigenvectors of all, in the coordinates of a subspace in which none has an eigenvalue that is
 * rounding.
 */
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
      return commonRange(smaller, least, known); // the others may have lost some of theirs: all again
    }
    systems.push({ values, vectors });
  }
  return systems;
}

/** log A less its mean eigenvalue: the scale of A plays no part. */
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
