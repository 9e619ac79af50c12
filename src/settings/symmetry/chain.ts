/** @file Chains of maps without biases, to which the theory of symmetry and noise applies. */
import { type Matrix, matrix } from "../../linalg/matrix.ts";
import { type MlpOptions, mlp } from "../../networks/mlp.ts";
import type { Network } from "../../networks/network.ts";
import { float32, type Tensor } from "../../onnx/tensor.ts";
import type { Random } from "../../random/random.ts";

const weightName = (k: number): string => `layers.${k}.weight`;

export interface ChainOptions extends Pick<MlpOptions, "widths" | "initialisation"> {
  /** Default: none. */
  readonly activation?: MlpOptions["activation"];
  /** Factor of each map's initial weights. Default: 1 each. */
  readonly gains?: readonly number[];
}

/** Fully connected, without biases: x -> W_D phi(.. phi(W_1 x)). */
export function chain({ gains, activation = "identity", ...options }: ChainOptions, random: Random): Network {
  const network = mlp({ ...options, activation, biases: false }, random);
  return gains === undefined ? network : withWeights(network, (W, k) => W.map((value) => gains[k]! * value));
}

/** The network with other initial weights of the same shapes, made from those it has. */
export function withWeights(network: Network, change: (W: Float32Array, k: number) => Float32Array): Network {
  const initializers = new Map(network.graph.initializers);
  network.parameters.forEach((_, k) => {
    const { data, shape } = initializers.get(weightName(k))!;
    initializers.set(weightName(k), float32(change(data as Float32Array, k), shape));
  });
  return { ...network, graph: { ...network.graph, initializers } };
}

/** The maps W_1 .. W_D from the input on. */
export function mapsOf(values: ReadonlyMap<string, Tensor>): Matrix[] {
  const maps: Matrix[] = [];
  for (let k = 0; values.has(weightName(k)); k++) {
    const { shape, data } = values.get(weightName(k))!;
    maps.push(matrix(shape[0]!, shape[1]!, data as Float32Array));
  }
  return maps;
}

/** The maps before training. */
export const initialMaps = ({ graph }: Network): Matrix[] => mapsOf(graph.initializers);
