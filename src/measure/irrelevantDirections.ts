/**
 * @file Directions of a representation that the loss does not depend on, and whether the representation has any variance in them
 * (theory.md Eq. 65).
 */
import { type Matrix, matmul, trace } from "../linalg/matrix.ts";
import type { Eigen } from "./weightRange.ts";

export interface IrrelevantDirections {
  /** Eigenvectors of G with an eigenvalue below `threshold` times the largest. */
  count: number;
  /** Share of the trace of H along them; null for H = 0. */
  share: number | null;
  /** Share to expect of a representation that ignores them: count / d. */
  chance: number;
  threshold: number;
}

/** chosen: gradients a thousandth of the strongest are none. */
const defaultThreshold = 1e-6;

/**
 * Share of H in the null space of G   (theory.md Eq. 65): 0 where irrelevant directions have decayed.
 *
 * @param H (d, d) second moment of the activations of one side
 * @param G eigenvalues and vectors of the second moment of the gradients of that side, all d of them
 */
export function irrelevantDirections(H: Matrix, G: Eigen, threshold = defaultThreshold): IrrelevantDirections {
  const d = H.rows;
  const largest = G.values[0] ?? 0;
  const HV = matmul(H, G.vectors);
  let [count, along] = [0, 0];
  for (let j = 0; j < d; j++) {
    if (G.values[j]! > threshold * largest) continue;
    count++;
    for (let i = 0; i < d; i++) along += G.vectors.data[i * d + j]! * HV.data[i * d + j]!;
  }
  const total = trace(H);
  return { count, share: total > 0 ? Math.max(0, along) / total : null, chance: count / d, threshold };
}
