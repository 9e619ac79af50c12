/**
 * @file Fully connected networks. Layer k is `layers.<k>` with weight (dOut, dIn) and bias (dOut), as PyTorch would store
 * them; the activation stands between layers, not after the last.
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
}

/** @throws RangeError when fewer than two widths are given or one is not a positive whole number */
export function mlp(options: MlpOptions, random: Random): Network {
  const { widths, activation, initialisation = "torch" } = options;
  if (widths.length < 2 || widths.some((width) => !Number.isInteger(width) || width < 1))
    throw new RangeError(`mlp: expected at least two widths of 1 or more, got [${widths.join(", ")}]`);
  const g = new GraphBuilder("mlp");
  const parameters: string[] = [];
  let h = g.input("x", "float32", ["n", widths[0]!]);
  for (let k = 0; k + 1 < widths.length; k++) {
    const [dIn, dOut] = [widths[k]!, widths[k + 1]!];
    const { weight, bias } = initialLayer(dIn, dOut, initialisation, random);
    const W = g.initializer(`layers.${k}.weight`, float32(weight, [dOut, dIn]));
    const b = g.initializer(`layers.${k}.bias`, float32(bias, [dOut]));
    parameters.push(W, b);
    h = g.op("Gemm", [h, W, b], { transB: int(1) }, { name: `/layers.${k}/Gemm` });
    if (k + 2 < widths.length) h = activate(g, activation, h);
  }
  g.output(h, "output");
  return { graph: g.build(), parameters, independentSamples: true };
}

/**
 * "torch": weight and bias ~ U(-1/sqrt(dIn), 1/sqrt(dIn)), the default of torch.nn.Linear (docs/theory.md Eq. 27);
 * "he": weight ~ N(0, 2/dIn), bias 0; "xavier": weight ~ N(0, 2/(dIn + dOut)), bias 0.
 */
function initialLayer(dIn: number, dOut: number, initialisation: Initialisation, random: Random) {
  const weight = new Float32Array(dOut * dIn);
  const bias = new Float32Array(dOut);
  if (initialisation === "torch") {
    const bound = 1 / Math.sqrt(dIn);
    random.fillUniform(weight, -bound, bound);
    random.fillUniform(bias, -bound, bound);
  } else {
    random.fillNormal(weight, Math.sqrt(initialisation === "he" ? 2 / dIn : 2 / (dIn + dOut)));
  }
  return { weight, bias };
}
