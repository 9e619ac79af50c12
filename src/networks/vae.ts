/**
 * @file Variational autoencoders. The encoder gives mean and logarithm of the variance of a code, the decoder makes
 * outputs of the code. Outputs have the layout of the objective `elbo`. Two forms:
 *
 * - linear, with the noise of the code averaged in closed form: input x, code mean W x, a variance for each dimension,
 *   decoder U z, no biases (docs/theory.md Eq. 110);
 * - with any widths and sampled noise: the input is a sample followed by a normal deviate for each dimension of the
 *   code.
 */
import { int } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import { float32, type Tensor } from "../onnx/tensor.ts";
import type { Random } from "../random/random.ts";
import { type Activation, activate } from "./activation.ts";
import type { Network } from "./network.ts";

export interface VaeOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Dimensions of the code. */
  readonly latent: number;
  /** Widths of the encoder's hidden layers; the decoder has them in reverse. None: linear. */
  readonly hidden: readonly number[];
  readonly activation: Activation;
  /**
   * "expected": averaged in closed form, for linear ones only; "sampled": drawn, in the last `latent` columns of the
   * input.
   */
  readonly noise: "expected" | "sampled";
  /** Whether maps have biases. Default: true if there are hidden layers. */
  readonly biases?: boolean;
}

/** Names of the parameters of a linear autoencoder. */
export const LINEAR_VAE = {
  encoder: "encoder.mean.weight",
  logVariance: "encoder.logVariance",
  decoder: "decoder.0.weight",
} as const;

/** @throws RangeError for hidden layers without sampled noise, whose mean has no closed form */
export function vae(options: VaeOptions, random: Random): Network {
  const { inputs, outputs, latent, hidden, noise, biases = hidden.length > 0 } = options;
  if (noise === "expected" && hidden.length > 0)
    throw new RangeError("vae: expected no hidden layers with expected noise, got some; use sampled noise");
  const g = new GraphBuilder("vae");
  const parameters: string[] = [];
  const made = { g, parameters, random, biases };
  const given = g.input("x", "float32", ["n", noise === "sampled" ? inputs + latent : inputs]);
  const [x, epsilon] =
    noise === "sampled"
      ? g.ops("Split", [given, g.ints([inputs, latent])], { axis: int(1) }, { outputs: 2 })
      : [given, undefined];
  let [h, width] = [x!, inputs];
  hidden.forEach((size, k) => {
    h = activate(g, options.activation, linear(made, `encoder.${k}`, h, [width, size]));
    width = size;
  });
  const mean = linear(made, "encoder.mean", h, [width, latent]);
  const logV =
    hidden.length > 0 ? linear(made, "encoder.logVariance", h, [width, latent]) : constantRow(made, mean, latent);
  let z = mean;
  if (epsilon !== undefined) {
    const deviation = g.op("Exp", [g.op("Mul", [logV, g.scalar(0.5)])]);
    z = g.op("Add", [mean, g.op("Mul", [deviation, epsilon])]);
  }
  width = latent;
  [...hidden].reverse().forEach((size, k) => {
    z = activate(g, options.activation, linear(made, `decoder.${k}`, z, [width, size]));
    width = size;
  });
  const f = linear(made, `decoder.${hidden.length}`, z, [width, outputs]);
  const spread = noise === "expected" ? [spreadOf(g, logV)] : [];
  g.output(g.op("Concat", [f, mean, logV, ...spread], { axis: int(1) }), "output");
  return { graph: g.build(), parameters };
}

interface Made {
  readonly g: GraphBuilder;
  readonly parameters: string[];
  readonly random: Random;
  readonly biases: boolean;
}

/**
 * A map with weights U(-1/sqrt(dIn), 1/sqrt(dIn)), the default of torch.nn.Linear (docs/theory.md Eq. 27), its bias
 * too.
 */
function linear(
  { g, parameters, random, biases }: Made,
  name: string,
  h: string,
  [dIn, dOut]: readonly [number, number],
): string {
  const bound = 1 / Math.sqrt(dIn);
  const drawn = (shape: readonly number[]) => {
    const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    random.fillUniform(values, -bound, bound);
    return float32(values, shape);
  };
  const W = g.initializer(`${name}.weight`, drawn([dOut, dIn]));
  const b = biases ? [g.initializer(`${name}.bias`, drawn([dOut]))] : [];
  parameters.push(W, ...b);
  return g.op("Gemm", [h, W, ...b], { transB: int(1) }, { name: `/${name}/Gemm` });
}

/** log v of every sample: a parameter, 0 at the start. */
function constantRow({ g, parameters }: Made, mean: string, latent: number): string {
  const logV = g.initializer(LINEAR_VAE.logVariance, float32(new Float32Array(latent)));
  parameters.push(logV);
  return g.op("Add", [g.op("Mul", [mean, g.scalar(0)]), logV]);
}

/** sum_j v_j |U_j|^2: contribution of the noise of the code to the mean square of a linear decoder's output. */
function spreadOf(g: GraphBuilder, logV: string): string {
  const squares = g.op("ReduceSumSquare", [LINEAR_VAE.decoder, g.ints([0])], { keepdims: int(1) });
  return g.op("ReduceSum", [g.op("Mul", [g.op("Exp", [logV]), squares]), g.ints([1])], { keepdims: int(1) });
}

/** Encoder and decoder evaluated by loops in float64, for looks at a few samples during training. */
export class VaeLook {
  private readonly values: ReadonlyMap<string, Tensor>;
  private readonly hidden: number;

  /** @param values of all parameters by name @param hidden layers on each side; their activation is ReLU */
  constructor(values: ReadonlyMap<string, Tensor>, hidden: number) {
    this.values = values;
    this.hidden = hidden;
  }

  /** Mean and log-variance of the code of each row. @param x (n, inputs) @returns (n, latent) each */
  encode(x: Float64Array): { mean: Float64Array; logVariance: Float64Array } {
    let h = x;
    for (let k = 0; k < this.hidden; k++) h = rectified(this.map(`encoder.${k}`, h));
    const mean = this.map("encoder.mean", h);
    if (this.hidden > 0) return { mean, logVariance: this.map("encoder.logVariance", h) };
    const row = this.values.get(LINEAR_VAE.logVariance)!.data as Float32Array;
    return { mean, logVariance: mean.map((_, i) => row[i % row.length]!) };
  }

  /** @param z (n, latent) @returns (n, outputs) */
  decode(z: Float64Array): Float64Array {
    let h = z;
    for (let k = 0; k < this.hidden; k++) h = rectified(this.map(`decoder.${k}`, h));
    return this.map(`decoder.${this.hidden}`, h);
  }

  private map(name: string, h: Float64Array): Float64Array {
    const { data, shape } = this.values.get(`${name}.weight`)!;
    const W = data as Float32Array;
    const b = this.values.get(`${name}.bias`)?.data as Float32Array | undefined;
    const [dOut, dIn] = shape as [number, number];
    const n = h.length / dIn;
    const out = new Float64Array(n * dOut);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < dOut; j++) {
        let sum = b?.[j] ?? 0;
        for (let p = 0; p < dIn; p++) sum += W[j * dIn + p]! * h[i * dIn + p]!;
        out[i * dOut + j] = sum;
      }
    return out;
  }
}

const rectified = (h: Float64Array) => h.map((value) => Math.max(0, value));
