/** @file Full-batch training: every batch is the same samples in the same order. */
import { float32, type Tensor } from "../onnx/tensor.ts";
import type { TrainingData } from "./trainingData.ts";

/** @param x float32 (B, ...) @param target float32 (B, ...) */
export function fixedBatch(x: Tensor, target: Tensor): TrainingData {
  return {
    inputShape: x.shape,
    target: { dtype: target.dtype, shape: target.shape },
    draw: (K) => ({ "data/x": repeated(x, K), "data/target": repeated(target, K) }),
    prepare: (g) => ({
      x: g.input("data/x", "float32", ["K", ...x.shape]),
      target: g.input("data/target", "float32", ["K", ...target.shape]),
    }),
    state: () => null,
    restore() {},
  };
}

/** (K, ...) of K equal tensors. */
function repeated({ data, shape }: Tensor, K: number): Tensor {
  const all = new Float32Array(K * data.length);
  for (let k = 0; k < K; k++) all.set(data as Float32Array, k * data.length);
  return float32(all, [K, ...shape]);
}
