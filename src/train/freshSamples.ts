/** @file Endless samples drawn one by one: each step sees new ones. */
import { float32, type Tensor } from "../onnx/tensor.ts";
import { Random } from "../random/random.ts";
import type { TrainingData } from "./trainingData.ts";

/** A source of samples. */
export interface SampleSource {
  readonly inputs: number;
  readonly outputs: number;
  /** Fills one sample: x (inputs) and its target (outputs). */
  draw(random: Random, x: Float32Array, target: Float32Array): void;
}

/** n samples as x (n, inputs) and target (n, outputs). */
export function samplesOf(source: SampleSource, n: number, random: Random): { x: Tensor; target: Tensor } {
  const { inputs, outputs } = source;
  const [x, target] = [new Float32Array(n * inputs), new Float32Array(n * outputs)];
  for (let i = 0; i < n; i++)
    source.draw(random, x.subarray(i * inputs, (i + 1) * inputs), target.subarray(i * outputs, (i + 1) * outputs));
  return { x: float32(x, [n, inputs]), target: float32(target, [n, outputs]) };
}

/** Batches of new samples from one stream, sample after sample. */
export function freshSamples(source: SampleSource, batch: number, random: Random): TrainingData {
  let stream = random;
  const [inputShape, targetShape] = [
    [batch, source.inputs],
    [batch, source.outputs],
  ] as const;
  return {
    inputShape,
    target: { dtype: "float32", shape: targetShape },
    draw(K) {
      const { x, target } = samplesOf(source, K * batch, stream);
      return {
        "data/x": { ...x, shape: [K, ...inputShape] },
        "data/target": { ...target, shape: [K, ...targetShape] },
      };
    },
    prepare: (g) => ({
      x: g.input("data/x", "float32", ["K", ...inputShape]),
      target: g.input("data/target", "float32", ["K", ...targetShape]),
    }),
    state: () => Array.from(stream.state()),
    restore(state) {
      stream = Random.fromState(state as number[]);
    },
  };
}
