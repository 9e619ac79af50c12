/** @file records/twopoint.json: the two-point theory fitted to every hidden layer of the followed pairs of a run. */
import { fitLayers, type LayerFit } from "../../twopoint/fitLayers.ts";
import type { LossTrajectory } from "../../twopoint/lossCurve.ts";
import type { LayerTrajectory } from "../../twopoint/trajectory.ts";
import { type Against, againstEquations } from "./against.ts";
import type { FollowedPair, FollowedRecord } from "./followedRecord.ts";

export const TWOPOINT_SCHEMA = "crh-lab/twopoint@1";

export interface TwopointRecord {
  readonly schema: typeof TWOPOINT_SCHEMA;
  /** Step of the last look. */
  readonly step: number;
  /** The hidden layer shown first. */
  readonly layer: string;
  /**
   * The pair shown first: the first of those with the largest distance of targets; null where none could be fitted.
   */
  readonly pair: string | null;
  /** Every layer of that pair. */
  readonly layers: readonly FollowedLayer[];
  /** Every layer of every pair that was fitted, the first one included. */
  readonly pairs: readonly FittedPair[];
  /** Number of pairs left out of the fits because there are too many. */
  readonly pairsLeftOut: number;
  /** Number of pairs whose inputs or targets coincide, for which the theory determines no rates. */
  readonly pairsAlike: number;
}

export interface FittedPair extends FollowedPair {
  /** Missing share of the targets at the last look: |dy - dy*|^2 / |dy*|^2, 0 where they are reached. */
  readonly missing: number;
  readonly layers: readonly FollowedLayer[];
}

export interface FollowedLayer extends LayerFit {
  /** Change of H against the sign of w. */
  readonly against: Against;
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

/** All records of the points that a run follows. */
export interface FollowedRun {
  readonly followed: FollowedRecord;
  readonly fits: TwopointRecord;
  /** Ordered by step. */
  readonly rows: readonly FollowedRow[];
}

/** chosen: most fits per run, at some 0.2 s each. */
const MOST_FITS = 100;

/**
 * Fits the theory to a run's trajectories, layer by layer. If there are many pairs, an evenly spaced subset is fitted.
 *
 * @param rows look by look, as the run wrote them
 * @returns undefined while there are no rows
 */
export function fitFollowed(followed: FollowedRecord, rows: readonly FollowedRow[]): TwopointRecord | undefined {
  if (rows.length === 0) return undefined;
  const apart = followed.pairs.filter(({ dx2, dy2 }) => dx2 > 0 && dy2 > 0);
  const most = Math.max(1, Math.floor(MOST_FITS / followed.layers.length));
  const stride = Math.max(1, Math.ceil(apart.length / most));
  const first = apart.reduce<FollowedPair | undefined>(
    (most, pair) => (pair.dy2 > (most?.dy2 ?? 0) ? pair : most),
    undefined,
  );
  const others = apart.filter((pair, i) => pair !== first && i % stride === 0);
  const fitted = first === undefined ? [] : [first, ...others].slice(0, most);
  const pairs = fitted.map((pair) => fitPair(followed, rows, pair));
  return {
    schema: TWOPOINT_SCHEMA,
    step: rows.at(-1)!.step,
    layer: followed.layer,
    pair: pairs[0]?.pair ?? null,
    layers: pairs[0]?.layers ?? [],
    pairs,
    pairsLeftOut: apart.length - pairs.length,
    pairsAlike: followed.pairs.length - apart.length,
  };
}

function fitPair(followed: FollowedRecord, rows: readonly FollowedRow[], pair: FollowedPair): FittedPair {
  const trajectories = trajectoriesOf(rows, pair.pair, followed.layers);
  const loss = lossOf(rows, followed);
  const { dx2, dy2 } = pair;
  const fits = fitLayers(trajectories, { dx2, dy2, ...(loss && { loss }) });
  const layers = fits.map((fit, i) => ({ ...fit, against: againstEquations(trajectories[i]!) }));
  return { ...pair, missing: missingAt(rows.findLast((row) => row.pair === pair.pair)!, dy2), layers };
}

/** |dy - dy*|^2 = 2 w - Y + Y*, by the meaning of w. */
const missingAt = ({ dy2, w }: FollowedRow, target: number): number => Math.max(0, 2 * w - dy2 + target) / target;

/** The loss that the theory predicts; undefined where another one was recorded. */
export function lossOf(
  rows: readonly FollowedRow[],
  { lossFactor, layers }: FollowedRecord,
): LossTrajectory | undefined {
  if (lossFactor == null) return undefined;
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
