/**
 * @file A finite set of real samples in seeded shuffled order, each once per epoch, the last incomplete batch dropped.
 */
import { ShuffledIndices, type ShuffleState } from "../data/batches.ts";
import { float32, sizeOf, type Tensor } from "../onnx/tensor.ts";
import type { Random } from "../random/random.ts";
import type { TrainingData } from "./trainingData.ts";

/** @param x float32 (n, ...) @param target float32 (n, ...) @throws RangeError if batch is not one of 1 to n */
export function finiteValues(
  { x, target }: { readonly x: Tensor; readonly target: Tensor },
  { batch, random }: { readonly batch: number; readonly random: Random },
): TrainingData {
  const n = x.shape[0]!;
  let order = new ShuffledIndices(n, batch, random);
  const shapeOf = ({ shape }: Tensor) => [batch, ...shape.slice(1)];
  return {
    inputShape: shapeOf(x),
    target: { dtype: "float32", shape: shapeOf(target) },
    draw(K) {
      const chosen = new Uint32Array(K * batch);
      for (let k = 0; k < K; k++) order.next(chosen.subarray(k * batch, (k + 1) * batch));
      const drawn = (from: Tensor) => float32(rowsAt(from, chosen), [K, ...shapeOf(from)]);
      return { "data/x": drawn(x), "data/target": drawn(target) };
    },
    prepare: (g) => ({
      x: g.input("data/x", "float32", ["K", ...shapeOf(x)]),
      target: g.input("data/target", "float32", ["K", ...shapeOf(target)]),
    }),
    state: () => order.state(),
    restore(state) {
      order = ShuffledIndices.fromState(state as ShuffleState, n);
    },
  };
}

function rowsAt({ data, shape }: Tensor, rows: Uint32Array): Float32Array {
  const size = sizeOf(shape.slice(1));
  const out = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    out.set((data as Float32Array).subarray(row * size, (row + 1) * size), i * size);
  });
  return out;
}
