/**
 * @file A model with its loss: the forward graph with parameters and targets as inputs, one loss per sample, and all shapes
 * bound to one batch. What the probe differentiates, the evaluator sums up and training descends on.
 */
import { bindShapes } from "../engine/bindShapes.ts";
import type { Engine } from "../engine/engine.ts";
import { foldConstants } from "../engine/foldConstants.ts";
import { IGNORED, type Objective, type Value } from "../objectives/objective.ts";
import { type BoundValue, type Graph, int, type Model } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import { int64, sizeOf, type Tensor } from "../onnx/tensor.ts";
import { type Feeds, TARGET } from "./feeds.ts";

export interface LossGraph {
  /** Inputs: the model's, its parameters, TARGET. No outputs yet. What does not depend on them is folded into initializers. */
  readonly graph: Graph;
  /** Type and shape of every value. */
  readonly values: Map<string, BoundValue>;
  /** The model's first output, the target, and the losses of the samples. */
  readonly output: Value;
  readonly target: Value;
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
  const name = forward.outputs[0]!.name;
  const { [TARGET]: target, ...inputs } = feeds;
  const folded = await foldConstants(engine, { ...model, graph: forward }, inputs);
  const output = { name, ...folded.values.get(name)! };
  checkTarget(objective, output, target);
  const builder = new GraphBuilder("loss", { ...folded.model.graph, outputs: [] });
  const { dtype, shape } = target!;
  builder.input(TARGET, dtype);
  const perSample = objective.perSample(builder, output, { name: TARGET, dtype, shape });
  const graph = builder.build();
  const values = await bindShapes(engine, { ...model, graph }, feeds);
  return { graph, values, output, target: { name: TARGET, dtype, shape }, perSample };
}

/** Names of the outputs that addLossOutputs declares. */
const LOSS_SUM = "loss/sum";
const CORRECT = "loss/correct";
const COUNT = "loss/count";

/** Declares the sum of the losses, and for classification the numbers of correct samples and of samples with a target, as outputs. */
export function addLossOutputs(builder: GraphBuilder, loss: LossGraph, objective: Objective): void {
  const sum = (values: string) => builder.op("ReduceSum", [values], { keepdims: int(0) });
  builder.output(sum(loss.perSample), LOSS_SUM);
  if (objective.classAxis === undefined) return;
  const asFloat = (mask: string) => builder.op("Cast", [mask], { to: int(1) });
  const { output, target } = loss;
  const axis = objective.classAxis(output.shape, target.shape);
  const predicted = builder.op("ArgMax", [output.name], { axis: int(axis), keepdims: int(0) });
  builder.output(sum(asFloat(builder.op("Equal", [predicted, target.name]))), CORRECT);
  const ignored = builder.op("Equal", [target.name, builder.constant(int64([IGNORED], []))]);
  builder.output(sum(asFloat(builder.op("Not", [ignored]))), COUNT);
}

/** Adds up loss and accuracy over batches. */
export class LossSums {
  /** Samples with a target; tokens are samples. */
  samples = 0;
  private loss = 0;
  private correct: number | undefined;

  add(outputs: Readonly<Record<string, Tensor>>, loss: Pick<LossGraph, "values" | "perSample">): void {
    const scalar = (name: string) => (outputs[name]?.data as Float32Array | undefined)?.[0];
    this.samples += scalar(COUNT) ?? sizeOf(loss.values.get(loss.perSample)!.shape);
    this.loss += scalar(LOSS_SUM)!;
    const correct = scalar(CORRECT);
    if (correct !== undefined) this.correct = (this.correct ?? 0) + correct;
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
  const shapes = objective.targetShapes(output.shape).map((shape) => `(${shape.join(", ")})`);
  const expected = [...new Set(shapes)].join(" or ");
  if (target === undefined) throw new RangeError(`${objective.name}: expected targets of shape ${expected}, got none`);
  const shape = `(${target.shape.join(", ")})`;
  if (target.dtype !== objective.targetType || !shapes.includes(shape))
    throw new RangeError(
      `${objective.name}: expected ${objective.targetType} targets of shape ${expected} for outputs of shape ` +
        `(${output.shape.join(", ")}), got ${target.dtype} ${shape}; pass the targets of the same inputs`,
    );
}
