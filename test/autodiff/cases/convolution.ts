/**
 * @file Cases for rules/convolution. ONNX Runtime convolves in float32 only; outputs are linear in image, kernel and
 * bias.
 */
import type { Attribute } from "../../../src/onnx/graph.ts";
import type { Random } from "../../../src/random/random.ts";
import { type GradientCase, normals, pick } from "./case.ts";

interface Drawn {
  readonly image: readonly number[];
  readonly kernel: readonly number[];
  readonly channels: number;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A window that fits `image` of the given rank. */
function windowFor(random: Random, rank: number) {
  const kernel = Array.from({ length: rank }, () => 1 + random.below(3));
  const dilations = kernel.map(() => 1 + random.below(2));
  const strides = kernel.map(() => (random.uniform() < 0.5 ? 1 : 1 + random.below(3)));
  const image = kernel.map((k, axis) => dilations[axis]! * (k - 1) + 1 + random.below(4));
  const pads = [...kernel, ...kernel].map(() => (random.uniform() < 0.4 ? 0 : random.below(4)));
  return { kernel, dilations, strides, image, pads };
}

function drawConv(random: Random, rank: number, group: number, perGroup: number, outPerGroup: number): Drawn {
  const { kernel, dilations, strides, image, pads } = windowFor(random, rank);
  const automatic = pick(random, ["NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]);
  const padding: Record<string, Attribute> =
    automatic === "NOTSET" ? { pads: { ints: pads } } : { auto_pad: { string: automatic } };
  // ONNX Runtime refuses dilations with SAME.
  const dilated = automatic.startsWith("SAME") ? {} : { dilations: { ints: dilations } };
  return {
    image: [1 + random.below(2), group * perGroup, ...image],
    kernel: [group * outPerGroup, perGroup, ...kernel],
    channels: group * outPerGroup,
    attributes: { ...padding, ...dilated, strides: { ints: strides }, group: { int: group } },
  };
}

const conv = (name: string, draw: (random: Random) => Drawn): GradientCase => ({
  op: "Conv",
  name,
  draw: (random) => {
    const { image, kernel, channels, attributes } = draw(random);
    const bias = random.uniform() < 0.5;
    return {
      inputs: {
        x: normals(random, image),
        w: normals(random, kernel),
        ...(bias ? { b: normals(random, [channels]) } : {}),
      },
      build: (g) => [g.op("Conv", bias ? ["x", "w", "b"] : ["x", "w"], attributes)],
      linear: true,
    };
  },
});

const convTranspose: GradientCase = {
  op: "ConvTranspose",
  name: "of one to three axes with strides, dilations, groups, pads, output_padding, output_shape",
  draw: (random) => {
    const rank = 1 + random.below(3);
    const group = 1 + random.below(2);
    const [perGroup, outPerGroup] = [1 + random.below(2), 1 + random.below(2)];
    const { kernel, dilations, strides } = windowFor(random, rank);
    const image = kernel.map(() => 1 + random.below(3));
    const full = image.map((n, i) => (n - 1) * strides[i]! + dilations[i]! * (kernel[i]! - 1) + 1);
    const form = random.below(5);
    const cut = full.map((n) => Math.min(random.below(3), Math.floor((n - 1) / 2)));
    const forms: Record<string, Attribute>[] = [
      {},
      { pads: { ints: [...cut, ...cut.map((p) => Math.floor(p / 2))] } },
      { output_padding: { ints: strides.map((s) => random.below(s)) } },
      // ONNX Runtime infers a wrong rank where the output would be smaller than the image.
      { output_shape: { ints: full.map((n, i) => Math.max(n - random.below(3), image[i]!)) } },
      { auto_pad: { string: pick(random, ["SAME_UPPER", "SAME_LOWER"]) } },
    ];
    const attributes = { strides: { ints: strides }, dilations: { ints: dilations }, group: { int: group } };
    return {
      inputs: {
        x: normals(random, [1 + random.below(2), group * perGroup, ...image]),
        w: normals(random, [group * perGroup, outPerGroup, ...kernel]),
        b: normals(random, [group * outPerGroup]),
      },
      build: (g) => [g.op("ConvTranspose", ["x", "w", "b"], { ...attributes, ...forms[form]! })],
      linear: true,
    };
  },
};

export const convolutionCases: readonly GradientCase[] = [
  conv("of one to three axes with strides, dilations, pads, groups", (random) =>
    drawConv(random, 1 + random.below(3), 1 + random.below(2), 1 + random.below(2), 1 + random.below(2)),
  ),
  conv("depthwise", (random) => drawConv(random, 1 + random.below(2), 3, 1, 1)),
  conv("with more channels than a register tile", (random) => drawConv(random, 1, 1, 16, 2)),
  conv("as a patch embedding: windows side by side", (random) => {
    const kernel = [1 + random.below(2), 2];
    const image = kernel.map((k) => 2 * k + random.below(k));
    const attributes = { strides: { ints: kernel } };
    return { image: [2, 2, ...image], kernel: [2, 2, ...kernel], channels: 2, attributes };
  }),
  convTranspose,
];
