/**
 * @file Whether H moves against the sign of w. By dH/dt = -etaH X w (docs/theory.md Eq. 93), H rises while w < 0 and
 * falls while w > 0 for all rates. A trajectory that does otherwise contradicts the theory without any fit.
 */
import type { LayerTrajectory } from "../../twopoint/trajectory.ts";

/** Shares, at least 0. */
export interface Against {
  /** Fall of H while w < 0, as a share of its previous maximum. */
  readonly fall: number;
  /** Rise of H while w > 0, as a share of its previous minimum. */
  readonly rise: number;
  /** Range of H divided by its maximum. */
  readonly range: number;
}

/** chosen: means over this many parts of the rows show the course without the noise of batches. */
const PARTS = 50;

/** The largest fall and rise within any interval over which w keeps its sign. */
export function againstEquations({ dh2, w }: Pick<LayerTrajectory, "dh2" | "w">): Against {
  const [H, v] = [means(dh2), means(w)];
  let [fall, rise] = [0, 0];
  let [sign, most, least] = [0, 0, 0];
  for (let i = 0; i < H.length; i++) {
    if (i === 0 || Math.sign(v[i]!) !== sign) {
      sign = Math.sign(v[i]!);
      most = H[i]!;
      least = H[i]!;
      continue;
    }
    most = Math.max(most, H[i]!);
    least = Math.min(least, H[i]!);
    if (sign < 0 && most > 0) fall = Math.max(fall, 1 - H[i]! / most);
    if (sign > 0 && least > 0) rise = Math.max(rise, H[i]! / least - 1);
  }
  const [low, high] = [H.reduce((x, y) => Math.min(x, y), H[0] ?? 0), H.reduce((x, y) => Math.max(x, y), 0)];
  return { fall, rise, range: high > 0 ? (high - low) / high : 0 };
}

function means(values: ArrayLike<number>): number[] {
  const size = Math.max(1, Math.floor(values.length / PARTS));
  const all = Array.from(values);
  return Array.from({ length: Math.ceil(all.length / size) }, (_, k) => {
    const part = all.slice(k * size, (k + 1) * size);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}
