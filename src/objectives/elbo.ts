/**
 * @file The loss of a variational autoencoder, minus its evidence lower bound (docs/theory.md Eq. 110): the squared
 * error of the decoder over its variance, plus the weighted divergence of the code from the prior N(0, I).
 */
import { int } from "../onnx/graph.ts";
import type { Objective } from "./objective.ts";

export interface ElboOptions {
  /** Number of outputs of the decoder, the first entries of the network's output. */
  readonly outputs: number;
  /** Dimensions of the code, whose means and log-variances follow in the output. */
  readonly latent: number;
  /** beta, the weight of the divergence. */
  readonly beta: number;
  /** eta^2, the variance of the decoder's Gaussian. */
  readonly decoderVariance: number;
}

/**
 * |f - y|^2 / (2 eta^2) + beta KL(N(m, diag v), N(0, I)) per sample, with KL = sum_j (v_j + m_j^2 - 1 - log v_j) / 2.
 *
 * The output is (n, outputs + 2 latent), or one number more: rows of f, m, log v, and where the noise of the code was
 * averaged in closed form the mean of |f - E f|^2 over it, which adds to |f - y|^2. Constants of the Gaussians are left
 * out.
 */
export function elbo({ outputs, latent, beta, decoderVariance }: ElboOptions): Objective {
  const usual = outputs + 2 * latent;
  return {
    name: "elbo",
    targetType: "float32",
    targetShapes: ([n]) => [[n!, outputs]],
    perSample(builder, output, target) {
      const width = output.shape[1];
      if (output.shape.length !== 2 || (width !== usual && width !== usual + 1))
        throw new RangeError(
          `elbo: expected outputs of ${usual} numbers (${outputs} and twice ${latent}), or one more, got ${width}`,
        );
      const sizes = [outputs, latent, latent, ...(width === usual ? [] : [1])];
      const made = { axis: int(1) };
      const [f, m, logV, spread] = builder.ops("Split", [output.name, builder.ints(sizes)], made, {
        outputs: sizes.length,
      }) as [string, string, string, string?];
      const axes = builder.ints([1]);
      const sum = (rows: string) => builder.op("ReduceSum", [rows, axes], { keepdims: int(0) });
      const scaled = (value: string, factor: number) =>
        builder.op("Mul", [value, builder.scalar(factor, output.dtype)]);
      const missed = builder.op("ReduceSumSquare", [builder.op("Sub", [f, target.name]), axes], { keepdims: int(0) });
      const whole = spread === undefined ? missed : builder.op("Add", [missed, sum(spread)]);
      const square = builder.op("Mul", [m, m]);
      const excess = builder.op("Sub", [builder.op("Exp", [logV]), logV]);
      const terms = builder.op("Sub", [builder.op("Add", [excess, square]), builder.scalar(1, output.dtype)]);
      return builder.op("Add", [scaled(whole, 1 / (2 * decoderVariance)), scaled(sum(terms), beta / 2)]);
    },
  };
}
