/**
 * @file The final distance of two representations (docs/theory.md Eq. 95), and whether the target or the start decides
 * it (Eq. 96).
 */
import { conservedQuantity } from "./conserved.ts";
import { checkConstants, checkStart } from "./constants.ts";
import type { TwoPointConstants, TwoPointState } from "./equations.ts";

export interface FinalDistance {
  /** H_inf: squared distance of the representations where the outputs have reached their targets. */
  readonly dh2: number;
  /** Its limit for a small start, sqrt(etaH / etaY) |dx| |dy*|. */
  readonly aLow: number;
  /** Its limit for a large start, X C: H_0 minus a term from the outputs' distance at the start. */
  readonly aHigh: number;
  /** A_low^2 / H_inf^2 = 1 - A_high / H_inf: 0 where the start alone decides, 1 where the start has no influence. */
  readonly richness: number;
  readonly regime: Regime;
}

export type Regime = "rich" | "between" | "lazy";

/** chosen: with a tenth of H_inf or less from the target a network is lazy; with all but a tenth it is rich. */
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
  // the form without cancellation, for either sign
  const dh2 = aHigh >= 0 ? (aHigh + root) / 2 : (2 * low2) / (root - aHigh);
  const richness = low2 / (dh2 * dh2);
  return { dh2, aLow: Math.sqrt(low2), aHigh, richness, regime: regimeOf(richness) };
}

function regimeOf(richness: number): Regime {
  if (richness >= RICH) return "rich";
  return richness <= LAZY ? "lazy" : "between";
}
