/**
 * @file Optimizers as graph fragments over one parameter group, with the update rules of torch.optim. Quantities that
 * depend on the step alone (learning rate, bias correction) are computed outside in float64 and fed as coefficients.
 */
import type { GraphBuilder } from "../onnx/graphBuilder.ts";

export interface Optimizer {
  /** Names of the optimizer states, each of the parameters' shape and starting at 0. */
  readonly states: readonly string[];
  /** Number of coefficients per step. */
  readonly coefficientCount: number;
  /** Largest norm of all gradients together; larger ones are scaled down to it (torch.nn.utils.clip_grad_norm_). */
  readonly clip?: number;
  /** Scalars of step `step` (from 0) at learning rate `lr`; they exist before the gradient. */
  coefficients(step: number, lr: number): readonly number[];
  /**
   * Adds the update. Parameters, gradient and states have one shape; coefficients are scalars. Nothing else reads the
   * gradient. `isVector` says that the parameters are biases and scales. Returns the new parameters and states.
   */
  update(
    builder: GraphBuilder,
    parameters: string,
    gradient: string,
    states: readonly string[],
    coefficients: readonly string[],
    isVector: boolean,
  ): { parameters: string; states: string[] };
}

/** A number of all steps, which is part of the graph, or of each, counted from 0, which is a coefficient. */
export type Setpoint = number | ((step: number) => number);

