/** @file Activation functions by their names in PyTorch. */
import type { GraphBuilder } from "../onnx/graphBuilder.ts";

const builders = {
  relu: (g, x) => g.op("Relu", [x]),
  tanh: (g, x) => g.op("Tanh", [x]),
  gelu: (g, x) => g.op("Gelu", [x]),
  silu: (g, x) => g.op("Swish", [x]),
  "leaky-relu": (g, x) => g.op("LeakyRelu", [x], { alpha: { float: 0.01 } }),
  elu: (g, x) => g.op("Elu", [x]),
  sigmoid: (g, x) => g.op("Sigmoid", [x]),
  softplus: (g, x) => g.op("Softplus", [x]),
  identity: (_, x) => x,
} as const satisfies Record<string, (g: GraphBuilder, x: string) => string>;

export type Activation = keyof typeof builders;
export const activations = Object.keys(builders) as Activation[];

/** Adds the activation of `x`, with the defaults of torch.nn (leaky slope 0.01, alpha 1, GELU by erf). */
export function activate(builder: GraphBuilder, activation: Activation, x: string): string {
  return builders[activation](builder, x);
}
