/**
 * @file What the laboratory asks of whatever executes ONNX graphs. One interface, so that probe and training do not
 * know whether ONNX Runtime runs in Node or in a browser.
 */
import type { BoundValue, Model } from "../onnx/graph.ts";
import type { Tensor } from "../onnx/tensor.ts";

export interface CompileOptions {
  /** Threads that one operator may use. Default 1: the matrices of the small settings are too small to split. */
  readonly threads?: number;
  /** Graph rewriting by the engine; off when the graph runs once. Default true. */
  readonly optimize?: boolean;
  /**
   * One block of memory laid out for all values of a run, kept beside what the first run took piece by piece: 2 %
   * faster for small graphs, up to twice the memory for large ones. Default true.
   */
  readonly planMemory?: boolean;
  /** Start of the file name under which the engine writes a per-operator profile. */
  readonly profile?: string;
}

/** Where a graph computes: ONNX Runtime's execution providers. */
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
  /** A sequence of tensors, which a run does not hand out. */
  readonly isSequence?: boolean;
};

export interface Engine {
  readonly name: string;
  /** @throws Error in one line when the engine refuses the graph */
  compile(model: Model, options?: CompileOptions): Promise<Program>;
  /**
   * Channels to a block of the layout in which its convolutions are fastest (blockConvolutions); undefined where it has
   * none.
   */
  channelBlock?(): Promise<number | undefined>;
  /**
   * Whether large products of matrices reach what convolutions reach, so that fewer multiplications are less time.
   * Default false.
   */
  readonly prefersProducts?: boolean;
}
