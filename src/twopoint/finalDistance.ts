/**
 * @file How far apart two representations end (docs/theory.md Eq. 95), and whether that is the target's doing or the
 * start's (Eq. 96).
 */
import { conservedQuantity } from "./conserved.ts";
import { checkConstants, checkStart } from "./constants.ts";
import type { TwoPointConstants, TwoPointState } from "./equations.ts";

export interface FinalDistance {
  /** H_inf: squared distance of the representations where the outputs have reached their targets. */
  readonly dh2: number;
  /** Its limit for a small start, sqrt(etaH / etaY) |dx| |dy*|. */
  readonly aLow: number;
  /** Its limit for a large start, X C: H_0 less what the outputs' distance at the start takes. */
  readonly aHigh: number;
  /** A_low^2 / H_inf^2 = 1 - A_high / H_inf: 0 where the start alone decides, 1 where it is forgotten. */
  readonly richness: number;
  readonly regime: Regime;
}

export type Regime = "rich" | "between" | "lazy";

/** chosen: a tenth of H_inf, or a tenth short of all of it, comes from the target. */
const [LAZY, RICH] = [0.1, 0.9];

/**
 * Squared distance of two representations after training   (docs/theory.md Eqs. 95, 96).
 *
 *     H_inf = (A_high + sqrt(A_high^2 + 4 A_low^2)) / 2
 *     A_low^2 = (etaH / etaY) X Y*,   A_high = H_0 - (etaH / etaY) X Y_0 / H_0
 *
 * Only the ratio of the two rates matters.
 *
 * @throws RangeError for constants or a start that are not positive or not finite
 */
export function finalDistance(constants: TwoPointConstants, start: Pick<TwoPointState, "dh2" | "dy2">): FinalDistance {
  checkConstants(constants, "finalDistance");
  checkStart(start, "finalDistance");
  const { dx2, dy2, etaH, etaY } = constants;
  const low2 = (etaH / etaY) * dx2 * dy2;
  const aHigh = dx2 * conservedQuantity(constants, start);
  const root = Math.sqrt(aHigh * aHigh + 4 * low2);
  // the form without a difference of nearly equal numbers, on either side of zero
  const dh2 = aHigh >= 0 ? (aHigh + root) / 2 : (2 * low2) / (root - aHigh);
  const richness = low2 / (dh2 * dh2);
  return { dh2, aLow: Math.sqrt(low2), aHigh, richness, regime: regimeOf(richness) };
}

function regimeOf(richness: number): Regime {
  if (richness >= RICH) return "rich";
  return richness <= LAZY ? "lazy" : "between";
}
