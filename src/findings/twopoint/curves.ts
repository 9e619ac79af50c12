/** @file The theoretical curves of a fitted layer at given steps, drawn beside the measurements. */
import { conservedQuantity } from "../../twopoint/conserved.ts";
import { lossCurve } from "../../twopoint/lossCurve.ts";
import { type TwoPointTrajectory, twoPointTheory } from "../../twopoint/theory.ts";
import type { LayerTrajectory } from "../../twopoint/trajectory.ts";
import type { FollowedPair } from "./followedRecord.ts";
import type { FollowedLayer } from "./twopointRecord.ts";

export interface TheoryCurves extends TwoPointTrajectory {
  /** Present where the third rate is known. */
  readonly loss?: Float64Array;
}

/**
 * H, Y, w and, if its rate was fitted, the loss, for the fitted rates.
 *
 * @param step (T) ascending, the first of them the start
 * @returns undefined where the layer has no rates, or the solution does not exist that far
 */
export function theoryCurves(
  { dx2, dy2 }: FollowedPair,
  { etaH, etaY, start, loss }: FollowedLayer,
  step: ArrayLike<number>,
): TheoryCurves | undefined {
  if (etaH.value === null || etaY.value === null || start === null || step.length === 0) return undefined;
  try {
    const t = Float64Array.from(step, (one) => one - step[0]!);
    const curves = twoPointTheory({ dx2, dy2, etaH: etaH.value, etaY: etaY.value }, start, t);
    if (loss?.etaYbar == null) return curves;
    return { ...curves, loss: lossCurve(dy2, curves, { etaYbar: loss.etaYbar, ybar0: loss.ybar0 }) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * Change of the conserved quantity along the measured rows, divided by the largest H / X (docs/theory.md Eq. 94). The
 * `conservedDrift` of a fit is its largest absolute value.
 *
 * @returns (T), the first of them 0; undefined without rates
 */
export function conservedCourse(
  { dx2 }: Pick<FollowedPair, "dx2">,
  { etaH, etaY }: Pick<FollowedLayer, "etaH" | "etaY">,
  { dh2, dy2 }: LayerTrajectory,
): number[] | undefined {
  if (etaH.value === null || etaY.value === null) return undefined;
  const constants = { dx2, etaH: etaH.value, etaY: etaY.value };
  const C = Array.from(dh2, (H, i) => conservedQuantity(constants, { dh2: H, dy2: dy2[i]! }));
  const largest = Array.from(dh2).reduce((most, H) => Math.max(most, H), 0) / dx2;
  return C.map((value) => (value - C[0]!) / largest);
}
