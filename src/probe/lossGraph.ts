/**
 * @file A model with its loss: the forward graph with parameters and targets as inputs, one loss per sample, and all shapes
 * bound to one batch. What the probe differentiates, the evaluator sums up and training descends on.
 */
import { bindShapes } from "../engine/bindShapes.ts";
import type { Engine } from "../engine/engine.ts";
import type { Objective } from "../objectives/objective.ts";
import { type BoundValue, type Graph, int, type Model } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import type { Tensor } from "../onnx/tensor.ts";
import { type Feeds, TARGET } from "./feeds.ts";

export interface LossGraph {
  /** Inputs: the model's, its parameters, TARGET. No outputs yet. */
  readonly graph: Graph;
  /** Type and shape of every value. */
  readonly values: Map<string, BoundValue>;
  /** The model's first output, and the losses of the samples. */
  readonly output: string;
  readonly perSample: string;
}

/**
 * @param parameters initializers that become inputs, because their values change
 * @param feeds one batch: inputs, parameters, TARGET; only types and shapes matter
 * @throws RangeError when the targets do not fit the output
 */
export async function lossGraph(
  engine: Engine,
  model: Model,
  objective: Objective,
  parameters: readonly string[],
  feeds: Feeds,
): Promise<LossGraph> {
  const forward = parametersAsInputs(model.graph, parameters);
  const output = forward.outputs[0]!.name;
  const { [TARGET]: target, ...inputs } = feeds;
  const bound = (await bindShapes(engine, { ...model, graph: forward }, inputs)).get(output)!;
  checkTarget(objective, bound, target);
  const builder = new GraphBuilder("loss", { ...forward, outputs: [] });
  const perSample = objective.perSample(builder, output, bound, builder.input(TARGET, objective.targetType));
  const graph = builder.build();
  return { graph, values: await bindShapes(engine, { ...model, graph }, feeds), output, perSample };
}

/** Names of the outputs that addLossOutputs declares. */
const LOSS_SUM = "loss/sum";
const CORRECT = "loss/correct";

/** Declares the sum of the losses, and for classification the number of correct samples, as outputs. */
export function addLossOutputs(builder: GraphBuilder, { perSample, output }: LossGraph, objective: Objective): void {
  builder.output(builder.op("ReduceSum", [perSample], { keepdims: int(0) }), LOSS_SUM);
  if (objective.classification) builder.output(countCorrect(builder, output), CORRECT);
}

/** Adds up loss and accuracy over batches. */
export class LossSums {
  samples = 0;
  private loss = 0;
  private correct: number | undefined;

  add(outputs: Readonly<Record<string, Tensor>>, batch: Feeds): void {
    this.samples += batch[TARGET]!.shape[0]!;
    this.loss += (outputs[LOSS_SUM]!.data as Float32Array)[0]!;
    const correct = outputs[CORRECT]?.data as Float32Array | undefined;
    if (correct !== undefined) this.correct = (this.correct ?? 0) + correct[0]!;
  }

  /** Mean loss, and the share of correct samples where that has a meaning. */
  means(): { loss: number; accuracy?: number; samples: number } {
    const { samples, correct } = this;
    const loss = this.loss / samples;
    return correct === undefined ? { loss, samples } : { loss, accuracy: correct / samples, samples };
  }
}

function parametersAsInputs(graph: Graph, parameters: readonly string[]): Graph {
  const names = new Set(parameters);
  const inputs = parameters.map((name) => {
    const { dtype, shape } = graph.initializers.get(name)!;
    return { name, dtype, shape };
  });
  const initializers = new Map([...graph.initializers].filter(([name]) => !names.has(name)));
  return { ...graph, inputs: [...graph.inputs, ...inputs], initializers };
}

function checkTarget(objective: Objective, output: BoundValue, target: Tensor | undefined): void {
  const expected = objective.targetShape(output.shape).join(", ");
  if (target === undefined)
    throw new RangeError(`${objective.name}: expected targets of shape (${expected}), got none`);
  if (target.dtype !== objective.targetType || target.shape.join(", ") !== expected)
    throw new RangeError(
      `${objective.name}: expected ${objective.targetType} targets of shape (${expected}) for outputs of shape ` +
        `(${output.shape.join(", ")}), got ${target.dtype} (${target.shape.join(", ")}); pass the targets of the same inputs`,
    );
}

/** Number of rows whose largest output stands at the target's index. */
function countCorrect(builder: GraphBuilder, output: string): string {
  const predicted = builder.op("ArgMax", [output], { axis: int(1), keepdims: int(0) });
  const equal = builder.op("Cast", [builder.op("Equal", [predicted, TARGET])], { to: int(1) });
  return builder.op("ReduceSum", [equal], { keepdims: int(0) });
}
