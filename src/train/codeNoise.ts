/**
 * @file Samples for variational autoencoders whose noise is drawn: standard normal deviates are appended to the inputs
 * of each sample, new ones at each step. The target may be the sample itself.
 */
import { int } from "../onnx/graph.ts";
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { float32 } from "../onnx/tensor.ts";
import { Random } from "../random/random.ts";
import type { TrainingData } from "./trainingData.ts";

export interface CodeNoiseOptions {
  /** Deviates per sample. */
  readonly columns: number;
  /** Whether the target of a sample is its input instead of the data's target. */
  readonly itself: boolean;
  /** A stream of its own, so that the samples do not depend on the number of deviates. */
  readonly random: Random;
}

/** Position of both streams. */
interface NoisyState {
  readonly data: unknown;
  readonly noise: readonly number[];
}

/** @param data rows of float32 inputs (B, d) */
export function withCodeNoise(data: TrainingData, { columns, itself, random }: CodeNoiseOptions): TrainingData {
  const [B, d] = data.inputShape as [number, number];
  let stream = random;
  return {
    inputShape: [B, d + columns],
    target: itself ? { dtype: "float32", shape: [B, d] } : data.target,
    async draw(K) {
      const noise = new Float32Array(K * B * columns);
      stream.fillNormal(noise);
      return { ...(await data.draw(K)), "data/code": float32(noise, [K, B, columns]) };
    },
    prepare(g: GraphBuilder) {
      const { x, target } = data.prepare(g);
      const noise = g.input("data/code", "float32", ["K", B, columns]);
      return { x: g.op("Concat", [x, noise], { axis: int(2) }), target: itself ? x : target };
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
