/**
 * @file Noise on the targets of a training stream: y + sd e with e ~ N(0, I), drawn anew for each sample
 * (docs/theory.md Eq. 25). For real targets only; the inputs and their stream do not change.
 */
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { float32, sizeOf, type Tensor } from "../onnx/tensor.ts";
import { Random } from "../random/random.ts";
import type { TrainingData } from "./trainingData.ts";

/** Position of both streams. */
interface NoisyState {
  readonly data: unknown;
  readonly noise: readonly number[];
}

/**
 * The same samples with noise on their targets.
 *
 * @param data a source of float32 targets
 * @param sd standard deviation of each entry of the noise, in the units of the targets
 * @param random a stream of its own, so that inputs are the same whatever sd is
 * @throws RangeError if the targets are class indices
 */
export function noisyTargets(data: TrainingData, sd: number, random: Random): TrainingData {
  const { dtype, shape } = data.target;
  if (dtype !== "float32")
    throw new RangeError(`noisyTargets: expected float32 targets, got ${dtype}; add noise to real targets only`);
  let stream = random;
  return {
    inputShape: data.inputShape,
    target: data.target,
    async draw(K) {
      const noise = normals(stream, K * sizeOf(shape), sd);
      return { ...(await data.draw(K)), "data/noise": float32(noise, [K, ...shape]) };
    },
    prepare(g: GraphBuilder) {
      const { x, target } = data.prepare(g);
      return { x, target: g.op("Add", [target, g.input("data/noise", "float32", ["K", ...shape])]) };
    },
    state: (): NoisyState => ({ data: data.state(), noise: Array.from(stream.state()) }),
    restore(state) {
      const position = state as NoisyState;
      data.restore(position.data);
      stream = Random.fromState(position.noise);
    },
    close: async () => data.close?.(),
  };
}

/** Target values with noise of the same distribution: a new tensor. */
export function withNoise(target: Tensor, sd: number, random: Random): Tensor {
  const sum = normals(random, sizeOf(target.shape), sd);
  for (let i = 0; i < sum.length; i++) sum[i]! += Number(target.data[i]);
  return float32(sum, target.shape);
}

function normals(random: Random, count: number, sd: number): Float32Array {
  const data = new Float32Array(count);
  random.fillNormal(data, sd);
  return data;
}
