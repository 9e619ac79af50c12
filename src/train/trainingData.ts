/**
 * @file Where training batches come from: an endless online teacher, or a finite set in seeded shuffled order. A source can be
 * saved in mid-stream as plain JSON and goes on with exactly the batches it would have given.
 */
import { gatherRows, ShuffledIndices, type ShuffleState } from "../data/batches.ts";
import type { Teacher } from "../data/teacher.ts";
import { int } from "../onnx/graph.ts";
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { float32, type Tensor } from "../onnx/tensor.ts";
import { Random } from "../random/random.ts";

/** Input and target of K batches: (K, B, ...) each. */
export interface Batches {
  readonly x: string;
  readonly target: string;
  /** One for each of the data's `masks`. */
  readonly masks?: readonly string[];
}

export interface TrainingData {
  /** Shapes of one batch of inputs (B, ...) and of targets. */
  readonly inputShape: readonly number[];
  readonly target: Pick<Tensor, "dtype" | "shape">;
  /** What the training form multiplies by, in the order of its Dropout nodes: shapes of one batch. Default: nothing. */
  readonly masks?: readonly (readonly number[])[];
  /** Draws K batches as tensors with a leading axis K; a promise where they are made beside the step. */
  draw(K: number): Record<string, Tensor> | Promise<Record<string, Tensor>>;
  /** Adds the graph inputs of what `draw` returns and the nodes that make x and target of them. */
  prepare(builder: GraphBuilder): Batches;
  /** Position in the stream, as plain JSON. */
  state(): unknown;
  restore(state: unknown): void;
  /** Ends what makes batches beside the step, if anything does; drawing again starts it again, at the same place. */
  close?(): Promise<void>;
}

/**
 * Endless samples of a teacher: x' ~ N(0, I) is drawn here, x = M x' and y = u^T sin(W x + b) (docs/theory.md Eqs. 25, 26)
 * are computed in the training graph, for all K batches at once.
 */
export function onlineTeacher(teacher: Teacher, batch: number, random: Random): TrainingData {
  let stream = random;
  return {
    inputShape: [batch, teacher.dIn],
    target: { dtype: "float32", shape: [batch, teacher.dOut] },
    draw(K) {
      const xPrime = new Float32Array(K * batch * teacher.dIn);
      stream.fillNormal(xPrime);
      return { "data/x'": float32(xPrime, [K, batch, teacher.dIn]) };
    },
    prepare: (g) => teacherNodes(g, teacher, g.input("data/x'", "float32", ["K", batch, teacher.dIn])),
    state: () => Array.from(stream.state()),
    restore(state) {
      stream = Random.fromState(state as number[]);
    },
  };
}

/** x = M x' and y = u^T sin(W x + b) for rows x' of any leading shape. */
export function teacherNodes(g: GraphBuilder, teacher: Teacher, xPrime: string): Batches {
  const { w, b, u, mixing, dIn, dOut, terms } = teacher;
  const product = (x: string, block: { data: Float32Array; shape: readonly number[] }) => {
    const [rows, cols] = block.shape as [number, number];
    return g.op("MatMul", [x, g.constant(float32(transposed(block.data, rows, cols), [cols, rows]))]);
  };
  const x = mixing === undefined ? xPrime : product(xPrime, mixing);
  const argument = g.op("Add", [product(x, { data: w.data, shape: [terms, dIn] }), g.constant(float32(b.data))]);
  return { x, target: product(g.op("Sin", [argument]), { data: u.data, shape: [dOut, terms] }) };
}

function transposed(data: Float32Array, rows: number, cols: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j * rows + i] = data[i * cols + j]!;
  return out;
}

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

/** Target of one class index: the index itself, or a one-hot row of `classes` values for regression. */
export type TargetForm = { readonly kind: "index" } | { readonly kind: "one-hot"; readonly classes: number };

/**
 * A finite set in seeded shuffled order, each sample once an epoch, the last incomplete batch dropped. Bytes are fed as bytes and
 * scaled in the graph.
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
