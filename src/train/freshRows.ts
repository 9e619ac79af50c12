/** @file An endless stream of rows drawn by a function: inputs and targets of each batch are made outside the graph. */
import { type DataType, float32, type Tensor } from "../onnx/tensor.ts";
import { Random } from "../random/random.ts";
import type { TrainingData } from "./trainingData.ts";

export interface FreshRows {
  /** Rows per batch. */
  readonly batch: number;
  /** Values per input. */
  readonly inputs: number;
  readonly target: { readonly dtype: DataType; readonly shape: readonly number[] };
  /** Fills the inputs (batch, inputs) of one batch and returns its target. */
  fill(x: Float32Array, random: Random): Tensor;
}

export function freshRows({ batch, inputs, target, fill }: FreshRows, random: Random): TrainingData {
  let stream = random;
  return {
    inputShape: [batch, inputs],
    target,
    draw(K) {
      const x = new Float32Array(K * batch * inputs);
      const targets = Array.from({ length: K }, (_, k) =>
        fill(x.subarray(k * batch * inputs, (k + 1) * batch * inputs), stream),
      );
      return { "data/x": float32(x, [K, batch, inputs]), "data/target": joined(targets) };
    },
    prepare: (g) => ({
      x: g.input("data/x", "float32", ["K", batch, inputs]),
      target: g.input("data/target", target.dtype, ["K", ...target.shape]),
    }),
    state: () => Array.from(stream.state()),
    restore(state) {
      stream = Random.fromState(state as number[]);
    },
  };
}

/** (K, ...) of K tensors of one shape. */
function joined(all: readonly Tensor[]): Tensor {
  const { dtype, shape, data } = all[0]!;
  const whole = new (data.constructor as Float32ArrayConstructor)(all.length * data.length);
  for (const [k, one] of all.entries()) whole.set(one.data as Float32Array, k * data.length);
  return { dtype, shape: [all.length, ...shape], data: whole } as Tensor;
}
