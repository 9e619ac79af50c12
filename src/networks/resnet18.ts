/**
 * @file ResNet-18 for small images: a 3x3 convolution of stride 1 without pooling, four stages of two basic blocks, the
 * mean over pixels, and two fully connected layers with ReLU between them (settings res1 and res2 of arXiv 2410.03006).
 * Names and initial values are torchvision's; its last layer `fc` is `fc1` and `fc2` here.
 */
import { int } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import { float32 } from "../onnx/tensor.ts";
import type { Random } from "../random/random.ts";
import type { Network } from "./network.ts";

export interface Resnet18Options {
  /** Classes, or dimensions of an embedding. */
  readonly outputs: number;
  /** Channels of the four stages are 64, 128, 256 and 512 times this, rounded. Default 1. */
  readonly width?: number;
  /** Side of the square images. Default 32. */
  readonly side?: number;
  /** Default 3. */
  readonly channels?: number;
}

const STAGES = [64, 128, 256, 512];
/** ONNX counts the share that is kept, torch the share that is new (0.1). */
const KEEP = 0.9;
const EPSILON = 1e-5;

/** Input "x" (n, channels, side, side). @throws RangeError when a size is not positive */
export function resnet18(options: Resnet18Options, random: Random): Network {
  const { outputs, width = 1, side = 32, channels = 3 } = options;
  const widths = STAGES.map((stage) => Math.round(stage * width));
  if (![outputs, side, channels, ...widths].every((size) => Number.isInteger(size) && size >= 1))
    throw new RangeError(
      `resnet18: expected sizes of 1 or more, got outputs ${outputs}, width ${width}, side ${side}, channels ${channels}`,
    );
  const layers = new Layers(random);
  const { g } = layers;
  const x = g.input("x", "float32", ["n", channels, side, side]);
  let h = g.op("Relu", [layers.normalized("bn1", layers.convolution("conv1", x, channels, widths[0]!), widths[0]!)]);
  let c = widths[0]!;
  const blocks: { name: string; value: string }[] = [];
  widths.forEach((next, stage) => {
    for (let block = 0; block < 2; block++) {
      h = layers.block(`layer${stage + 1}.${block}`, h, c, next, stage > 0 && block === 0 ? 2 : 1);
      c = next;
    }
    blocks.push({ name: `layer${stage + 1}`, value: h });
  });
  const pooled = g.op("ReduceMean", [h, g.ints([2, 3])], { keepdims: int(0) });
  const hidden = g.op("Relu", [layers.linear("fc1", pooled, c, c)]);
  g.output(layers.linear("fc2", hidden, c, outputs), "output");
  const { parameters, buffers } = layers;
  const deep = [...blocks, { name: "fc1", value: hidden }];
  return { graph: g.build(), parameters, buffers, blocks, hidden: deep, features: pooled, independentSamples: true };
}

/** Adds layers to a graph, with their initial values. */
class Layers {
  readonly g = new GraphBuilder("resnet18");
  readonly parameters: string[] = [];
  readonly buffers: string[] = [];
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** torchvision's BasicBlock: relu(bn2(conv2(relu(bn1(conv1 x)))) + shortcut x). */
  block(name: string, x: string, cIn: number, cOut: number, stride: number): string {
    const first = this.convolution(`${name}.conv1`, x, cIn, cOut, stride);
    const h = this.g.op("Relu", [this.normalized(`${name}.bn1`, first, cOut)]);
    const second = this.convolution(`${name}.conv2`, h, cOut, cOut);
    const y = this.normalized(`${name}.bn2`, second, cOut);
    const changed = stride > 1 || cIn !== cOut;
    const short = changed ? this.shortcut(`${name}.downsample`, x, cIn, cOut, stride) : x;
    return this.g.op("Relu", [this.g.op("Add", [y, short])]);
  }

  private shortcut(name: string, x: string, cIn: number, cOut: number, stride: number): string {
    return this.normalized(`${name}.1`, this.convolution(`${name}.0`, x, cIn, cOut, stride, 1), cOut);
  }

  /** Weights ~ N(0, 2 / (cOut k^2)): torchvision's kaiming_normal_(mode="fan_out"). */
  convolution(name: string, x: string, cIn: number, cOut: number, stride = 1, kernel = 3): string {
    const weight = new Float32Array(cOut * cIn * kernel * kernel);
    this.random.fillNormal(weight, Math.sqrt(2 / (cOut * kernel * kernel)));
    const W = this.parameter(`${name}.weight`, weight, [cOut, cIn, kernel, kernel]);
    const pad = (kernel - 1) / 2;
    const attributes = { strides: { ints: [stride, stride] }, pads: { ints: [pad, pad, pad, pad] } };
    return this.g.op("Conv", [x, W], attributes, { name: `/${name}/Conv` });
  }

  normalized(name: string, x: string, c: number): string {
    const filled = (value: number) => new Float32Array(c).fill(value);
    const inputs = [
      x,
      this.parameter(`${name}.weight`, filled(1), [c]),
      this.parameter(`${name}.bias`, filled(0), [c]),
      this.buffer(`${name}.running_mean`, filled(0)),
      this.buffer(`${name}.running_var`, filled(1)),
    ];
    const attributes = { momentum: { float: KEEP }, epsilon: { float: EPSILON } };
    return this.g.op("BatchNormalization", inputs, attributes, { name: `/${name}/BatchNormalization` });
  }

  /** The default of torch.nn.Linear (docs/theory.md Eq. 27). */
  linear(name: string, x: string, dIn: number, dOut: number): string {
    const bound = 1 / Math.sqrt(dIn);
    const [weight, bias] = [new Float32Array(dOut * dIn), new Float32Array(dOut)];
    this.random.fillUniform(weight, -bound, bound);
    this.random.fillUniform(bias, -bound, bound);
    const inputs = [
      x,
      this.parameter(`${name}.weight`, weight, [dOut, dIn]),
      this.parameter(`${name}.bias`, bias, [dOut]),
    ];
    return this.g.op("Gemm", inputs, { transB: int(1) }, { name: `/${name}/Gemm` });
  }

  private parameter(name: string, data: Float32Array, shape: readonly number[]): string {
    this.parameters.push(name);
    return this.g.initializer(name, float32(data, shape));
  }

  private buffer(name: string, data: Float32Array): string {
    this.buffers.push(name);
    return this.g.initializer(name, float32(data));
  }
}
