/**
 * @file The source of training batches: an endless stream (onlineTeacher.ts, freshSamples.ts) or a finite set
 * (finiteSet.ts). The position of a source can be saved as plain JSON; restored, it gives exactly the batches that
 * would have followed.
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
  /**
   * Shapes, for one batch, of the masks that the training form multiplies by, in the order of its Dropout nodes.
   * Default: none.
   */
  readonly masks?: readonly (readonly number[])[];
  /** Draws K batches as tensors with a leading axis K; a promise where other threads make them. */
  draw(K: number): Record<string, Tensor> | Promise<Record<string, Tensor>>;
  /** Adds graph inputs for the tensors that `draw` returns, and the nodes that make x and target from them. */
  prepare(builder: GraphBuilder): Batches;
  /** Position in the stream, as plain JSON. */
  state(): unknown;
  restore(state: unknown): void;
  /** Ends the threads that make batches, if there are any; the next draw starts them again at the same position. */
  close?(): Promise<void>;
}
