/**
 * @file A decoder-only transformer (setting llm of arXiv 2410.03006): learned positions, normalization before attention
 * and before the two-layer network, GELU, causal. Names and initial values are nanoGPT's: N(0, 0.02^2), biases 0, and
 * the two layers that add to the residual stream scaled by 1 / sqrt(2 layers).
 *
 * The residual stream is (n context, width) throughout, one row per token, so that every linear map is one Gemm.
 */
import { int } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import { float32 } from "../onnx/tensor.ts";
import type { Random } from "../random/random.ts";
import type { Network } from "./network.ts";

export interface GptOptions {
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** Tokens per sample. */
  readonly context: number;
  readonly vocabulary: number;
  /** Whether the output layer's weight is the embedding. Default true. */
  readonly tied?: boolean;
}

const DEVIATION = 0.02;
const EPSILON = 1e-5;

/**
 * Input "x" (n, context), int64; output (n, context, vocabulary).
 *
 * @throws RangeError if a size is not positive or the heads do not divide the width
 */
export function gpt(options: GptOptions, random: Random): Network {
  const { layers, heads, width, context, vocabulary, tied = true } = options;
  if (![layers, heads, width, context, vocabulary].every((size) => Number.isInteger(size) && size >= 1))
    throw new RangeError(
      `gpt: expected sizes of 1 or more, got ${layers} layers, ${heads} heads, width ${width}, context ${context}, vocabulary ${vocabulary}`,
    );
  if (width % heads !== 0) throw new RangeError(`gpt: expected heads that divide the width ${width}, got ${heads}`);
  const transformer = new Transformer(options, random);
  const { g } = transformer;
  const x = g.input("x", "int64", ["n", context]);
  const wte = transformer.weight("transformer.wte.weight", [vocabulary, width]);
  const wpe = transformer.weight("transformer.wpe.weight", [context, width]);
  const embedded = g.op("Add", [g.op("Gather", [wte, x], { axis: int(0) }), wpe]);
  let h = g.op("Reshape", [embedded, g.ints([-1, width])]);
  for (let layer = 0; layer < layers; layer++) h = transformer.block(`transformer.h.${layer}`, h);
  const last = transformer.normalized("transformer.ln_f", h);
  const head = tied ? wte : transformer.weight("lm_head.weight", [vocabulary, width]);
  const logits = g.op("Gemm", [last, head], { transB: int(1) }, { name: "/lm_head/Gemm" });
  g.output(g.op("Reshape", [logits, g.ints([-1, context, vocabulary])]), "output");
  return { graph: g.build(), parameters: transformer.parameters, independentSamples: true };
}

/** Adds layers with initial values to a graph. */
class Transformer {
  readonly g = new GraphBuilder("gpt");
  readonly parameters: string[] = [];
  private readonly options: GptOptions;
  private readonly random: Random;
  private readonly mask: string;

  constructor(options: GptOptions, random: Random) {
    this.options = options;
    this.random = random;
    this.mask = this.g.constant(float32(causalMask(options.context), [options.context, options.context]));
  }

  block(name: string, x: string): string {
    const { width, layers } = this.options;
    const residual = DEVIATION / Math.sqrt(2 * layers);
    const attended = this.attention(`${name}.attn`, this.normalized(`${name}.ln_1`, x));
    const projected = this.linear(`${name}.attn.c_proj`, attended, width, width, residual);
    const h = this.g.op("Add", [x, projected]);
    const hidden = this.linear(`${name}.mlp.c_fc`, this.normalized(`${name}.ln_2`, h), width, 4 * width);
    const active = this.g.op("Gelu", [hidden]);
    return this.g.op("Add", [h, this.linear(`${name}.mlp.c_proj`, active, 4 * width, width, residual)]);
  }

  /** softmax(Q K^T / sqrt(d) + mask) V of every head, side by side: (n context, width). */
  private attention(name: string, x: string): string {
    const { g } = this;
    const { heads, width, context } = this.options;
    const d = width / heads;
    const joined = this.linear(`${name}.c_attn`, x, width, 3 * width);
    const [q, k, v] = g.ops("Split", [joined], { axis: int(1), num_outputs: int(3) }, { outputs: 3 }) as [
      string,
      string,
      string,
    ];
    const byHead = (rows: string, perm: readonly number[]) =>
      g.op("Transpose", [g.op("Reshape", [rows, g.ints([-1, context, heads, d])])], { perm: { ints: perm } });
    const scaled = g.op("Mul", [q, g.scalar(1 / Math.sqrt(d))]);
    const scores = g.op("MatMul", [byHead(scaled, [0, 2, 1, 3]), byHead(k, [0, 2, 3, 1])]);
    const weights = g.op("Softmax", [g.op("Add", [scores, this.mask])], { axis: int(-1) });
    const mixed = g.op("MatMul", [weights, byHead(v, [0, 2, 1, 3])], {}, { name: `/${name}/heads` });
    return g.op("Reshape", [g.op("Transpose", [mixed], { perm: { ints: [0, 2, 1, 3] } }), g.ints([-1, width])]);
  }

  normalized(name: string, x: string): string {
    const { width } = this.options;
    const scale = this.parameter(`${name}.weight`, new Float32Array(width).fill(1), [width]);
    const shift = this.parameter(`${name}.bias`, new Float32Array(width), [width]);
    return this.g.op("LayerNormalization", [x, scale, shift], { axis: int(-1), epsilon: { float: EPSILON } });
  }

  private linear(name: string, x: string, dIn: number, dOut: number, deviation = DEVIATION): string {
    const W = this.weight(`${name}.weight`, [dOut, dIn], deviation);
    const b = this.parameter(`${name}.bias`, new Float32Array(dOut), [dOut]);
    return this.g.op("Gemm", [x, W, b], { transB: int(1) }, { name: `/${name}/Gemm` });
  }

  weight(name: string, shape: readonly [number, number], deviation = DEVIATION): string {
    const data = new Float32Array(shape[0] * shape[1]);
    this.random.fillNormal(data, deviation);
    return this.parameter(name, data, shape);
  }

  private parameter(name: string, data: Float32Array, shape: readonly number[]): string {
    this.parameters.push(name);
    return this.g.initializer(name, float32(data, shape));
  }
}

/** 0 for a token itself and earlier ones, minus infinity for later ones. */
function causalMask(context: number): Float32Array {
  const mask = new Float32Array(context * context);
  for (let t = 0; t < context; t++) mask.fill(Number.NEGATIVE_INFINITY, t * context + t + 1, (t + 1) * context);
  return mask;
}
