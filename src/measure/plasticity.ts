/**
 * @file Expressivity against plasticity of the neurons of one side: the entries of H against those of G (theory.md Eq. 75). RGA is one
 * correlation over all entries; here the diagonal (one value a neuron) and the rest (pairs) are told apart.
 */
import { type Matrix, matrix, requireSquare } from "../linalg/matrix.ts";
import { type LayerMoments, type SideMoments, secondMoment } from "../moments/moments.ts";
import { alignment } from "./alignment.ts";
import { requireSameShape } from "./entries.ts";
import type { Answer, BothSides } from "./measured.ts";
import type { Convention } from "./relations.ts";

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
 * How the diagonal and the off-diagonal entries of H and G go together   (theory.md Eq. 75).
 *
 * @param H, G (d, d) second moments or covariances of one side
 * @returns statuses "undefined-1x1" for fewer than two values, "constant-matrix" or "zero-matrix" as `alignment` has them
 */
export function plasticity(H: Matrix, G: Matrix): Plasticity {
  requireSquare("plasticity", H);
  requireSameShape("plasticity", H, G);
  const { diagonal, pairs, correlations } = neuronPoints(H, G);
  const logs: Points = { h: diagonal.h.map(Math.log), g: diagonal.g.map(Math.log) };
  return {
    diagonal: correlation(diagonal),
    logDiagonal: correlation(where(logs, (i) => diagonal.h[i]! > 0 && diagonal.g[i]! > 0)),
    offDiagonal: correlation(pairs),
    correlations: correlation(correlations),
  };
}

export type LayerPlasticity = Record<Convention, BothSides<Plasticity | null>>;

/** Of both sides of a layer in both conventions; null where a moment was not captured. O(d^2) */
export function layerPlasticity(layer: LayerMoments): LayerPlasticity {
  const of = (side: SideMoments): Record<Convention, Plasticity | null> => {
    const into = { H: matrix(side.d, side.d), G: matrix(side.d, side.d) };
    const within = (convention: Convention) => {
      const [H, G] = (["H", "G"] as const).map((which) => secondMoment(side, which, convention, layer.n, into[which]));
      return H && G ? plasticity(H, G) : null;
    };
    return { paper: within("paper"), raw: within("raw") };
  };
  const [a, b] = [layer.a && of(layer.a), of(layer.b)];
  return { paper: { a: a?.paper ?? null, b: b.paper }, raw: { a: a?.raw ?? null, b: b.raw } };
}

/** Values of H beside values of G. Flat arrays: a wide layer has millions of pairs. */
export interface Points {
  readonly h: Float64Array;
  readonly g: Float64Array;
}

/** The points behind the correlations, for a figure: H_ii and G_ii, H_ij and G_ij, and the two correlations of a pair. */
export function neuronPoints(H: Matrix, G: Matrix): { diagonal: Points; pairs: Points; correlations: Points } {
  const d = H.rows;
  const on = ({ data }: Matrix) => Float64Array.from({ length: d }, (_, i) => data[i * (d + 1)]!);
  const diagonal = { h: on(H), g: on(G) };
  const points = (): Points => ({ h: new Float64Array((d * (d - 1)) / 2), g: new Float64Array((d * (d - 1)) / 2) });
  const [pairs, sized] = [points(), points()];
  let [pair, kept] = [0, 0];
  for (let i = 0; i < d; i++)
    for (let j = i + 1; j < d; j++, pair++) {
      const [h, g] = [H.data[i * d + j]!, G.data[i * d + j]!];
      pairs.h[pair] = h;
      pairs.g[pair] = g;
      const [sizeH, sizeG] = [diagonal.h[i]! * diagonal.h[j]!, diagonal.g[i]! * diagonal.g[j]!];
      if (!(sizeH > 0 && sizeG > 0) || Number.isNaN(h)) continue;
      sized.h[kept] = h / Math.sqrt(sizeH);
      sized.g[kept++] = g / Math.sqrt(sizeG);
    }
  return { diagonal, pairs, correlations: { h: sized.h.subarray(0, kept), g: sized.g.subarray(0, kept) } };
}

function where({ h, g }: Points, keep: (i: number) => boolean): Points {
  return { h: h.filter((_, i) => keep(i)), g: g.filter((_, i) => keep(i)) };
}

function correlation({ h, g }: Points): Answer {
  if (h.length < 2) return { value: null, status: "undefined-1x1" };
  return alignment(matrix(h.length, 1, h), matrix(g.length, 1, g));
}
