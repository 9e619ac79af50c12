/**
 * @file The expectations of one layer in the equations of training (theory.md, "Residuals"), from its moments.
 *
 * Sign: the moments hold +dl/dh, the equations g = -dl/dh. Only cross moments change sign, and this file flips it. A
 * bias becomes part of the map, W <- (W, bias) and h_a <- (h_a, 1): decayed like the weights, it obeys the same
 * equations.
 */
import { combination } from "../../linalg/linearCombination.ts";
import { type Matrix, matmul, matrix, trace, transpose } from "../../linalg/matrix.ts";
import { type LayerMoments, secondMoment } from "../../moments/moments.ts";
import { leastSamples, type Status } from "../measured.ts";

/** g = -dl/dh here. dIn counts the bias where there is one. */
export interface LayerMeans {
  n: number;
  /** (dOut, dIn) */
  W: Matrix;
  /** Second moments, (dIn, dIn) and (dOut, dOut). */
  Ha: Matrix;
  Ga: Matrix;
  Hb: Matrix;
  Gb: Matrix;
  /** (dOut, dIn) E[g_b h_a^T] */
  M: Matrix;
  /** (dIn, dIn) E[g_a h_a^T], not symmetric */
  Xa: Matrix;
  /** (dOut, dOut) E[g_b h_b^T], not symmetric */
  Xb: Matrix;
  /** E|h_a|^2 and E|g_b|^2, with the names of the paper, where z_b belongs to h_a. */
  zb: number;
  za: number;
  /** E|h|^4 and E|g|^4 of either side; that of g_a without the bias. */
  fourth: { ha: number; ga: number; hb: number; gb: number };
}

/**
 * The expectations of a layer.
 *
 * @param layer raw moments of both sides, cross moments and weights
 * @param bias  (dOut) bias of the map, where it has one
 * @returns status "missing-moments" or "too-few-samples" where they are not available
 * @throws RangeError if the bias has another length
 */
export function layerMeans(layer: LayerMoments, bias?: ArrayLike<number>): LayerMeans | Status {
  const { n, a, b, W, gbHa, dIn, dOut } = layer;
  if (bias && bias.length !== dOut)
    throw new RangeError(`layerMeans: expected a bias of ${dOut} values for ${layer.name}, got ${bias.length}`);
  if (!a || !W || !gbHa || !b.gh || (bias ? !a.hSum || !b.gSum : !a.gh)) return "missing-moments";
  if (n < leastSamples) return "too-few-samples";
  const Ha = secondMoment(a, "H", "raw", n);
  const Ga = secondMoment(a, "G", "raw", n);
  const Hb = secondMoment(b, "H", "raw", n);
  const Gb = secondMoment(b, "G", "raw", n);
  if (!Ha || !Ga || !Hb || !Gb) return "missing-moments";
  const cross = (rows: number, cols: number, sum: Float64Array): Matrix =>
    combination([[-1 / n, matrix(rows, cols, sum)]]);
  const plain = { n, Hb, Gb, Xb: cross(dOut, dOut, b.gh), za: b.g2 / n, fourth: fourthMoments(layer) };
  const M = cross(dOut, dIn, gbHa);
  if (!bias) return { ...plain, W, Ha, Ga, M, Xa: cross(dIn, dIn, a.gh!), zb: a.h2 / n };
  const onBias = { W: appendColumn(W, bias, 1), M: appendColumn(M, b.gSum!, -1 / n), Ha: addBias(Ha, a.hSum!, n) };
  const Wt = transpose(onBias.W);
  const fourth = { ...plain.fourth, ha: plain.fourth.ha + (2 * a.h2) / n + 1 };
  return {
    ...plain,
    ...onBias,
    fourth,
    Ga: matmul(matmul(Wt, Gb), onBias.W),
    Xa: matmul(Wt, onBias.M),
    zb: trace(onBias.Ha),
  };
}

function fourthMoments({ n, a, b }: LayerMoments): LayerMeans["fourth"] {
  return { ha: a!.h4 / n, ga: a!.g4 / n, hb: b.h4 / n, gb: b.g4 / n };
}

/** (A, factor * column) */
function appendColumn(A: Matrix, column: ArrayLike<number>, factor: number): Matrix {
  const C = matrix(A.rows, A.cols + 1);
  for (let i = 0; i < A.rows; i++) {
    C.data.set(A.data.subarray(i * A.cols, (i + 1) * A.cols), i * C.cols);
    C.data[i * C.cols + A.cols] = factor * column[i]!;
  }
  return C;
}

/** Second moment of (h, 1). */
function addBias(H: Matrix, sum: ArrayLike<number>, n: number): Matrix {
  const C = matrix(H.rows + 1, H.rows + 1);
  C.data.set(appendColumn(H, sum, 1 / n).data);
  for (let i = 0; i < H.rows; i++) C.data[H.rows * C.cols + i] = sum[i]! / n;
  C.data[C.data.length - 1] = 1;
  return C;
}

/** A bias below this share of the activations is rounding of float32. */
const roundingBias = 1e-5;

/** The map's bias, recovered from its means: E h_b - W E h_a; undefined where there is none or it is below rounding. */
export function biasOf({ a, b, W, n }: LayerMoments): Float64Array | undefined {
  if (!a?.hSum || !b.hSum || !W || n === 0) return undefined;
  const mean = a.hSum;
  const bias = b.hSum.map((sum, i) => {
    let through = 0;
    for (let j = 0; j < W.cols; j++) through += W.data[i * W.cols + j]! * mean[j]!;
    return (sum - through) / n;
  });
  const square = bias.reduce((total, value) => total + value * value, 0);
  return square > roundingBias ** 2 * (b.h2 / n) ? bias : undefined;
}
