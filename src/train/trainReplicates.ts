/**
 * @file Several networks of one form trained in one graph: networks that differ in seed, rate, decay or data. Each has
 * its own data, measurements and checkpoints, as when trained alone (training.ts); only the steps are taken together
 * (replicateStep.ts). Losses and parameters equal those of `train` up to the order of sums in float32.
 */
import type { Engine, Program } from "../engine/engine.ts";
import type { Model } from "../onnx/graph.ts";
import { NotReplicableError } from "../replicate/notReplicable.ts";
import type { Experiment } from "./experiment.ts";
import { Follower } from "./follow.ts";
import { replicateStepModels } from "./replicateStep.ts";
import { buildStepModel } from "./stepModel.ts";
import { StepsTogether } from "./stepsTogether.ts";
import type { TrainOptions, TrainResult } from "./trainOptions.ts";
import { isLarge, withTraining } from "./withTraining.ts";

/** Networks whose steps form one graph. */
export class Replicates {
  private readonly engine: Engine;
  private readonly experiments: readonly Experiment[];
  private readonly models: readonly Model[];
  private readonly model: Model;

  private constructor(engine: Engine, experiments: readonly Experiment[], models: readonly Model[], model: Model) {
    this.engine = engine;
    this.experiments = experiments;
    this.models = models;
    this.model = model;
  }

  /** @throws NotReplicableError where the steps differ in form, or an operator has no rule: train them one by one */
  static async of(engine: Engine, experiments: readonly Experiment[]): Promise<Replicates> {
    const large = experiments.find(({ network }) => isLarge(network));
    if (large !== undefined)
      throw new NotReplicableError("expected networks of a million parameters at most, got larger ones");
    const models: Model[] = [];
    for (const experiment of experiments) {
      const follower = experiment.follow && new Follower(experiment, experiment.follow);
      models.push(await buildStepModel(engine, { ...experiment, follower }));
    }
    return new Replicates(engine, experiments, models, await replicateStepModels(engine, models));
  }

  /**
   * Trains all of them, as `train` would train each.
   *
   * A network that ends early, by its signal or an error of its own such as DivergedError, gives up its place in the
   * graph. The others continue unchanged.
   *
   * @param options of each network. Steps, milestones, threads and the step to resume from must agree. undefined leaves
   *   a network out; its result is then an error
   * @returns for each network what `train` would return or throw
   * @throws RangeError where networks would not stop at the same steps
   */
  async train(options: readonly (TrainOptions | undefined)[]): Promise<PromiseSettledResult<TrainResult>[]> {
    if (options.length !== this.experiments.length)
      throw new RangeError(`train: expected options of ${this.experiments.length} networks, got ${options.length}`);
    const threads = options.find((one) => one !== undefined)?.threads ?? 1;
    const together = new StepsTogether(this.experiments.length, (left) => this.compile(left, threads));
    try {
      return await Promise.allSettled(
        this.experiments.map(async (experiment, r) => {
          try {
            const own = options[r];
            if (own === undefined) throw new RangeError(`train: expected options of network ${r}, got none`);
            const follower = experiment.follow && new Follower(experiment, experiment.follow);
            return await withTraining(this.engine, { experiment, options: own, follower }, (training) =>
              training.run((feeds) => together.step(r, training, feeds)),
            );
          } finally {
            together.leave(r);
          }
        }),
      );
    } finally {
      await together.dispose();
    }
  }

  /** The program of the networks that still train. */
  private async compile(left: readonly number[], threads: number): Promise<Program> {
    const all = left.length === this.models.length;
    const models = left.map((r) => this.models[r]!);
    const model = all ? this.model : await replicateStepModels(this.engine, models);
    return this.engine.compile(model, { threads });
  }
}
