/**
 * @file Two matrices of one side along the eigenvectors of one of them: the points whose slope is an exponent
 * (theory.md Eq. 33), and the sorted eigenvalues that the paper pairs. For figures: from all samples at once, without
 * the folds of Eq. 34.
 */
import { eigh } from "../../linalg/eigh.ts";
import { gram, type Matrix, matmul, maxAbs } from "../../linalg/matrix.ts";
import { type LayerMoments, type Side, secondMoment } from "../../moments/moments.ts";
import type { Convention } from "../alignment/relations.ts";
import { noiseFloor } from "../spectra/spectrum.ts";
import type { SideExponents } from "./exponent.ts";

export interface SpectralPairs {
  /** Eigenvalues of the second matrix of the pair, descending; only those above its noise floor. */
  x: Float64Array;
  /** v^T A v of the first matrix along the same eigenvectors. */
  y: Float64Array;
  /** Eigenvalues of the first matrix, descending. */
  sorted: Float64Array;
}

/**
 * @param pair "hg": H along the eigenvectors of G; "hz", "gz": H and G along those of Z
 * @returns undefined where a matrix is missing, zero or not finite. O(d^3)
 */
export function spectralPairs(
  layer: LayerMoments,
  side: Side,
  pair: keyof SideExponents,
  convention: Convention,
): SpectralPairs | undefined {
  const sums = layer[side];
  if (!sums) return undefined;
  const moment = (which: "H" | "G") => secondMoment(sums, which, convention, layer.n);
  const first = moment(pair === "gz" ? "G" : "H");
  const second = pair === "hg" ? moment("G") : layer.W && gram(layer.W, side);
  if (!first || !second || ![first, second].every(usable)) return undefined;
  const { values, vectors } = eigh(second);
  const floor = noiseFloor(values, pair === "hg" ? layer.n : Number.POSITIVE_INFINITY);
  const kept = values.filter((value) => value > floor).length;
  const turned = matmul(first, vectors);
  const d = first.rows;
  const y = new Float64Array(kept);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < kept; j++) y[j]! += vectors.data[i * d + j]! * turned.data[i * d + j]!;
  return { x: values.slice(0, kept), y, sorted: eigh(first, kept).values };
}

function usable(A: Matrix): boolean {
  const largest = maxAbs(A.data);
  return Number.isFinite(largest) && largest > 0;
}
