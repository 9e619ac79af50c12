/**
 * @file Fully connected networks. Layer k is `layers.<k>` with weight (dOut, dIn) and bias (dOut), as in PyTorch;
 * activations are between layers, not after the last.
 */
import { int } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import { float32 } from "../onnx/tensor.ts";
import type { Random } from "../random/random.ts";
import { type Activation, activate } from "./activation.ts";
import type { Network } from "./network.ts";

export const initialisations = ["torch", "he", "xavier"] as const;
export type Initialisation = (typeof initialisations)[number];

export interface MlpOptions {
  /** Widths of input, hidden layers and output: [100, 64, 10] has two linear maps. */
  readonly widths: readonly number[];
  readonly activation: Activation;
  readonly initialisation?: Initialisation;
  /** Factor of the initial weights. Default 1. */
  readonly gain?: number;
  /** Default true. */
  readonly biases?: boolean;
  /** Whether the activation two layers below is added to each activation from the third on. Default false. */
  readonly skip?: boolean;
  /** Share of each hidden layer's values dropped in training. Default 0. */
  readonly dropout?: number;
}

/**
 * @throws RangeError if fewer than two widths are given, one is not a positive integer, or the gain is not positive
 */
export function mlp(options: MlpOptions, random: Random): Network {
  const { widths, activation, initialisation = "torch", gain = 1, biases = true, skip = false, dropout = 0 } = options;
  if (widths.length < 2 || widths.some((width) => !Number.isInteger(width) || width < 1))
    throw new RangeError(`mlp: expected at least two widths of 1 or more, got [${widths.join(", ")}]`);
  if (!(gain > 0)) throw new RangeError(`mlp: expected a gain above 0, got ${gain}`);
  if (!(dropout >= 0 && dropout < 1)) throw new RangeError(`mlp: expected a dropout from 0 to below 1, got ${dropout}`);
  const g = new GraphBuilder("mlp");
  const parameters: string[] = [];
  const hidden: string[] = [];
  let h = g.input("x", "float32", ["n", widths[0]!]);
  for (let k = 0; k + 1 < widths.length; k++) {
    const [dIn, dOut] = [widths[k]!, widths[k + 1]!];
    const { weight, bias } = initialLayer(dIn, dOut, { initialisation, gain }, random);
    const W = g.initializer(`layers.${k}.weight`, float32(weight, [dOut, dIn]));
    const b = biases ? [g.initializer(`layers.${k}.bias`, float32(bias, [dOut]))] : [];
    parameters.push(W, ...b);
    h = g.op("Gemm", [h, W, ...b], { transB: int(1) }, { name: `/layers.${k}/Gemm` });
    if (k + 2 === widths.length) break;
    h = activate(g, activation, h);
    if (skip && k > 1) h = g.op("Add", [h, hidden[k - 2]!]);
    if (dropout > 0) h = g.op("Dropout", [h, g.scalar(dropout)]);
    hidden.push(h);
  }
  g.output(h, "output");
  return { graph: g.build(), parameters, hidden: byIndex(hidden), independentSamples: true };
}

/** Hidden representations by index, from 0. */
export const byIndex = (values: readonly string[]): NonNullable<Network["hidden"]> =>
  values.map((value, k) => ({ name: String(k), value }));

/**
 * "torch": weight and bias ~ U(-1/sqrt(dIn), 1/sqrt(dIn)), the default of torch.nn.Linear (docs/theory.md Eq. 27);
 * "he": weight ~ N(0, 2/dIn), bias 0; "xavier": weight ~ N(0, 2/(dIn + dOut)), bias 0. The gain multiplies the weights.
 */
function initialLayer(
  dIn: number,
  dOut: number,
  { initialisation, gain }: { initialisation: Initialisation; gain: number },
  random: Random,
) {
  const weight = new Float32Array(dOut * dIn);
  const bias = new Float32Array(dOut);
  if (initialisation === "torch") {
    const bound = 1 / Math.sqrt(dIn);
    random.fillUniform(weight, -gain * bound, gain * bound);
    random.fillUniform(bias, -bound, bound);
  } else {
    random.fillNormal(weight, gain * Math.sqrt(initialisation === "he" ? 2 / dIn : 2 / (dIn + dOut)));
  }
  return { weight, bias };
}