export interface OptimizerOptions {
  readonly kind: (typeof optimizerNames)[number];
  readonly momentum?: Setpoint;
  readonly nesterov?: boolean;
  /** Weight decay gamma: added to the gradient (sgd, adam) or decoupled from it (adamw). */
  readonly decay?: Setpoint;
  /**
   * Whether biases and the scales and shifts of normalizations decay too, as in torch.optim; nanoGPT exempts them.
   * Default true.
   */
  readonly decayVectors?: boolean;
  /** Largest norm of all gradients together. Default: none. */
  readonly clip?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

export const optimizerNames = ["sgd", "adam", "adamw"] as const;

export function optimizer(options: OptimizerOptions): Optimizer {
  const { kind, clip, decayVectors = true } = options;
  if (clip !== undefined && !(clip > 0)) throw new RangeError(`optimizer: expected a clip above 0, got ${clip}`);
  const rule = kind === "sgd" ? sgd(options) : adam(options);
  if (!decayVectors && (typeof options.decay === "function" || typeof options.momentum === "function"))
    throw new RangeError(
      "optimizer: expected decay and momentum as numbers where vectors do not decay, got a function",
    );
  const plain = { ...options, decay: 0 };
  const free = decayVectors ? rule : kind === "sgd" ? sgd(plain) : adam(plain);
  return {
    ...rule,
    ...(clip === undefined ? {} : { clip }),
    update: (builder, parameters, gradient, states, coefficients, isVector) =>
      (isVector ? free : rule).update(builder, parameters, gradient, states, coefficients, isVector),
  };
}

/** A number known when the graph is built, or the name of a coefficient. */
type Factor = number | string;

/** a x; x itself where a is 1. */
function scaled(builder: GraphBuilder, x: string, a: Factor): string {
  return a === 1 ? x : builder.op("Mul", [x, typeof a === "string" ? a : builder.scalar(a)]);
}

/** gradient + decay * parameters, added within the product that computes a matrix's gradient if there is one. */
function decayed(builder: GraphBuilder, gradient: string, parameters: string, decay: Factor): string {
  if (decay === 0 || (typeof decay === "number" && builder.addIntoGemm(gradient, parameters, decay))) return gradient;
  return builder.op("Add", [gradient, scaled(builder, parameters, decay)]);
}

/** Set-points as coefficients behind others: those that are functions of the step. */
function moving(setpoints: readonly Setpoint[]) {
  const functions = setpoints.filter((one) => typeof one === "function");
  return {
    count: functions.length,
    at: (step: number) => functions.map((one) => one(step)),
    /** Each as a factor, of the names of those coefficients. */
    factors: (names: readonly string[]): Factor[] => {
      let next = 0;
      return setpoints.map((one) => (typeof one === "function" ? names[next++]! : one));
    },
  };
}

/**
 * torch.optim.SGD (docs/theory.md Eq. 19): g += decay theta; v = momentum v + g; theta -= lr v, or with Nesterov
 * theta -= lr (g + momentum v).
 */
function sgd({ momentum = 0, nesterov = false, decay = 0 }: OptimizerOptions): Optimizer {
  if (momentum === 0 && decay === 0) return plainSgd;
  const { count, at, factors } = moving([momentum, decay]);
  return {
    states: momentum === 0 ? [] : ["momentum"],
    coefficientCount: 1 + count,
    coefficients: (step, lr) => [lr, ...at(step)],
    update(builder, parameters, gradient, states, [lr, ...others]) {
      const [m, gamma] = factors(others) as [Factor, Factor];
      const g = decayed(builder, gradient, parameters, gamma);
      const move = (direction: string) => builder.op("Sub", [parameters, builder.op("Mul", [direction, lr!])]);
      if (m === 0) return { parameters: move(g), states: [] };
      const v = builder.op("Add", [scaled(builder, states[0]!, m), g]);
      const direction = nesterov ? builder.op("Add", [g, scaled(builder, v, m)]) : v;
      return { parameters: move(direction), states: [v] };
    },
  };
}

/** theta - lr g, where possible within the product that computes g: one pass over the matrix instead of three. */
const plainSgd: Optimizer = {
  states: [],
  coefficientCount: 1,
  coefficients: (_, lr) => [-lr],
  update(builder, parameters, gradient, _, [minusRate]) {
    if (builder.addIntoGemm(gradient, parameters, 1, minusRate)) return { parameters: gradient, states: [] };
    return { parameters: builder.op("Add", [parameters, builder.op("Mul", [gradient, minusRate!])]), states: [] };
  },
};

/**
 * torch.optim.Adam and AdamW (docs/theory.md Eqs. 20, 21): m = b1 m + (1-b1) g, s = b2 s + (1-b2) g^2,
 * theta -= lr / (1-b1^t) * m / (sqrt(s) / sqrt(1-b2^t) + eps); Adam adds decay theta to g, AdamW first shrinks theta by
 * lr decay.
 */
function adam({ kind, decay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: OptimizerOptions): Optimizer {
  const decoupled = kind === "adamw";
  const { count, at, factors } = moving(decoupled ? [] : [decay]);
  return {
    states: ["mean", "square"],
    coefficientCount: 3 + count,
    coefficients(step, lr) {
      const t = step + 1;
      const shrinking = typeof decay === "function" ? decay(step) : decay;
      return [lr / (1 - beta1 ** t), 1 / Math.sqrt(1 - beta2 ** t), 1 - lr * shrinking, ...at(step)];
    },
    update(builder, parameters, gradient, [mean, square], [rate, rootCorrection, keep, ...others]) {
      const g = decoupled ? gradient : decayed(builder, gradient, parameters, factors(others)[0]!);
      const start = decoupled && decay !== 0 ? builder.op("Mul", [parameters, keep!]) : parameters;
      const m = builder.op("Add", [scaled(builder, mean!, beta1), scaled(builder, g, 1 - beta1)]);
      const g2 = builder.op("Mul", [g, g]);
      const s = builder.op("Add", [scaled(builder, square!, beta2), scaled(builder, g2, 1 - beta2)]);
      const root = builder.op("Mul", [builder.op("Sqrt", [s]), rootCorrection!]);
      const denominator = builder.op("Add", [root, builder.scalar(epsilon)]);
      const move = builder.op("Mul", [builder.op("Div", [m, denominator]), rate!]);
      return { parameters: builder.op("Sub", [start, move]), states: [m, s] };
    },
  };
}
