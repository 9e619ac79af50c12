/**
 * @file A model with its loss: the forward graph with parameters and targets as inputs, one loss per sample, and all
 * shapes bound to one batch. The probe differentiates this graph, the evaluator runs it, and training descends on it.
 */
import { bindShapes } from "../../engine/bindShapes.ts";
import type { Engine } from "../../engine/engine.ts";
import { specialize, type TakenBranch } from "../../engine/specialize.ts";
import { IGNORED, type Objective, type OwnLoss, type Value } from "../../objectives/objective.ts";
import { type BoundValue, type Graph, int, type Model } from "../../onnx/graph.ts";
import { GraphBuilder } from "../../onnx/graphBuilder.ts";
import { int64, sizeOf, type Tensor } from "../../onnx/tensor.ts";
import { type Feeds, TARGET } from "../feeds.ts";
import { scannedMaps } from "../maps/scanMaps.ts";

export interface LossGraph {
  /**
   * Inputs: the model's, its parameters, TARGET. No outputs yet. Values that do not depend on inputs are folded into
   * initializers.
   */
  readonly graph: Graph;
  /** Type and shape of every value, including those in the bodies of Scans. */
  readonly values: Map<string, BoundValue>;
  /**
   * The value whose gradient is that of another, for outputs of maps that were found in the body of a Scan
   * (scannedMaps).
   */
  readonly standIns: ReadonlyMap<string, string>;
  /** Branches that the data take. */
  readonly taken: readonly TakenBranch[];
  /** The losses of the samples. */
  readonly perSample: string;
  /** The model's output and the target, unless the model computes its loss itself. */
  readonly pair?: { readonly output: Value; readonly target: Value };
}

/**
 * @param parameters initializers that become inputs, because their values change
 * @param feeds one batch: inputs, parameters, TARGET (unless the model computes its own loss); only types and shapes
 *   matter
 * @throws RangeError when the targets do not fit the output, or there is no output of the loss's name
 */
export async function lossGraph(
  engine: Engine,
  model: Model,
  objective: Objective | OwnLoss,
  parameters: readonly string[],
  feeds: Feeds,
): Promise<LossGraph> {
  const { [TARGET]: target, ...inputs } = feeds;
  const forward = parametersAsInputs(boundInputs(model.graph, inputs), parameters);
  const { model: folded, values: outer, taken } = await specialize(engine, { ...model, graph: forward }, inputs);
  const { graph: opened, values, standIns } = await scannedMaps(engine, folded, outer, parameters);
  const graph = { ...opened, outputs: [] };
  if (objective.lossOutput !== undefined)
    return { graph, values, standIns, taken, perSample: ownLoss(forward, values, objective.lossOutput) };
  const name = forward.outputs[0]!.name;
  const output = { name, ...values.get(name)! };
  checkTarget(objective, output, target);
  const builder = new GraphBuilder("loss", graph);
  const { dtype, shape } = target!;
  builder.input(TARGET, dtype);
  const pair = { output, target: { name: TARGET, dtype, shape } };
  const perSample = objective.perSample(builder, output, pair.target);
  const withLoss = builder.build();
  const bound = await bindShapes(engine, { ...model, graph: withLoss }, feeds);
  return { graph: withLoss, values: new Map([...values, ...bound]), standIns, taken, perSample, pair };
}

/** The model's own loss, which must be one number per sample. */
function ownLoss(graph: Graph, values: ReadonlyMap<string, BoundValue>, name: string): string {
  const bound = values.get(name);
  if (bound === undefined || !graph.outputs.some((output) => output.name === name))
    throw new RangeError(
      `loss: expected an output called "${name}", got ${graph.outputs.map((output) => output.name).join(", ")}`,
    );
  if (bound.shape.length === 0 || bound.dtype !== "float32")
    throw new RangeError(
      `loss: expected "${name}" to hold one float32 loss per sample, got ${bound.dtype} of shape (${bound.shape.join(", ")}); ` +
        'export the model with the loss not averaged (reduction="none")',
    );
  return name;
}

/** Names of the outputs that addLossOutputs declares. */
const LOSS_SUM = "loss/sum";
const CORRECT = "loss/correct";
const COUNT = "loss/count";

/**
 * Declares outputs: the sum of the losses and, for classification, the numbers of correct samples and of samples with a
 * target.
 */
