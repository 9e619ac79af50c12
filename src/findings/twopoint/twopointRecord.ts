/** @file records/twopoint.json: the two-point theory fitted to every hidden layer of the followed pairs of a run. */
import { fitLayers, type LayerFit } from "../../twopoint/fitLayers.ts";
import type { LossTrajectory } from "../../twopoint/lossCurve.ts";
import type { LayerTrajectory } from "../../twopoint/trajectory.ts";
import type { FollowedPair, FollowedRecord } from "./followedRecord.ts";

export const TWOPOINT_SCHEMA = "crh-lab/twopoint@1";

export interface TwopointRecord {
  readonly schema: typeof TWOPOINT_SCHEMA;
  /** Last step that was looked at. */
  readonly step: number;
  /** The hidden layer that is looked at first. */
  readonly layer: string;
  /** Every layer of the first pair. */
  readonly layers: readonly LayerFit[];
  /** Every layer of every pair that was fitted, the first one included. */
  readonly pairs: readonly FittedPair[];
  /** Pairs that were not fitted, for they are too many. */
  readonly pairsLeftOut: number;
}

export interface FittedPair extends FollowedPair {
  readonly layers: readonly LayerFit[];
}

/** A row of trajectories.csv. */
export interface FollowedRow {
  readonly step: number;
  readonly pair: string;
  readonly layer: string;
  readonly dh2: number;
  readonly dy2: number;
  readonly w: number;
  readonly loss: number;
}

/** chosen: fits of one run, at some 0.2 s each. */
const MOST_FITS = 100;

/**
 * Fits the theory to a run's trajectories, layer by layer.
 *
 * @param rows look by look, as the run wrote them
 * @returns undefined where there are no rows yet
 */
export function fitFollowed(followed: FollowedRecord, rows: readonly FollowedRow[]): TwopointRecord | undefined {
  if (rows.length === 0) return undefined;
  const fitted = followed.pairs.slice(0, Math.max(1, Math.floor(MOST_FITS / followed.layers.length)));
  const pairs = fitted.map((pair): FittedPair => {
    const { dx2, dy2 } = pair;
    const loss = lossOf(rows, followed);
    const options = { dx2, dy2, ...(loss && { loss }) };
    return { ...pair, layers: fitLayers(trajectoriesOf(rows, pair.pair, followed.layers), options) };
  });
  return {
    schema: TWOPOINT_SCHEMA,
    step: rows.at(-1)!.step,
    layer: followed.layer,
    layers: pairs[0]!.layers,
    pairs,
    pairsLeftOut: followed.pairs.length - pairs.length,
  };
}

/** The loss whose course the theory tells; undefined where another one was recorded. */
export function lossOf(
  rows: readonly FollowedRow[],
  { lossFactor, layers }: FollowedRecord,
): LossTrajectory | undefined {
  if (lossFactor === null) return undefined;
  const looks = rows.filter((row) => row.layer === layers[0]);
  return { step: looks.map(({ step }) => step), loss: looks.map(({ loss }) => lossFactor * loss) };
}

/** The trajectories of one pair, one for each layer. */
export function trajectoriesOf(
  rows: readonly FollowedRow[],
  pair: string,
  layers: readonly string[],
): LayerTrajectory[] {
  const own = rows.filter((row) => row.pair === pair);
  return layers.map((layer) => {
    const of = own.filter((row) => row.layer === layer);
    const column = (name: "step" | "dh2" | "dy2" | "w") => of.map((row) => row[name]);
    return { layer, step: column("step"), dh2: column("dh2"), dy2: column("dy2"), w: column("w") };
  });
}
