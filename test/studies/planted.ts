/**
 * @file Runs of studies with planted trajectories: solutions of the theory or of an altered system, or anything else.
 */
import type { FollowedPair } from "../../src/findings/twopoint/followedRecord.ts";
import type { FollowedRow } from "../../src/findings/twopoint/twopointRecord.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { Random } from "../../src/random/random.ts";
import type { ScoreRow, StudiedRun } from "../../src/studies/study.ts";
import type { TwoPointSystem } from "../../src/twopoint/equations.ts";
import { twoPointTheory } from "../../src/twopoint/theory.ts";

export interface Course {
  readonly step: ArrayLike<number>;
  readonly dh2: ArrayLike<number>;
  readonly dy2: ArrayLike<number>;
  readonly w: ArrayLike<number>;
  readonly loss?: ArrayLike<number>;
}

export interface PlantedRun {
  readonly label: string;
  readonly seed?: number;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly points?: readonly string[];
  readonly pairs?: readonly FollowedPair[];
  /** By layer and pair. */
  readonly course: (layer: number, pair: FollowedPair) => Course;
  readonly layers?: number;
  readonly snapshot?: Snapshot;
}

export const onePair: readonly FollowedPair[] = [{ pair: "0-1", dx2: 1, dy2: 0.5 }];

export function plantedRun(planted: PlantedRun): StudiedRun {
  const {
    label,
    seed = 0,
    parameters = {},
    points = ["0", "1"],
    pairs = onePair,
    course,
    layers = 1,
    snapshot,
  } = planted;
  const names = Array.from({ length: layers }, (_, l) => `layers.${l}`);
  const rows = (): FollowedRow[] =>
    pairs.flatMap((pair) =>
      names.flatMap((layer, l) => {
        const { step, dh2, dy2, w, loss } = course(l, pair);
        return Array.from(step, (at, i) => ({
          ...{ step: at, pair: pair.pair, layer, dh2: dh2[i]!, dy2: dy2[i]!, w: w[i]!, loss: loss?.[i] ?? 0 },
        }));
      }),
    );
  return {
    ...{ label, seed, parameters },
    followed: {
      schema: "crh-lab/followed@1",
      points,
      pairs,
      layers: names,
      layer: names[0]!,
      lossFactor: 1,
      every: 10,
    },
    trajectories: () => rows().sort((x, y) => x.step - y.step),
    metrics: () => [],
    snapshot: () => snapshot,
    snapshots: () => (snapshot ? [snapshot] : []),
    moments: () => undefined,
    watched: () => undefined,
    pictures: () => undefined,
    weights: () => new Map(),
  };
}

/** chosen: rows after the first, few so that fits are quick. */
export const ROWS = 60;

export interface SolutionOptions {
  readonly etaH?: number;
  readonly etaY?: number;
  readonly dh2?: number;
  readonly dy2?: number;
  readonly pair?: Pick<FollowedPair, "dx2" | "dy2">;
  readonly system?: TwoPointSystem;
  readonly steps?: number;
  /** Relative noise of every value. */
  readonly noise?: number;
  readonly seed?: number;
}

/** A solution from a small start, with noise. */
export function solution(options: SolutionOptions = {}): Course {
  const { etaH = 0.0014, etaY = 0.082, dh2 = 0.0012, dy2 = 1e-5, pair = onePair[0]!, system = "theory" } = options;
  const { steps = 3000, noise = 0, seed = 0 } = options;
  const step = Array.from({ length: ROWS + 1 }, (_, i) => (i * steps) / ROWS);
  const start = { dh2, dy2, w: dy2 - 0.7 * Math.sqrt(dy2 * pair.dy2) };
  const found = twoPointTheory({ dx2: pair.dx2, dy2: pair.dy2, etaH, etaY }, start, step, { system });
  const random = new Random(seed).split("noise");
  const noisy = (values: Float64Array) =>
    values.map((value, i) => (i === 0 ? value : value * (1 + noise * random.normal())));
  return { step, dh2: noisy(found.dh2), dy2: noisy(found.dy2), w: noisy(found.w) };
}

export function verdictOf(claims: readonly ScoreRow[], name: string): ScoreRow["verdict"] {
  const found = claims.find((claim) => claim.name === name);
  if (found === undefined)
    throw new Error(`test: expected a claim "${name}", got ${claims.map((one) => one.name).join("; ")}`);
  return found.verdict;
}
