/**
 * @file Whether H moves against the sign of w. By dH/dt = -etaH X w (docs/theory.md Eq. 93) it rises while w < 0 and
 * falls while w > 0, whatever the rates: a trajectory that does otherwise contradicts the theory without any fit.
 */
import type { LayerTrajectory } from "../../twopoint/trajectory.ts";

/**
 * Shares from 0 on: of its largest value before H falls by `fall` while w < 0; it rises by `rise` of its least value
 * while w > 0.
 */
export interface Against {
  readonly fall: number;
  readonly rise: number;
}

/** The largest of each within any stretch of rows over which w keeps its sign. */
export function againstEquations({ dh2, w }: Pick<LayerTrajectory, "dh2" | "w">): Against {
  let [fall, rise] = [0, 0];
  let [sign, most, least] = [0, 0, 0];
  for (let i = 0; i < dh2.length; i++) {
    const H = dh2[i]!;
    if (i === 0 || Math.sign(w[i]!) !== sign) {
      sign = Math.sign(w[i]!);
      most = H;
      least = H;
      continue;
    }
    most = Math.max(most, H);
    least = Math.min(least, H);
    if (sign < 0 && most > 0) fall = Math.max(fall, 1 - H / most);
    if (sign > 0 && least > 0) rise = Math.max(rise, H / least - 1);
  }
  return { fall, rise };
}
