/**
 * @file The contribution of one map to a pair of neighbouring maps: the squares of its weights, of its mean gradient
 * and of its noise, on the values that the two share (theory.md Eqs. 105, 122). It is much smaller than the map's sums,
 * which need not be kept for the other map.
 */
import { frobenius, type Matrix, matrix } from "../../linalg/matrix.ts";
import type { EdgeEnd, MapEdge } from "../../moments/edges.ts";
import type { LayerMoments } from "../../moments/moments.ts";
import type { NoiseBlocks } from "../../moments/noiseSums.ts";

/**
 * Matrices on the shared values: (width, width), or their diagonals (width, 1) where values are balanced one by one.
 */
export interface PairHalf {
  /** W W^T with the bias, or W^T W. */
  readonly weights: Matrix;
  /** Norm of the squared weights, for the rounding error of float32. */
  readonly squaresNorm: number;
  /** E[G^T G] of all examples, and of each group of them; null where it was not summed. */
  readonly noise: Noise | null;
  readonly groups: readonly Noise[];
  /** E[G]^T E[G] without the contribution of sampling; null where gradients were not summed. */
  readonly mean: Matrix | null;
}

export interface Noise {
  readonly moment: Matrix;
  readonly examples: number;
}

type Sums = Pick<LayerMoments, "W" | "bias" | "noise" | "gbHa"> & { readonly b: { readonly gSum?: Float64Array } };

/**
 * One map's half of a pair.
 *
 * @param layer over all samples
 * @param groups over disjoint groups of them
 * @returns undefined where the weights are not known
 */
export function pairHalf(
  { symmetry, width }: Pick<MapEdge, "symmetry" | "width">,
  end: EdgeEnd,
  layer: Sums,
  groups: readonly Pick<LayerMoments, "noise">[],
): PairHalf | undefined {
  const { W, bias, gbHa, noise: sums } = layer;
  if (W === undefined) return undefined;
  const isDiagonal = symmetry !== "rotation";
  const noise = noiseOf(sums, end, width, isDiagonal);
  const losses = (sums?.examples ?? 0) * (sums?.losses ?? 0);
  const known = gbHa && layer.b.gSum && noise;
  const gradient = known
    ? matrix(
        W.rows,
        W.cols,
        gbHa.map((value) => value / losses),
      )
    : undefined;
  const biasGradient = known && bias ? layer.b.gSum!.map((value) => value / losses) : undefined;
  const square = gradient && squares(gradient, biasGradient, end, width, isDiagonal);
  return {
    weights: squares(W, bias, end, width, isDiagonal),
    squaresNorm: normOfSquares(W, bias, end, width),
    noise: noise ?? null,
    groups: groups.flatMap((group) => noiseOf(group.noise, end, width, isDiagonal) ?? []),
    mean: square && noise ? subtractSampling(square, noise) : null,
  };
}

/** |E[G]|^2 of n examples exceeds the true one by a share of their noise: (n |mean|^2 - E|G|^2) / (n - 1). */
function subtractSampling(square: Matrix, { moment, examples: n }: Noise): Matrix | null {
  if (n < 2) return null;
  return matrix(
    square.rows,
    square.cols,
    square.data.map((value, k) => (n * value - moment.data[k]!) / (n - 1)),
  );
}

function noiseOf(sums: LayerMoments["noise"], end: EdgeEnd, width: number, isDiagonal: boolean): Noise | undefined {
  const blocks = sums?.[end.side];
  if (sums === undefined || blocks === undefined || sums.examples === 0 || !fits(blocks, end, width)) return undefined;
  const start = (end.from / width) * width * width;
  const block = blocks.sum.subarray(start, start + width * width);
  const { examples } = sums;
  const moment = isDiagonal
    ? matrix(
        width,
        1,
        Float64Array.from({ length: width }, (_, i) => block[i * (width + 1)]! / examples),
      )
    : matrix(
        width,
        width,
        block.map((value) => value / examples),
      );
  return { moment, examples };
}

function fits({ width, outer, inner }: NoiseBlocks, end: EdgeEnd, shared: number): boolean {
  return width === shared && outer === end.outer && inner === end.inner;
}

/** W W^T (side b) or W^T W (side a) on the shared values; the bias is a further column. */
function squares(W: Matrix, bias: Float64Array | undefined, end: EdgeEnd, width: number, isDiagonal: boolean): Matrix {
  const vectors = sharedVectors(W, bias, end, width);
  if (isDiagonal)
    return matrix(
      width,
      1,
      vectors.map((vector) => dot(vector, vector)),
    );
  const out = matrix(width, width);
  for (let i = 0; i < width; i++)
    for (let j = 0; j <= i; j++) {
      const value = dot(vectors[i]!, vectors[j]!);
      out.data[i * width + j] = value;
      out.data[j * width + i] = value;
    }
  return out;
}

function normOfSquares(W: Matrix, bias: Float64Array | undefined, end: EdgeEnd, width: number): number {
  const norms = sharedVectors(W, bias, end, width).map((vector) =>
    frobenius(
      matrix(
        1,
        vector.length,
        vector.map((value) => value * value),
      ),
    ),
  );
  return frobenius(matrix(1, width, Float64Array.from(norms)));
}

/** The weights of each shared value: its row of W and its bias, or all its columns concatenated. */
function sharedVectors(
  { rows, cols, data }: Matrix,
  bias: Float64Array | undefined,
  { side, from, outer, inner }: EdgeEnd,
  width: number,
): Float64Array[] {
  return Array.from({ length: width }, (_, c) => {
    if (side === "b") {
      const row = data.subarray((from + c) * cols, (from + c + 1) * cols);
      if (bias === undefined) return row;
      const vector = new Float64Array(cols + 1);
      vector.set(row);
      vector[cols] = bias[from + c]!;
      return vector;
    }
    const channels = cols / (outer * inner);
    const vector = new Float64Array(rows * outer * inner);
    let k = 0;
    for (let r = 0; r < rows; r++)
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < inner; i++) vector[k++] = data[r * cols + (o * channels + from + c) * inner + i]!;
    return vector;
  });
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += x[k]! * y[k]!;
  return sum;
}
