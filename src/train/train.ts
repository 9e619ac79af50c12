/**
 * @file The training loop: K steps per call of the step model, stopping at milestones to record, measure and save.
 * Calls are cut at multiples of K and at milestones, counted in absolute steps. A resumed run therefore makes the same
 * calls as an uninterrupted one, and its numbers agree to the last bit (same seed, same thread count, same machine
 * type).
 */
import type { Engine, Program } from "../engine/engine.ts";
import type { Tensor } from "../onnx/tensor.ts";
import type { Experiment } from "./experiment.ts";
import { Follower } from "./follow.ts";
import { buildStepModel, STEP_MODEL } from "./stepModel.ts";
import type { TrainOptions, TrainResult } from "./trainOptions.ts";
import { isLarge, withTraining } from "./withTraining.ts";

/**
 * Trains an experiment.
 *
 * @throws DivergedError when a loss is not finite; earlier checkpoints and measurements remain valid
 */
export async function train(engine: Engine, experiment: Experiment, options: TrainOptions): Promise<TrainResult> {
  const { threads = 1 } = options;
  const large = isLarge(experiment.network);
  const follower = experiment.follow && new Follower(experiment, experiment.follow);
  const stepModel = await buildStepModel(engine, { ...experiment, follower });
  const program = await ReleasableProgram.of(() => engine.compile(stepModel, { threads, planMemory: !large }));
  try {
    const releaseSteps = large ? () => program.dispose() : undefined;
    return await withTraining(engine, { experiment, options, follower, releaseSteps }, (training) =>
      training.run(async ({ coefficients, data, follow }) => {
        const started = performance.now();
        const state = Object.fromEntries(training.state());
        const out = await program.run({ ...data, ...follow, ...state, [STEP_MODEL.coefficients]: coefficients });
        const seconds = (performance.now() - started) / 1000;
        return { seconds, outputs: (name) => out[name]!.data as Float32Array };
      }),
    );
  } finally {
    await program.dispose();
  }
}

/** A program that releases its memory until its next use. */
class ReleasableProgram {
  private program: Program | undefined;
  private readonly make: () => Promise<Program>;

  private constructor(make: () => Promise<Program>, program: Program) {
    this.make = make;
    this.program = program;
  }

  /** Makes the program at once, so that its errors show before other work begins. */
  static async of(make: () => Promise<Program>): Promise<ReleasableProgram> {
    return new ReleasableProgram(make, await make());
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    this.program ??= await this.make();
    return this.program.run(feeds);
  }

  async dispose(): Promise<void> {
    await this.program?.dispose();
    this.program = undefined;
  }
}
