/** @file H, G or Z of one side of a layer, by name. */
import { gram, type Matrix } from "../linalg/matrix.ts";
import { type Convention, type LayerMoments, type Side, secondMoment } from "./moments.ts";

export const matrixNames = ["H", "G", "Z"] as const;
export type MatrixName = (typeof matrixNames)[number];

/**
 * A matrix of one side of a layer (theory.md Eqs. 2, 3, 4, 8, 83); Z is WᵀW on side a, WWᵀ on side b, in every
 * convention.
 *
 * @returns undefined if the moments do not contain it
 */
export function namedMatrix(
  layer: LayerMoments,
  { side, name, convention }: { readonly side: Side; readonly name: MatrixName; readonly convention: Convention },
): Matrix | undefined {
  const sums = layer[side];
  if (sums === undefined) return undefined;
  if (name !== "Z") return secondMoment(sums, name, convention, layer.n);
  if (sums.z !== undefined) return { rows: sums.d, cols: sums.d, data: sums.z };
  return layer.W && gram(layer.W, side);
}
