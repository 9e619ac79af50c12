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
  const positive = diagonal.filter(([h, g]) => h > 0 && g > 0).map(([h, g]): Point => [Math.log(h), Math.log(g)]);
  return {
    diagonal: correlation(diagonal),
    logDiagonal: correlation(positive),
    offDiagonal: correlation(pairs),
    correlations: correlation(correlations),
  };
}

export type LayerPlasticity = Record<Convention, BothSides<Plasticity | null>>;

/** Of both sides of a layer in both conventions; null where a moment was not captured. O(d^2) */
export function layerPlasticity(layer: LayerMoments): LayerPlasticity {
  const of = (side: SideMoments, convention: Convention): Plasticity | null => {
    const [H, G] = [secondMoment(side, "H", convention, layer.n), secondMoment(side, "G", convention, layer.n)];
    return H && G ? plasticity(H, G) : null;
  };
  const within = (convention: Convention) => ({
    a: layer.a ? of(layer.a, convention) : null,
    b: of(layer.b, convention),
  });
  return { paper: within("paper"), raw: within("raw") };
}

export type Point = readonly [h: number, g: number];

/** The points behind the correlations, for a figure: H_ii and G_ii, H_ij and G_ij, and the two correlations of a pair. */
export function neuronPoints(H: Matrix, G: Matrix): { diagonal: Point[]; pairs: Point[]; correlations: Point[] } {
  const d = H.rows;
  const diagonal = Array.from({ length: d }, (_, i): Point => [H.data[i * d + i]!, G.data[i * d + i]!]);
  const pairs: Point[] = [];
  const correlations: Point[] = [];
  for (let i = 0; i < d; i++)
    for (let j = i + 1; j < d; j++) {
      const [h, g] = [H.data[i * d + j]!, G.data[i * d + j]!];
      pairs.push([h, g]);
      const [sizeH, sizeG] = [diagonal[i]![0] * diagonal[j]![0], diagonal[i]![1] * diagonal[j]![1]];
      if (sizeH > 0 && sizeG > 0) correlations.push([h / Math.sqrt(sizeH), g / Math.sqrt(sizeG)]);
    }
  return { diagonal, pairs, correlations };
}

function correlation(points: readonly Point[]): Answer {
  const column = (k: 0 | 1): Matrix =>
    matrix(
      points.length,
      1,
      Float64Array.from(points, (point) => point[k]),
    );
  if (points.length < 2) return { value: null, status: "undefined-1x1" };
  return alignment(column(0), column(1));
}
