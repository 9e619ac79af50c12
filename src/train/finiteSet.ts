/**
 * @file Training batches from a finite labelled set of byte images, in seeded shuffled order; rows of the set to
 * measure on.
 */
import { gatherRows, ShuffledIndices, type ShuffleState } from "../data/batches.ts";
import { int } from "../onnx/graph.ts";
import { float32, type Tensor } from "../onnx/tensor.ts";
import type { Random } from "../random/random.ts";
import type { TrainingData } from "./trainingData.ts";

/** TensorProto.DataType of the network's input. */
const FLOAT32 = 1;

/** A labelled set of byte images, a class index per image; pixels become (byte/255 - mean) / sd. */
export interface LabelledBytes {
  readonly n: number;
  readonly d: number;
  /** (n, d) */
  readonly x: Uint8Array;
  /** (n) class indices */
  readonly y: Uint8Array;
}

export interface PixelScale {
  readonly mean: number;
  readonly sd: number;
}

/** Target of a class index: the index itself, or a one-hot row of `classes` values for regression. */
export type TargetForm = { readonly kind: "index" } | { readonly kind: "one-hot"; readonly classes: number };

/**
 * A finite set in seeded shuffled order: each sample once an epoch, the last incomplete batch dropped. Images are fed
 * as bytes and scaled in the graph.
 */
export function finiteSet(
  set: LabelledBytes,
  { batch, random, pixels, form }: { batch: number; random: Random; pixels: PixelScale; form: TargetForm },
): TrainingData {
  let order = new ShuffledIndices(set.n, batch, random);
  return {
    inputShape: [batch, set.d],
    target: targetType(batch, form),
    draw(K) {
      const x = new Uint8Array(K * batch * set.d);
      const chosen = new Uint32Array(K * batch);
      for (let k = 0; k < K; k++) order.next(chosen.subarray(k * batch, (k + 1) * batch));
      gatherRows(set.x, chosen, x);
      const labels = Uint8Array.from(chosen, (index) => set.y[index]!);
      const bytes: Tensor = { dtype: "uint8", shape: [K, batch, set.d], data: x };
      return { "data/x": bytes, "data/target": targets(labels, form, [K, batch]) };
    },
    prepare(g) {
      const bytes = g.input("data/x", "uint8", ["K", batch, set.d]);
      const values = g.op("Cast", [bytes], { to: int(FLOAT32) });
      const scaled = g.op("Mul", [values, g.scalar(1 / (255 * pixels.sd))]);
      const { dtype, shape } = targetType(batch, form);
      return {
        x: g.op("Sub", [scaled, g.scalar(pixels.mean / pixels.sd)]),
        target: g.input("data/target", dtype, ["K", ...shape]),
      };
    },
    state: () => order.state(),
    restore(state) {
      order = ShuffledIndices.fromState(state as ShuffleState, set.n);
    },
  };
}

/** Rows [from, to) of a set as one batch: x (n, d) and its targets. */
export function rowsOf(
  set: LabelledBytes,
  from: number,
  to: number,
  pixels: PixelScale,
  form: TargetForm,
): { x: Tensor; target: Tensor } {
  const n = to - from;
  const x = Float32Array.from(set.x.subarray(from * set.d, to * set.d), (byte) => byte / 255);
  scalePixels(x, pixels);
  return { x: float32(x, [n, set.d]), target: targets(set.y.subarray(from, to), form, [n]) };
}

function targetType(batch: number, form: TargetForm): Pick<Tensor, "dtype" | "shape"> {
  if (form.kind === "index") return { dtype: "int64", shape: [batch] };
  return { dtype: "float32", shape: [batch, form.classes] };
}

function targets(labels: Uint8Array, form: TargetForm, lead: readonly number[]): Tensor {
  if (form.kind === "index") return { dtype: "int64", shape: lead, data: BigInt64Array.from(labels, BigInt) };
  const oneHot = new Float32Array(labels.length * form.classes);
  labels.forEach((label, i) => {
    oneHot[i * form.classes + label] = 1;
  });
  return float32(oneHot, [...lead, form.classes]);
}

function scalePixels(x: Float32Array, { mean, sd }: PixelScale): void {
  if (mean === 0 && sd === 1) return;
  for (let i = 0; i < x.length; i++) x[i] = (x[i]! - mean) / sd;
}
