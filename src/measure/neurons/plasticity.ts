/**
 * @file Expressivity against plasticity of the neurons of one side: the entries of H against those of G (theory.md Eq.
 * 75). RGA is one correlation over all entries; here the diagonal (one value per neuron) and the rest (pairs) are
 * separate.
 */

import { ArrayPool } from "../../linalg/arrayPool.ts";
import { type Matrix, matrix, requireSquare } from "../../linalg/matrix.ts";
import { alignment } from "../alignment/alignment.ts";
import { requireSameShape } from "../alignment/entrySums.ts";
import type { Answer } from "../measured.ts";

export interface Plasticity {
  /** Pearson's correlation of H_ii with G_ii over neurons. */
  diagonal: Answer;
  /** The same of log H_ii with log G_ii, over neurons where both are positive. */
  logDiagonal: Answer;
  /** Pearson's correlation of H_ij with G_ij over pairs i < j. */
  offDiagonal: Answer;
  /** The same of the correlations H_ij / sqrt(H_ii H_jj) and those of G. */
  correlations: Answer;
}

/**
 * How the diagonal and the off-diagonal entries of H and G correlate   (theory.md Eq. 75).
 *
 * @param H, G (d, d) second moments or covariances of one side
 * @param room  memory for a value of each pair, where many are measured one after another
 * @returns statuses "undefined-1x1" for fewer than two values, "constant-matrix" or "zero-matrix" as in `alignment`
 */
export function plasticity(H: Matrix, G: Matrix, room = roomForPairs(H.rows)): Plasticity {
  requireSquare("plasticity", H);
  requireSameShape("plasticity", H, G);
  const diagonal = diagonalPoints(H, G);
  const logs: Points = { h: diagonal.h.map(Math.log), g: diagonal.g.map(Math.log) };
  return {
    diagonal: correlation(diagonal),
    logDiagonal: correlation(where(logs, (i) => diagonal.h[i]! > 0 && diagonal.g[i]! > 0)),
    offDiagonal: correlation(pairPoints(H, G, room)),
    correlations: correlation(correlationPoints(H, G, room)),
  };
}

/** Values of H with values of G. Flat arrays: a wide layer has millions of pairs. */
export interface Points {
  readonly h: Float64Array;
  readonly g: Float64Array;
}

/** The points of the correlations, for a figure: H_ii and G_ii, H_ij and G_ij, and the two correlations of a pair. */
export function neuronPoints(H: Matrix, G: Matrix): { diagonal: Points; pairs: Points; correlations: Points } {
  const room = () => roomForPairs(H.rows);
  return {
    diagonal: diagonalPoints(H, G),
    pairs: pairPoints(H, G, room()),
    correlations: correlationPoints(H, G, room()),
  };
}

/** Memory for a value of each pair of d neurons, of H and of G. */
export function roomForPairs(d: number, memory = new ArrayPool()): Points {
  const count = (d * (d - 1)) / 2;
  return { h: memory.acquire(count), g: memory.acquire(count) };
}

function diagonalPoints(H: Matrix, G: Matrix): Points {
  const on = ({ data, rows: d }: Matrix) => Float64Array.from({ length: d }, (_, i) => data[i * (d + 1)]!);
  return { h: on(H), g: on(G) };
}

function pairPoints({ rows: d, data: H }: Matrix, { data: G }: Matrix, room: Points): Points {
  for (let i = 0, pair = 0; i < d; i++) {
    const [from, to] = [i * d + i + 1, (i + 1) * d];
    room.h.set(H.subarray(from, to), pair);
    room.g.set(G.subarray(from, to), pair);
    pair += to - from;
  }
  return room;
}

/** H_ij / sqrt(H_ii H_jj) with that of G, for pairs of neurons whose diagonal entries are positive in both. */
function correlationPoints(H: Matrix, G: Matrix, room: Points): Points {
  const d = H.rows;
  const { h, g } = diagonalPoints(H, G);
  const kept = Uint32Array.from(h.keys()).filter((i) => h[i]! > 0 && g[i]! > 0);
  const [rootH, rootG] = [h.map(Math.sqrt), g.map(Math.sqrt)];
  let pair = 0;
  for (let k = 0; k < kept.length; k++) {
    const i = kept[k]!;
    const [hi, gi] = [rootH[i]!, rootG[i]!];
    for (let l = k + 1; l < kept.length; l++, pair++) {
      const j = kept[l]!;
      room.h[pair] = H.data[i * d + j]! / (hi * rootH[j]!);
      room.g[pair] = G.data[i * d + j]! / (gi * rootG[j]!);
    }
  }
  return { h: room.h.subarray(0, pair), g: room.g.subarray(0, pair) };
}

function where({ h, g }: Points, keep: (i: number) => boolean): Points {
  return { h: h.filter((_, i) => keep(i)), g: g.filter((_, i) => keep(i)) };
}

function correlation({ h, g }: Points): Answer {
  if (h.length < 2) return { value: null, status: "undefined-1x1" };
  return alignment(matrix(h.length, 1, h), matrix(g.length, 1, g));
}
