/**
 * @file The matrices H, G, Z of a layer as drawn in figures: trace-normalised, on both sides (theory.md Eqs. 2, 3, 4,
 * 8).
 */
import { gram, type Matrix, trace } from "../linalg/matrix.ts";
import type { Convention } from "../measure/snapshot.ts";
import { type LayerMoments, type Side, secondMoment } from "../moments/moments.ts";

export type MatrixName = "H" | "G" | "Z";

export interface SideMatrices {
  readonly side: Side;
  readonly d: number;
  /**
   * Each is divided by its mean diagonal entry, so that its trace is d. Absent where moments are missing or the trace
   * is not positive.
   */
  readonly H: Matrix | undefined;
  readonly G: Matrix | undefined;
  readonly Z: Matrix | undefined;
}

export interface LayerMatrices {
  readonly name: string;
  readonly convention: Convention;
  readonly sides: readonly SideMatrices[];
}

/**
 * H, G and Z of both sides of a layer from its moments. An attention head has only side b, without Z. O(dOut dIn (dOut
 * + dIn)).
 */
export function layerMatrices(layer: LayerMoments, convention: Convention = "paper"): LayerMatrices {
  const sides = (["a", "b"] as const).flatMap((side): SideMatrices[] => {
    const moments = layer[side];
    if (!moments) return [];
    const H = normalized(secondMoment(moments, "H", convention, layer.n));
    const G = normalized(secondMoment(moments, "G", convention, layer.n));
    return [{ side, d: moments.d, H, G, Z: normalized(layer.W && gram(layer.W, side)) }];
  });
  return { name: layer.name, convention, sides };
}

function normalized(A: Matrix | undefined): Matrix | undefined {
  if (!A) return undefined;
  const meanDiagonal = trace(A) / A.rows;
  if (!(meanDiagonal > 0) || !Number.isFinite(meanDiagonal)) return undefined;
  return { ...A, data: A.data.map((value) => value / meanDiagonal) };
}
