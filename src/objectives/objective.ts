/**
 * @file Objectives as graph fragments: output of the network and target in, one loss per sample out. Training takes their mean,
 * the probe the gradient of their sum, so that row i of a gradient is the gradient of sample i's own loss.
 */
import type { BoundValue } from "../onnx/graph.ts";
import { int } from "../onnx/graph.ts";
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { type DataType, float32 } from "../onnx/tensor.ts";

export interface Objective {
  readonly name: ObjectiveName;
  /** Element type of the target tensor. */
  readonly targetType: DataType;
  /** Whether the target is a class index, so that accuracy has a meaning. */
  readonly classification: boolean;
  /** Shape of the target that belongs to an output of the given shape. */
  targetShape(output: readonly number[]): readonly number[];
  /** Adds the nodes and returns the name of the (n) per-sample losses. */
  perSample(builder: GraphBuilder, output: string, bound: BoundValue, target: string): string;
}

export const objectiveNames = ["mse", "cross-entropy"] as const;
export type ObjectiveName = (typeof objectiveNames)[number];

/** l_i = mean over the outputs k of (f_ik - y_ik)^2   (docs/theory.md Eq. 23; torch.nn.MSELoss before its mean over i). */
const mse: Objective = {
  name: "mse",
  targetType: "float32",
  classification: false,
  targetShape: (output) => output,
  perSample(builder, output, { shape }, target) {
    const difference = builder.op("Sub", [output, target]);
    const square = builder.op("Mul", [difference, difference]);
    const axes = shape.map((_, axis) => axis).slice(1);
    if (axes.length === 0) return square;
    return builder.op("ReduceMean", [square, builder.ints(axes)], { keepdims: int(0) });
  },
};

/** l_i = -log softmax(f_i)[y_i]   (Eq. 24; torch.nn.CrossEntropyLoss before its mean). Output (n, classes), target (n) int64. */
const crossEntropy: Objective = {
  name: "cross-entropy",
  targetType: "int64",
  classification: true,
  targetShape: (output) => output.slice(0, 1),
  perSample(builder, output, { shape }, target) {
    if (shape.length !== 2)
      throw new RangeError(`cross-entropy: expected an output of shape (n, classes), got [${shape.join(", ")}]`);
    const logProbabilities = builder.op("LogSoftmax", [output], { axis: int(1) });
    const depth = builder.ints([shape[1]!]);
    const oneHot = builder.op("OneHot", [target, depth, builder.constant(float32([0, 1]))], { axis: int(1) });
    const picked = builder.op("Mul", [logProbabilities, oneHot]);
    const sum = builder.op("ReduceSum", [picked, builder.ints([1])], { keepdims: int(0) });
    return builder.op("Neg", [sum]);
  },
};

const objectives: Record<ObjectiveName, Objective> = { mse, "cross-entropy": crossEntropy };

/** @throws RangeError for an unknown name */
export function objective(name: string): Objective {
  const found = objectives[name as ObjectiveName];
  if (found === undefined)
    throw new RangeError(`objective: expected one of ${objectiveNames.join(", ")}, got "${name}"`);
  return found;
}
