/**
 * @file Objectives as graph fragments: output of the network and target in, one loss per sample out. Training takes
 * their mean, the probe the gradient of their sum, so that row i of a gradient is the gradient of sample i's own loss.
 * Tokens are samples.
 */
import type { BoundValue } from "../onnx/graph.ts";
import { int } from "../onnx/graph.ts";
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { type DataType, float32, float64, int64 } from "../onnx/tensor.ts";

export interface Objective {
  /** Of `objectiveNames`, or "elbo" (elbo.ts). */
  readonly name: ObjectiveName | "elbo";
  readonly lossOutput?: undefined;
  /** Element type of the target tensor. */
  readonly targetType: DataType;
  /** Shapes of targets that fit an output of the given shape; the first is the standard one. */
  targetShapes(output: readonly number[]): readonly (readonly number[])[];
  /**
   * The axis of the classes, for objectives whose target is a class index.
   *
   * @param target shape of the target, which distinguishes (n, T, classes) from (n, classes, T)
   */
  classAxis?(output: readonly number[], target: readonly number[]): number;
  /** Whether a sample's loss depends on the other samples of its batch. Default: false. */
  readonly acrossSamples?: boolean;
  /** Adds the nodes and returns the name of the losses: (n), or (n, T) for tokens; 0 where the target is IGNORED. */
  perSample(builder: GraphBuilder, output: Value, target: Value): string;
}

/** The loss that a model computes itself: the name of its output of per-sample losses. */
export interface OwnLoss {
  readonly name: string;
  readonly lossOutput: string;
}

/** A value of a graph with its shape. */
export interface Value extends BoundValue {
  readonly name: string;
}

/**
 * Class index that means "no target here", as in torch.nn.CrossEntropyLoss: such samples have no loss and are not
 * counted.
 */
export const IGNORED = -100;

export const objectiveNames = [
  "mse",
  "half-mse",
  "squared-error",
  "cross-entropy",
  "nll",
  "bce",
  "bce-with-logits",
  "nt-xent",
  "info-nce",
] as const;
export type ObjectiveName = (typeof objectiveNames)[number];

/** An objective of a real target of the output's shape: the mean over outputs of an entrywise loss, or its sum. */
function regression(
  name: ObjectiveName,
  entrywise: (builder: GraphBuilder, output: Value, target: string) => string,
  over: "ReduceMean" | "ReduceSum" = "ReduceMean",
): Objective {
  return {
    name,
    targetType: "float32",
    targetShapes: (output) => [output],
    perSample(builder, output, target) {
      const entries = entrywise(builder, output, target.name);
      const axes = output.shape.map((_, axis) => axis).slice(1);
      if (axes.length === 0) return entries;
      return builder.op(over, [entries, builder.ints(axes)], { keepdims: int(0) });
    },
  };
}

const squaredDifference = (builder: GraphBuilder, output: Value, target: string): string => {
  const difference = builder.op("Sub", [output.name, target]);
  return builder.op("Mul", [difference, difference]);
};

/** (f - y)^2   (docs/theory.md Eq. 23; torch.nn.MSELoss before its mean over samples). */
const mse = regression("mse", squaredDifference);

/** |f - y|^2, without a mean over outputs: the loss in the theory of symmetry and noise. */
const squaredError = regression("squared-error", squaredDifference, "ReduceSum");

/** (f - y)^2 / 2: the loss in the two-point theory. */
const halfMse = regression("half-mse", (builder, output, target) =>
  builder.op("Mul", [squaredDifference(builder, output, target), builder.scalar(0.5, output.dtype)]),
);

/**
 * -(y log p + (1 - y) log(1 - p)), logarithms not below -100 (torch.nn.BCELoss before its mean). The logarithm of 0 has
 * no gradient: that of a saturated sigmoid is 0 as well, and infinity times 0 would be no number.
 */
