/** @file What the studies of the two-point theory read from a run: fits at a layer, curves, final values. */
import type { FollowedPair } from "../findings/twopoint/followedRecord.ts";
import { type FollowedRow, trajectoriesOf } from "../findings/twopoint/twopointRecord.ts";
import type { TwoPointConstants, TwoPointSystem } from "../twopoint/equations.ts";
import { finalDistance } from "../twopoint/finalDistance.ts";
import { fitLayers, type LayerFit, type LayersOptions } from "../twopoint/fitLayers.ts";
import { twoPointTheory } from "../twopoint/theory.ts";
import type { LayerTrajectory } from "../twopoint/trajectory.ts";
import type { StudiedRun } from "./study.ts";

/** chosen: most rows in a fit; it then takes 0.1 s, and no bend of a curve is lost. */
const MOST_ROWS = 400;

/** One pair of points of a run at one layer, with the losses at the same steps. */
export interface Watched {
  readonly pair: FollowedPair;
  readonly trajectory: LayerTrajectory;
  /** (T) mean loss of the followed points. */
  readonly loss: readonly number[];
  /** Factor that turns it into the loss of the theory; null for other losses. */
  readonly lossFactor: number | null;
}

/**
 * Every pair of a run at some of its layers; by default at the layer shown first.
 *
 * @returns pair by pair, layer by layer; empty if the run followed nothing
 */
export function watchedPairs(run: StudiedRun, layers = run.followed ? [run.followed.layer] : []): Watched[] {
  const rows = new Map<string, FollowedRow[]>();
  const key = (pair: string, layer: string) => `${pair} ${layer}`;
  for (const row of run.trajectories()) {
    const own = rows.get(key(row.pair, row.layer));
    if (own === undefined) rows.set(key(row.pair, row.layer), [row]);
    else own.push(row);
  }
  return (run.followed?.pairs ?? []).flatMap((pair) =>
    layers.flatMap((layer) => {
      const own = evenlySpaced(rows.get(key(pair.pair, layer)) ?? []);
      const trajectory = trajectoriesOf(own, pair.pair, [layer])[0]!;
      const { lossFactor } = run.followed!;
      return own.length === 0 ? [] : [{ pair, trajectory, lossFactor, loss: own.map(({ loss }) => loss) }];
    }),
  );
}

/** The first pair of a run at the layer shown first. */
export function watched(run: StudiedRun): Watched | undefined {
  return watchedPairs(run)[0];
}

/** At most MOST_ROWS of the rows, including the first and the last. */
function evenlySpaced(rows: readonly FollowedRow[]): readonly FollowedRow[] {
  if (rows.length <= MOST_ROWS) return rows;
  const at = Array.from({ length: MOST_ROWS }, (_, i) => Math.round((i * (rows.length - 1)) / (MOST_ROWS - 1)));
  return at.map((i) => rows[i]!);
}

/** The theory, or an altered system, fitted to a pair from its measured start: networks have no measurement noise. */
export function fitWatched({ pair, trajectory }: Watched, system: TwoPointSystem = "theory"): LayerFit {
  return fitOrReason(trajectory, { dx2: pair.dx2, dy2: pair.dy2, system, fitStart: false });
}

/** The theory fitted to a pair and, if the theory predicts this loss, to the losses. */
export function fitWithLoss({ pair, trajectory, loss, lossFactor }: Watched): LayerFit {
  const { dx2, dy2 } = pair;
  const losses = lossFactor !== null && { step: trajectory.step, loss: loss.map((value) => lossFactor * value) };
  return fitOrReason(trajectory, { dx2, dy2, fitStart: false, ...(losses && { loss: losses }) });
}

/**
 * Fits a pair. One that the fit refuses, because its target distance is 0 or its rates vanish, is marked as unusable;
 * the other pairs remain.
 */
function fitOrReason(trajectory: LayerTrajectory, options: LayersOptions): LayerFit {
  try {
    return fitLayers([trajectory], options)[0]!;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const [step, dh2] = [[0], [endOfTrajectory(trajectory)]];
    const none = fitLayers([{ layer: trajectory.layer, step, dh2, dy2: [0], w: [0] }], { dx2: 1, dy2: 1 })[0]!;
    return { ...none, doubt: error.message };
  }
}

/** The constants of a fit; undefined if it has no rates. */
export function constantsOf({ pair }: Watched, { etaH, etaY }: LayerFit): TwoPointConstants | undefined {
  if (etaH.value === null || etaY.value === null) return undefined;
  return { dx2: pair.dx2, dy2: pair.dy2, etaH: etaH.value, etaY: etaY.value };
}

/** H, Y and w of the fitted theory at the rows of the trajectory; undefined if there is no solution. */
export function fittedCurves(seen: Watched, fit: LayerFit): Record<"dh2" | "dy2" | "w", Float64Array> | undefined {
  const constants = constantsOf(seen, fit);
  if (constants === undefined || fit.start === null) return undefined;
  try {
    const first = seen.trajectory.step[0]!;
    return twoPointTheory(
      constants,
      fit.start,
      Array.from(seen.trajectory.step, (step) => step - first),
    );
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Measured over predicted final distance, minus one; null if there is no prediction. */
export function finalDeviation({ finalDistance: { measured, predicted } }: LayerFit): number | null {
  return measured === null || predicted === null ? null : measured / predicted - 1;
}

/**
 * H_inf for given rates and the measured start of a pair   (docs/theory.md Eq. 95). Equal targets are replaced by a
 * squared distance of 1e-12, near their limit.
 */
export function predictedEnd({ pair, trajectory }: Watched, rates: { etaH: number; etaY: number }): number | null {
  const [dh2, dy2] = [trajectory.dh2[0]!, trajectory.dy2[0]!];
  if (!(dh2 > 0)) return null;
  return finalDistance({ ...rates, dx2: pair.dx2, dy2: Math.max(pair.dy2, 1e-12) }, { dh2, dy2 }).dh2;
}

/** Last H of a trajectory. */
export function endOf({ trajectory }: Watched): number {
  return endOfTrajectory(trajectory);
}

function endOfTrajectory({ dh2 }: LayerTrajectory): number {
  return dh2[dh2.length - 1]!;
}

/** Means of the two rates over runs whose last loss is at most 1e-2, the authors' limit; undefined if there is none. */
export function meanRates(runs: readonly StudiedRun[]): { etaH: number; etaY: number; used: number } | undefined {
  const found = runs.flatMap((run) => {
    const seen = watched(run);
    if (seen === undefined || !(lastLoss(seen) <= 1e-2)) return [];
    const { etaH, etaY } = fitWatched(seen);
    return etaH.value === null || etaY.value === null ? [] : [{ etaH: etaH.value, etaY: etaY.value }];
  });
  if (found.length === 0) return undefined;
  const mean = (name: "etaH" | "etaY") => found.reduce((sum, one) => sum + one[name], 0) / found.length;
  return { etaH: mean("etaH"), etaY: mean("etaY"), used: found.length };
}

/** Last loss of the followed points. */
export function lastLoss({ loss }: Watched): number {
  return loss.at(-1)!;
}

/** Runs grouped by a key, in the order in which keys first occur. */
export function grouped<K, R extends StudiedRun>(runs: readonly R[], key: (run: R) => K): Map<K, R[]> {
  const groups = new Map<K, R[]>();
  for (const run of runs) groups.set(key(run), [...(groups.get(key(run)) ?? []), run]);
  return groups;
}

/** The part of a label before its seed: "4x100" of "4x100, seed 3". */
export function familyOf({ label }: StudiedRun): string {
  return label.replace(/, seed \d+$/, "");
}
