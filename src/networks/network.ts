/**
 * @file A network to train: a forward graph whose parameters are initializers. Input "x", output "output", both with a
 * free first axis "n" (samples). The graph is the evaluation form, which the probe measures. Where training computes a
 * different function because of BatchNormalization, trainingForm (trainingForm.ts) derives it.
 */
import type { Graph } from "../onnx/graph.ts";
import type { Tensor } from "../onnx/tensor.ts";

export interface Network {
  readonly graph: Graph;
  /** Names of the trained initializers. */
  readonly parameters: readonly string[];
  /** Names of the initializers that training updates without a gradient: running statistics. Default: none. */
  readonly buffers?: readonly string[];
  /** Values (n, C, ...) that are outputs of whole blocks, measured by channel. Default: none. */
  readonly blocks?: readonly { readonly name: string; readonly value: string }[];
  /**
   * Hidden representations (n, ...) in order of depth, at which distances of followed points are taken. Default: none.
   */
  readonly hidden?: readonly { readonly name: string; readonly value: string }[];
  /** The value (n, d) that is the representation of a sample, if the last layers are a head used only in training. */
  readonly features?: string;
  /**
   * Whether each sample's output depends only on that sample (except for BatchNormalization in training), so that a
   * batch may be taken in parts. Default: false.
   */
  readonly independentSamples?: boolean;
}

/** The initial value of each parameter. */
export function initialParameters(network: Network): Map<string, Tensor> {
  return initialValues(network, network.parameters);
}

/** The initial value of each buffer. */
export function initialBuffers(network: Network): Map<string, Tensor> {
  return initialValues(network, network.buffers ?? []);
}

/** The shape of each parameter. */
export function parameterShapes(network: Network): Map<string, readonly number[]> {
  return shapesOf(initialParameters(network));
}

/** The shape of each buffer. */
export function bufferShapes(network: Network): Map<string, readonly number[]> {
  return shapesOf(initialBuffers(network));
}

function initialValues({ graph }: Network, names: readonly string[]): Map<string, Tensor> {
  return new Map(names.map((name) => [name, graph.initializers.get(name)!]));
}

function shapesOf(values: ReadonlyMap<string, Tensor>): Map<string, readonly number[]> {
  return new Map([...values].map(([name, { shape }]) => [name, shape]));
}