const bce = regression("bce", (builder, { name, dtype }, target) => {
  const [one, least] = [builder.scalar(1, dtype), builder.scalar(-100, dtype)];
  const log = (p: string) => {
    const isPositive = builder.op("Greater", [p, builder.scalar(LEAST_NORMAL, dtype)]);
    const safe = builder.op("Where", [isPositive, p, one]);
    return builder.op("Where", [isPositive, builder.op("Max", [builder.op("Log", [safe]), least]), least]);
  };
  const rest = (p: string) => builder.op("Sub", [one, p]);
  const hit = builder.op("Mul", [target, log(name)]);
  return builder.op("Neg", [builder.op("Add", [hit, builder.op("Mul", [rest(target), log(rest(name))])])]);
});

/** Below it float32 loses digits, and its inverse is infinite. */
const LEAST_NORMAL = 1.1754944e-38;

/** log(1 + e^f) - y f (torch.nn.BCEWithLogitsLoss before its mean). */
const bceWithLogits = regression("bce-with-logits", (builder, { name }, target) =>
  builder.op("Sub", [builder.op("Softplus", [name]), builder.op("Mul", [target, name])]),
);

/**
 * An objective of a class index: minus the picked entry of the log-probabilities; with label smoothing s, 1 - s of it
 * and s of their mean over the classes, as torch.nn.CrossEntropyLoss(label_smoothing=s).
 */
function classification(
  name: ObjectiveName,
  logProbabilities: (b: GraphBuilder, f: string, axis: number) => string,
  smoothing = 0,
): Objective {
  const smoothed = (builder: GraphBuilder, hit: string, mean: string, dtype: DataType) =>
    builder.op("Add", [
      builder.op("Mul", [hit, builder.scalar(1 - smoothing, dtype)]),
      builder.op("Mul", [mean, builder.scalar(smoothing, dtype)]),
    ]);
  const classAxis = (output: readonly number[], target: readonly number[]) =>
    target.join() === output.slice(0, -1).join() ? output.length - 1 : 1;
  return {
    name,
    targetType: "int64",
    targetShapes: (output) => [output.slice(0, -1), [...output.slice(0, 1), ...output.slice(2)]],
    classAxis,
    perSample(builder, output, target) {
      const axis = classAxis(output.shape, target.shape);
      const ignored = builder.op("Equal", [target.name, builder.constant(int64([IGNORED], []))]);
      const index = builder.op("Where", [ignored, builder.constant(int64([0], [])), target.name]);
      const axes = builder.ints([axis]);
      const all = logProbabilities(builder, output.name, axis);
      const column = builder.op("GatherElements", [all, builder.op("Unsqueeze", [index, axes])], { axis: int(axis) });
      const hit = builder.op("Squeeze", [column, axes]);
      const picked =
        smoothing === 0
          ? hit
          : smoothed(builder, hit, builder.op("ReduceMean", [all, axes], { keepdims: int(0) }), output.dtype);
      return builder.op("Where", [ignored, builder.scalar(0, output.dtype), builder.op("Neg", [picked])]);
    },
  };
}

/** -log softmax(f)[y]   (docs/theory.md Eq. 24; torch.nn.CrossEntropyLoss before its mean). */
const crossEntropy = (smoothing: number) =>
  classification("cross-entropy", (builder, f, axis) => builder.op("LogSoftmax", [f], { axis: int(axis) }), smoothing);

/**
 * NT-Xent of SimCLR (docs/theory.md Eq. 81; Chen et al. 2020): the cross-entropy of finding a view's partner among all
 * other views of the batch by cosine similarities over the temperature. The output is (n, d), n both views of all
 * images; the target of a view is the row of its partner. The losses of a batch depend on all its rows, so a gradient's
 * row is not of one sample alone.
 */
