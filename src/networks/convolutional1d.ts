/**
 * @file One-dimensional convolutions between two dense layers, without padding: the convolutional network of the
 * two-point theory's experiments. The first layer maps the input to `width` positions; each convolution removes 10 of
 * them.
 */
import { int, ints } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import { float32 } from "../onnx/tensor.ts";
import type { Random } from "../random/random.ts";
import { type Activation, activate } from "./activation.ts";
import { byIndex } from "./mlp.ts";
import type { Network } from "./network.ts";

export interface Convolutional1dOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Positions of the first hidden layer. */
  readonly width: number;
  /** Channels of the convolutions. Default 20. */
  readonly channels?: number;
  /** Number of convolutions minus one: they are 1 -> C, then depth - 1 times C -> C, then C -> 1. */
  readonly depth: number;
  readonly activation: Activation;
  /** Factor of the initial weights, which are N(0, 2 / (fan in + fan out)); biases are 0. Default 1. */
  readonly gain?: number;
}

const KERNEL = 11;

/**
 * Input "x" (n, inputs). Hidden layers are the first dense layer and each convolution. @throws RangeError if no
 * position is left
 */
export function convolutional1d(options: Convolutional1dOptions, random: Random): Network {
  const { inputs, outputs, width, channels = 20, depth, activation, gain = 1 } = options;
  const left = width - (KERNEL - 1) * (depth + 1);
  if (left < 1)
    throw new RangeError(
      `convolutional1d: expected a width above ${(KERNEL - 1) * (depth + 1)} for ${depth + 1} convolutions, got ${width}; ` +
        "widen it or lower the depth",
    );
  if (!(gain > 0)) throw new RangeError(`convolutional1d: expected a gain above 0, got ${gain}`);
  const g = new GraphBuilder("convolutional1d");
  const parameters: string[] = [];
  const layer = (name: string, [dOut, dIn, ...field]: readonly [number, number, ...number[]]) => {
    const places = field.reduce((product, extent) => product * extent, 1);
    const weight = new Float32Array(dOut * dIn * places);
    random.fillNormal(weight, gain * Math.sqrt(2 / ((dOut + dIn) * places)));
    const W = g.initializer(`${name}.weight`, float32(weight, [dOut, dIn, ...field]));
    const b = g.initializer(`${name}.bias`, float32(new Float32Array(dOut), [dOut]));
    parameters.push(W, b);
    return [W, b] as const;
  };
  const x = g.input("x", "float32", ["n", inputs]);
  const dense = (name: string, from: string, shape: readonly [number, number]) =>
    g.op("Gemm", [from, ...layer(name, shape)], { transB: int(1) }, { name: `/${name}/Gemm` });
  let h = activate(g, activation, dense("layers.0", x, [width, inputs]));
  const hidden = [h];
  h = g.op("Unsqueeze", [h, g.ints([1])]);
  for (let k = 1; k <= depth + 1; k++) {
    const [cIn, cOut] = [k === 1 ? 1 : channels, k === depth + 1 ? 1 : channels];
    const inputsOf = [h, ...layer(`layers.${k}`, [cOut, cIn, KERNEL])];
    const convolved = g.op("Conv", inputsOf, { kernel_shape: ints([KERNEL]) }, { name: `/layers.${k}/Conv` });
    h = activate(g, activation, convolved);
    hidden.push(h);
  }
  const flat = g.op("Squeeze", [h, g.ints([1])]);
  g.output(dense(`layers.${depth + 2}`, flat, [outputs, left]), "output");
  return { graph: g.build(), parameters, hidden: byIndex(hidden), independentSamples: true };
}
