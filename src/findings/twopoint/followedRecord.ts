/**
 * @file records/followed.json: the points that a run follows, the layers, and the distances of inputs and targets.
 */

export const FOLLOWED_SCHEMA = "crh-lab/followed@1";

export interface FollowedRecord {
  readonly schema: typeof FOLLOWED_SCHEMA;
  /** A name for each point. */
  readonly points: readonly string[];
  /** Pairs by indices of their points, "0-1", with the squared distances of inputs and of targets. */
  readonly pairs: readonly FollowedPair[];
  /** Hidden layers in order of depth. */
  readonly layers: readonly string[];
  /** The layer shown first. */
  readonly layer: string;
  /**
   * Factor from the recorded loss to half the mean over the points of the squared error summed over outputs, which the
   * theory predicts; null for other losses, and for more than two points.
   */
  readonly lossFactor: number | null;
  /** Steps between two looks. */
  readonly every: number;
}

export interface FollowedPair {
  readonly pair: string;
  readonly dx2: number;
  readonly dy2: number;
}

/**
 * Factor from a loss to half the mean over two points of the squared error summed over outputs. The losses are means
 * over outputs of the squared error or half of it; null for others.
 */
export function lossFactorOf(objective: string, outputs: number): number | null {
  if (objective === "half-mse") return outputs;
  return objective === "mse" ? outputs / 2 : null;
}
