/**
 * @file How far the second moments of a layer moved between two measurements of one run (theory.md Eq. 64).
 */
import { combination } from "../../linalg/linearCombination.ts";
import { frobenius, type Matrix } from "../../linalg/matrix.ts";
import { type LayerMoments, type Side, secondMoment } from "../../moments/moments.ts";
import type { Convention } from "../alignment/relations.ts";
import type { Answer, BothSides } from "../measured.ts";

/**
 * Relative change |A' - A| / |A| of a second moment between two checkpoints   (theory.md Eq. 64).
 *
 * @param before, after (d, d), of the same samples: other samples add their noise
 * @returns 0 for a stationary matrix; null with status "zero-matrix" or "not-finite"
 */
export function relativeChange(before: Matrix, after: Matrix): Answer {
  const change = frobenius(
    combination([
      [1, after],
      [-1, before],
    ]),
  );
  const scale = frobenius(before);
  if (scale === 0 && Number.isFinite(change)) return { value: null, status: "zero-matrix" };
  const value = change / scale;
  return Number.isFinite(value) && Number.isFinite(scale) ? { value } : { value: null, status: "not-finite" };
}

/** Change of a layer's moments since the measurement at step `since`. */
export type LayerChange = Record<Convention, BothSides<Record<"H" | "G", Answer>>> & { since: number };

/** Change of H and G of both sides in all conventions   (theory.md Eq. 64). O(d^2) */
export function layerChange(before: LayerMoments, since: number, after: LayerMoments): LayerChange {
  const of = (side: Side, convention: Convention, which: "H" | "G"): Answer => {
    const [x, y] = [before, after].map((layer) => layer[side] && secondMoment(layer[side], which, convention, layer.n));
    return x && y ? relativeChange(x, y) : { value: null, status: "missing-moments" };
  };
  const both = (side: Side, convention: Convention) => ({ H: of(side, convention, "H"), G: of(side, convention, "G") });
  const within = (convention: Convention) => ({ a: after.a ? both("a", convention) : null, b: both("b", convention) });
  return { paper: within("paper"), covariance: within("covariance"), raw: within("raw"), since };
}
