/**
 * @file Dropout in training: masks are drawn alongside the batches, from a stream of their own. A checkpoint saves that
 * stream with the data's.
 */
import { float32, sizeOf, type Tensor } from "../onnx/tensor.ts";
import { Random } from "../random/random.ts";
import type { TrainingData } from "./trainingData.ts";

export interface DropoutOptions {
  /** Share that is dropped, in (0, 1). */
  readonly share: number;
  /** Shapes, for one batch, of the values to which dropout is applied, in the order of the network's Dropout nodes. */
  readonly shapes: readonly (readonly number[])[];
  readonly random: Random;
}

/** The same data with masks: 0 with probability `share`, else 1 / (1 - share), the scale of torch.nn.Dropout. */
export function withDropout(data: TrainingData, { share, shapes, random }: DropoutOptions): TrainingData {
  let stream = random;
  const input = (k: number) => `data/mask/${k}`;
  const draw = (K: number, shape: readonly number[]): Tensor => {
    const mask = new Float32Array(K * sizeOf(shape));
    stream.fillUniform(mask, 0, 1);
    for (let i = 0; i < mask.length; i++) mask[i] = mask[i]! < share ? 0 : 1 / (1 - share);
    return float32(mask, [K, ...shape]);
  };
  return {
    ...data,
    masks: shapes,
    async draw(K) {
      const masks = shapes.map((shape, k): [string, Tensor] => [input(k), draw(K, shape)]);
      return { ...(await data.draw(K)), ...Object.fromEntries(masks) };
    },
    prepare: (g) => ({
      ...data.prepare(g),
      masks: shapes.map((shape, k) => g.input(input(k), "float32", ["K", ...shape])),
    }),
    state: () => ({ data: data.state(), masks: Array.from(stream.state()) }),
    restore(state) {
      const { data: position, masks } = state as { data: unknown; masks: number[] };
      data.restore(position);
      stream = Random.fromState(masks);
    },
  };
}
