/**
 * @file The quantity that the two-point theory conserves (docs/theory.md Eq. 94).
 */
import type { TwoPointConstants, TwoPointState } from "./equations.ts";

/**
 * C = H / X - (etaH / etaY) Y / H   (docs/theory.md Eq. 94): dC/dt = 0 along every solution of Eq. 93, for any Y*. A
 * network trajectory with a changing C violates the theory; only etaH / etaY needs a fit for this test.
 */
export function conservedQuantity(
  { dx2, etaH, etaY }: Omit<TwoPointConstants, "dy2">,
  { dh2, dy2 }: Pick<TwoPointState, "dh2" | "dy2">,
): number {
  return dh2 / dx2 - ((etaH / etaY) * dy2) / dh2;
}
