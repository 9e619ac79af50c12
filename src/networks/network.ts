/**
 * @file A network to train: a forward graph whose parameters are initializers. Input "x", output "output", both with a free
 * first axis "n" (samples).
 */
import type { Graph } from "../onnx/graph.ts";
import type { Tensor } from "../onnx/tensor.ts";

export interface Network {
  readonly graph: Graph;
  /** Names of the trained initializers. */
  readonly parameters: readonly string[];
}

/** The initial value of each parameter. */
export function initialParameters(network: Network): Map<string, Tensor> {
  return new Map(network.parameters.map((name) => [name, network.graph.initializers.get(name)!]));
}

/** The shape of each parameter. */
export function parameterShapes(network: Network): Map<string, readonly number[]> {
  return new Map([...initialParameters(network)].map(([name, { shape }]) => [name, shape]));
}
