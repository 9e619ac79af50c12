/** @file Loss and accuracy of a model over many samples, without gradients or moments. */
import type { Engine, Program } from "../engine/engine.ts";
import type { Objective, OwnLoss } from "../objectives/objective.ts";
import type { Model } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import type { Tensor } from "../onnx/tensor.ts";
import type { Feeds } from "./feeds.ts";
import { addLossOutputs, checkLabels, type LossGraph, LossSums, lossGraph } from "./nodes/lossGraph.ts";
import { ProgramsByShape } from "./programsByShape.ts";

export interface EvaluatorOptions {
  readonly objective: Objective | OwnLoss;
  /** Initializers whose values are passed to each evaluation. */
  readonly parameters?: readonly string[];
  readonly threads?: number;
}

export interface Evaluation {
  /** Mean of the per-sample losses. */
  readonly loss: number;
  /** Share of samples whose largest output is the target's, for classification. */
  readonly accuracy?: number;
  readonly samples: number;
}

/** The program for one shape of batch. */
interface Compiled {
  readonly program: Program;
  readonly loss: LossGraph;
}

export class Evaluator {
  private readonly engine: Engine;
  private readonly model: Model;
  private readonly options: EvaluatorOptions;
  private readonly programs = new ProgramsByShape((feeds) => this.compile(feeds));

  constructor(engine: Engine, model: Model, options: EvaluatorOptions) {
    this.engine = engine;
    this.model = model;
    this.options = options;
  }

  /** @throws RangeError when there is no batch, or a target does not fit the output */
  async evaluate(batches: Iterable<Feeds>, parameters: ReadonlyMap<string, Tensor> = new Map()): Promise<Evaluation> {
    const given = Object.fromEntries(parameters);
    const sums = new LossSums();
    for (const batch of batches) {
      const feeds = { ...given, ...batch };
      const { program, loss } = await this.programs.get(feeds);
      checkLabels(this.options.objective, loss, batch);
      sums.add(await program.run(feeds), loss);
    }
    if (sums.samples === 0) throw new RangeError("evaluator: expected at least one batch of data, got none");
    return sums.means();
  }

  async dispose(): Promise<void> {
    await this.programs.dispose();
  }

  private async compile(feeds: Feeds): Promise<Compiled> {
    const { objective, parameters = [], threads = 1 } = this.options;
    const loss = await lossGraph(this.engine, this.model, objective, parameters, feeds);
    const builder = new GraphBuilder("evaluate", loss.graph);
    addLossOutputs(builder, loss, objective);
    return { program: await this.engine.compile({ ...this.model, graph: builder.build() }, { threads }), loss };
  }
}
