/**
 * @file Moments built from random rows, shared by the tests of moments and measures.
 */
import { type Matrix, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { addRows, type LayerRows } from "../../src/moments/addRows.ts";
import { emptyLayer, type LayerMoments, type Moments } from "../../src/moments/moments.ts";
import { Random } from "../../src/random/random.ts";

export function normals(random: Random, count: number): Float64Array {
  return Float64Array.from({ length: count }, () => random.normal());
}

export interface LayerCase {
  W: Matrix;
  rows: LayerRows & { ha: Float64Array; hb: Float64Array; gb: Float64Array };
}

/** A layer h_b = W h_a with correlated inputs and gradients that depend on them; every seventh gradient row is zero. */
export function layerCase(seed: number, n: number, dIn: number, dOut: number): LayerCase {
  const random = new Random(seed);
  const W = matrix(dOut, dIn, normals(random, dOut * dIn));
  const mix = matrix(dIn, dIn, normals(random, dIn * dIn));
  const ha = matmul(matrix(n, dIn, normals(random, n * dIn)), mix);
  const hb = matmul(ha, transpose(W));
  const gb = hb.data.map((value, k) => (Math.floor(k / dOut) % 7 === 6 ? 0 : Math.tanh(value) + 0.3 * random.normal()));
  return { W, rows: { ha: ha.data, hb: hb.data, gb } };
}

/** The rows from `start` to `end` of a case. */
export function part({ W, rows }: LayerCase, start: number, end: number): LayerCase["rows"] {
  const { rows: dOut, cols: dIn } = W;
  return {
    ha: rows.ha.subarray(start * dIn, end * dIn),
    hb: rows.hb.subarray(start * dOut, end * dOut),
    gb: rows.gb.subarray(start * dOut, end * dOut),
  };
}

export function layerOf(layer: LayerCase, start = 0, end = layer.rows.hb.length / layer.W.rows): LayerMoments {
  const moments = emptyLayer("layers.0", "linear", layer.W.cols, layer.W.rows, layer.W);
  addRows(moments, part(layer, start, end));
  return moments;
}

export function momentsOf(layers: LayerMoments[], source = "test"): Moments {
  return { step: 10, objective: "mse", source, layers };
}