export function addLossOutputs(builder: GraphBuilder, loss: LossGraph, objective: Objective | OwnLoss): void {
  const sum = (values: string) => builder.op("ReduceSum", [values], { keepdims: int(0) });
  builder.output(sum(loss.perSample), LOSS_SUM);
  if (objective.lossOutput !== undefined || objective.classAxis === undefined) return;
  const asFloat = (mask: string) => builder.op("Cast", [mask], { to: int(1) });
  const { output, target } = loss.pair!;
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

  /** Mean loss, and the share of correct samples where it is defined. */
  means(): { loss: number; accuracy?: number; samples: number } {
    const { samples, correct } = this;
    const loss = this.loss / samples;
    return correct === undefined ? { loss, samples } : { loss, accuracy: correct / samples, samples };
  }
}

/** The graph for batches of the feeds' size, whatever size it was exported with. */
function boundInputs(graph: Graph, feeds: Feeds): Graph {
  const inputs = graph.inputs.map((input) => {
    const [batch] = feeds[input.name]?.shape ?? [];
    if (batch === undefined || input.shape === undefined || input.shape.length === 0) return input;
    return { ...input, shape: [batch, ...input.shape.slice(1)] };
  });
  return { ...graph, inputs, outputs: graph.outputs.map(({ name }) => ({ name })) };
}

/** The graph with initializers as inputs of the same name, type and shape. */
export function parametersAsInputs(graph: Graph, parameters: readonly string[]): Graph {
  const names = new Set(parameters);
  const inputs = parameters.map((name) => {
    const { dtype, shape } = graph.initializers.get(name)!;
    return { name, dtype, shape };
  });
  const initializers = new Map([...graph.initializers].filter(([name]) => !names.has(name)));
  return { ...graph, inputs: [...graph.inputs, ...inputs], initializers };
}

/**
 * Checks the class indices of one batch. The graph would count a negative index from the end.
 *
 * @throws RangeError in one line
 */
export function checkLabels(objective: Objective | OwnLoss, { pair }: LossGraph, feeds: Feeds): void {
  if (pair === undefined || objective.lossOutput !== undefined || objective.classAxis === undefined) return;
  const classes = pair.output.shape[objective.classAxis(pair.output.shape, pair.target.shape)]!;
  const labels = feeds[TARGET]!.data as BigInt64Array;
  for (const label of labels)
    if ((label < 0n || label >= classes) && label !== BigInt(IGNORED))
      throw new RangeError(
        `${objective.name}: expected class indices 0 to ${classes - 1} (or ${IGNORED} for none), got ${label}; check the targets`,
      );
}

/** The error for targets that do not fit the output of a batch. */
export class TargetMismatch extends RangeError {
  override readonly name = "RangeError";
  private readonly objective: Objective;
  private readonly output: BoundValue;
  private readonly target: BoundValue | undefined;

  constructor(objective: Objective, output: BoundValue, target: BoundValue | undefined) {
    super(mismatch(objective, output, target));
    this.objective = objective;
    this.output = output;
    this.target = target;
  }

  /** The message for n samples instead of a batch of them. */
  ofAll(n: number): string {
    const { objective, output, target } = this;
    const batch = target?.shape[0];
    const whole = (value: BoundValue): BoundValue =>
      value.shape[0] === batch ? { ...value, shape: [n, ...value.shape.slice(1)] } : value;
    return mismatch(objective, whole(output), target && whole(target));
  }
}

function mismatch(objective: Objective, output: BoundValue, target: BoundValue | undefined): string {
  const text = (shape: readonly number[]) => `(${shape.join(", ")})`;
  const expected = [...new Set(objective.targetShapes(output.shape).map(text))].join(" or ");
  if (target === undefined) return `${objective.name}: expected targets of shape ${expected}, got none`;
  const areIndices = objective.classAxis === undefined && target.shape.length === output.shape.length - 1;
  return (
    `${objective.name}: expected ${objective.targetType} targets of shape ${expected} for outputs of shape ${text(output.shape)}, got ` +
    `${target.dtype} ${text(target.shape)}; pass the targets of the same inputs${areIndices ? ", or take cross-entropy as the loss if they are class indices or tokens" : ""}`
  );
}

function checkTarget(objective: Objective, output: BoundValue, target: Tensor | undefined): void {
  const shapes = objective.targetShapes(output.shape);
  const fits = shapes.some(
    (shape) => shape.length === target?.shape.length && shape.every((d, i) => d === target.shape[i]),
  );
  if (!fits || target?.dtype !== objective.targetType) throw new TargetMismatch(objective, output, target);
}