function ntXent(temperature: number): Objective {
  return {
    name: "nt-xent",
    acrossSamples: true,
    targetType: "int64",
    targetShapes: (output) => [output.slice(0, 1)],
    perSample(builder, { name, shape, dtype }, target) {
      const n = shape[0]!;
      const squares = builder.op("ReduceSumSquare", [name, builder.ints([1])]);
      const norms = builder.op("Max", [builder.op("Sqrt", [squares]), builder.scalar(LEAST_NORM, dtype)]);
      const unit = builder.op("Div", [name, norms]);
      const scaled = builder.op("Mul", [unit, builder.scalar(1 / temperature, dtype)]);
      const similarities = builder.op("Gemm", [scaled, unit], { transB: int(1) });
      const made = dtype === "float64" ? float64 : float32;
      const itself = builder.constant(made(diagonal(n, Number.NEGATIVE_INFINITY), [n, n]));
      const others = builder.op("Add", [similarities, itself]);
      return crossEntropy(0).perSample(builder, { name: others, shape: [n, n], dtype }, target);
    },
  };
}

/**
 * InfoNCE by inner products (docs/theory.md Eq. 120; van den Oord et al. 2018): the rows of the output are first views,
 * then the second views of the same samples, and each has to find its partner among the views of the other half. The
 * target of a row is its partner's place there, 0 to n / 2 - 1. As in NT-Xent the losses of a batch depend on all its
 * rows.
 */
function infoNce(temperature: number): Objective {
  return {
    name: "info-nce",
    acrossSamples: true,
    targetType: "int64",
    targetShapes: (output) => [output.slice(0, 1)],
    perSample(builder, { name, shape, dtype }, target) {
      const n = shape[0]!;
      if (n % 2 !== 0) throw new RangeError(`info-nce: expected an even number of rows, two views a sample, got ${n}`);
      const halves = [n / 2, n / 2];
      const [first, second] = builder.ops("Split", [name, builder.ints(halves)], { axis: int(0) }, { outputs: 2 });
      const scaled = builder.op("Mul", [first!, builder.scalar(1 / temperature, dtype)]);
      const similarities = builder.op("Gemm", [scaled, second!], { transB: int(1) });
      const back = builder.op("Transpose", [similarities]);
      const all = builder.op("Concat", [similarities, back], { axis: int(0) });
      return crossEntropy(0).perSample(builder, { name: all, shape: [n, n / 2], dtype }, target);
    },
  };
}

/** torch.nn.functional.cosine_similarity divides by no less. */
const LEAST_NORM = 1e-8;

/** `value` on the diagonal of an (n, n) matrix, else 0. */
function diagonal(n: number, value: number): Float32Array {
  const matrix = new Float32Array(n * n);
  for (let i = 0; i < n; i++) matrix[i * n + i] = value;
  return matrix;
}

export interface ObjectiveOptions {
  /** Of "cross-entropy": share of the target spread evenly over all classes. Default 0. */
  readonly labelSmoothing?: number;
  /** Of "nt-xent" and "info-nce". Default 0.5, chosen: SimCLR's on CIFAR-10. */
  readonly temperature?: number;
}

const objectives: Record<ObjectiveName, (options: ObjectiveOptions) => Objective> = {
  mse: () => mse,
  "half-mse": () => halfMse,
  "squared-error": () => squaredError,
  bce: () => bce,
  "bce-with-logits": () => bceWithLogits,
  "cross-entropy": ({ labelSmoothing = 0 }) => crossEntropy(labelSmoothing),
  /** -f[y] for outputs that are log-probabilities already (torch.nn.NLLLoss before its mean). */
  nll: () => classification("nll", (_, f) => f),
  "nt-xent": ({ temperature = 0.5 }) => ntXent(temperature),
  "info-nce": ({ temperature = 0.5 }) => infoNce(temperature),
};

/** @throws RangeError for an unknown name, a smoothing outside [0, 1) or a temperature that is not positive */
export function objective(name: string, options: ObjectiveOptions = {}): Objective {
  const found = objectives[name as ObjectiveName];
  if (found === undefined)
    throw new RangeError(`objective: expected one of ${objectiveNames.join(", ")}, got "${name}"`);
  const { labelSmoothing = 0, temperature = 0.5 } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new RangeError(`objective: expected a label smoothing of at least 0 and below 1, got ${labelSmoothing}`);
  if (!(temperature > 0)) throw new RangeError(`objective: expected a temperature above 0, got ${temperature}`);
  return found(options);
}
