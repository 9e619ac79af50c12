/**
 * @file The theory fitted to every layer of a network: the output of `crh twopoint fit`, which a run keeps
 * (docs/formats.md, Two points).
 */
import { checkConstants } from "./constants.ts";
import { fitTwoPoint, type TwoPointFit, type TwoPointFitOptions } from "./fitTwoPoint.ts";
import { type FittedLoss, fitLoss, type LossTrajectory } from "./lossCurve.ts";
import { checkTargets, checkTrajectory, type LayerTrajectory } from "./trajectory.ts";

export interface LayerFit extends Omit<TwoPointFit, "start"> {
  readonly layer: string | number;
  /** Null where the layer cannot be fitted. */
  readonly start: TwoPointFit["start"] | null;
  /** The third rate, where losses were given and the other two rates are known. */
  readonly loss?: FittedLoss;
}

export interface LayersOptions extends TwoPointFitOptions {
  /** Losses of the same network, for the third rate (docs/theory.md Eq. 97). */
  readonly loss?: LossTrajectory;
}

/**
 * Fits each layer separately.
 *
 * @param trajectories in any order, which the result keeps
 * @returns one entry a layer. A layer that cannot be fitted (a distance of 0 after dead neurons, say) has status
 *   `unusable` and the reason in `doubt`; the others are fitted all the same
 * @throws RangeError for dx2 or dy2 that are not above 0, or invalid losses
 */
export function fitLayers(trajectories: readonly LayerTrajectory[], options: LayersOptions): LayerFit[] {
  const { loss, ...others } = options;
  checkConstants({ dx2: others.dx2, dy2: others.dy2 }, "fitLayers");
  return trajectories.map((trajectory) => {
    const problem = problemOf(trajectory, others.dy2);
    if (problem !== undefined) return unusable(trajectory, problem);
    const fit = { layer: trajectory.layer, ...fitTwoPoint(trajectory, others) };
    const [etaH, etaY] = [fit.etaH.value, fit.etaY.value];
    if (loss === undefined || etaH === null || etaY === null) return fit;
    const constants = { dx2: options.dx2, dy2: options.dy2, etaH, etaY };
    return { ...fit, loss: fitLoss(loss, constants, fit.start, { from: trajectory.step[0]! }) };
  });
}

function problemOf(trajectory: LayerTrajectory, dy2: number): string | undefined {
  const where = `layer ${trajectory.layer}`;
  try {
    checkTrajectory(trajectory, where);
    checkTargets(trajectory, dy2, where);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

function unusable({ layer, dh2, step }: LayerTrajectory, doubt: string): LayerFit {
  const nothing = { value: null, interval: null };
  const end = dh2[dh2.length - 1];
  return {
    layer,
    status: "unusable",
    doubt,
    etaH: nothing,
    etaY: nothing,
    r2: { dh2: null, dy2: null, w: null },
    cost: null,
    start: null,
    finalDistance: { measured: end !== undefined && Number.isFinite(end) ? end : null, predicted: null },
    aLow: null,
    aHigh: null,
    richness: null,
    regime: null,
    conservedDrift: null,
    noise: null,
    points: step.length,
  };
}
