/** @file Followed points of a run: their selection, and the rows of its trajectories. */
import { nodeEngineOn } from "../../engineNode/nodeEngine.ts";
import { FOLLOWED_SCHEMA, type FollowedRecord, lossFactorOf } from "../../findings/twopoint/followedRecord.ts";
import type { TrajectoryRow } from "../../runs/trajectoriesFile.ts";
import type { Experiment } from "../../train/experiment.ts";
import { type Follow, type FollowedStep, pairsOf, squaredDistances, usualEvery } from "../../train/follow.ts";
import { followSamples } from "../../train/followSamples.ts";
import { UsageError } from "../errors.ts";
import type { RunPlan } from "./runPlan.ts";

/**
 * The experiment with the samples selected by --follow.
 *
 * @throws UsageError where the setting follows its own points, or has no such samples
 */
export async function following(experiment: Experiment, plan: RunPlan, steps: number): Promise<Experiment> {
  if (plan.follow === null) return experiment;
  if (experiment.follow !== undefined)
    throw new UsageError(
      "run: expected a setting without followed points of its own, got one that has them; leave --follow out",
    );
  const every = plan.followEvery ?? usualEvery(steps, plan.follow.length);
  try {
    const follow = await followSamples(nodeEngineOn(plan.device), experiment, plan.follow, every);
    return { ...experiment, follow };
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

export class Followed {
  readonly record: FollowedRecord;

  /** @param layer index of the hidden layer shown first; undefined: the middle one */
  constructor(experiment: Experiment, { points, every }: Follow, layer: unknown) {
    const pairs = pairsOf(points.names.length);
    const [dx2, dy2] = [squaredDistances(points.x, pairs), squaredDistances(points.wanted, pairs)];
    const layers = experiment.network.hidden!.map(({ name }) => name);
    this.record = {
      schema: FOLLOWED_SCHEMA,
      points: [...points.names],
      pairs: pairs.map((pair, i) => ({ pair: pair.join("-"), dx2: dx2[i]!, dy2: dy2[i]! })),
      layers,
      layer: layers[typeof layer === "number" ? layer : Math.floor(layers.length / 2)]!,
      lossFactor:
        points.names.length === 2 ? lossFactorOf(experiment.objective.name, points.wanted.shape[1] ?? 1) : null,
      every,
    };
  }

  /** Rows of trajectories.csv: look by look, pair by pair, layer by layer. */
  rows(steps: readonly FollowedStep[]): TrajectoryRow[] {
    const { pairs, layers } = this.record;
    return steps.flatMap(({ step, loss, dh2, dy2, w }) =>
      pairs.flatMap(({ pair }, i) =>
        layers.map((layer, l) => ({ step, pair, layer, dh2: dh2[l]![i]!, dy2: dy2[i]!, w: w[i]!, loss })),
      ),
    );
  }
}
