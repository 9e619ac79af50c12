/**
 * @file The interface of an engine that executes ONNX graphs. Probe and training are independent of whether ONNX
 * Runtime runs in Node or in a browser.
 */
import type { BoundValue, Model } from "../onnx/graph.ts";
import type { Tensor } from "../onnx/tensor.ts";

export interface CompileOptions {
  /** Threads that one operator may use. Default 1: the matrices of the small settings are too small to split. */
  readonly threads?: number;
  /** Graph rewriting by the engine; off when the graph runs once. Default true. */
  readonly optimize?: boolean;
  /**
   * Plans one block of memory for all values of a run, kept in addition to the memory of the first run: 2 % faster for
   * small graphs, up to twice the memory for large ones. Default true.
   */
  readonly planMemory?: boolean;
  /** Prefix of the file in which the engine writes a per-operator profile. */
  readonly profile?: string;
}

/** The device of a graph: ONNX Runtime's execution providers. */
export const devices = ["cpu", "webgpu", "cuda"] as const;
export type Device = (typeof devices)[number];

/** A compiled graph. */
export interface Program {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Types and shapes of the outputs as far as the engine infers them without running. */
  readonly outputs: ReadonlyMap<string, PartlyBound>;
  /** Runs the graph; `fetch` limits the outputs. */
  run(feeds: Readonly<Record<string, Tensor>>, fetch?: readonly string[]): Promise<Record<string, Tensor>>;
  dispose(): Promise<void>;
}

export type PartlyBound = Pick<BoundValue, "dtype"> & {
  readonly shape: readonly (number | undefined)[] | undefined;
  /** Whether it is a sequence of tensors, which a run does not return. */
  readonly isSequence?: boolean;
};

export interface Engine {
  readonly name: string;
  /** @throws Error in one line when the engine refuses the graph */
  compile(model: Model, options?: CompileOptions): Promise<Program>;
  /**
   * Channels per block of the layout in which its convolutions are fastest (blockConvolutions); undefined if it has
   * none.
   */
  channelBlock?(): Promise<number | undefined>;
  /**
   * Whether large matrix products run at the rate of convolutions, so that fewer multiplications save time. Default
   * false.
   */
  readonly prefersProducts?: boolean;
}
