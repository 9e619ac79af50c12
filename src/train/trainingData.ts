/**
 * @file Where training batches come from: an endless stream (onlineTeacher.ts, freshSamples.ts) or a finite set
 * (finiteSet.ts). A source can be saved in mid-stream as plain JSON and goes on with exactly the batches it would have
 * given.
 */
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import type { Tensor } from "../onnx/tensor.ts";

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
