/** @file Cases for rules/pooling.ts. */
import { type Attribute, int } from "../../../src/onnx/graph.ts";
import type { Random } from "../../../src/random/random.ts";
import { distinct, type GradientCase, normals, pick, shapeOf } from "./case.ts";

/** A window of one to three axes that fits its image, with pads smaller than the kernel as ONNX Runtime wants them. */
function drawPool(random: Random, dilated: boolean) {
  const rank = 1 + random.below(3);
  const kernel = Array.from({ length: rank }, () => 1 + random.below(3));
  const dilations = kernel.map(() => (dilated ? 1 + random.below(2) : 1));
  const strides = random.uniform() < 0.3 ? kernel : kernel.map(() => 1 + random.below(3));
  const image = kernel.map((k, axis) => dilations[axis]! * (k - 1) + 1 + random.below(4));
  const pads = [...kernel, ...kernel].map((k) => random.below(k));
  // With SAME and strides beyond the kernel ONNX Runtime computes negative pads and refuses them.
  const same = strides.every((stride, axis) => stride <= kernel[axis]!) ? ["SAME_UPPER", "SAME_LOWER"] : [];
  const automatic = pick(random, ["NOTSET", "NOTSET", "VALID", ...same]);
  const padding: Record<string, Attribute> =
    automatic === "NOTSET" ? { pads: { ints: pads } } : { auto_pad: { string: automatic } };
  const spread: Record<string, Attribute> = automatic.startsWith("SAME") ? {} : { dilations: { ints: dilations } };
  return {
    image: [1 + random.below(2), 1 + random.below(2), ...image],
    attributes: {
      kernel_shape: { ints: kernel },
      strides: { ints: strides },
      ...padding,
      ...spread,
      ...(automatic === "NOTSET" ? { ceil_mode: int(random.below(2)) } : {}),
    } as Record<string, Attribute>,
  };
}

export const poolingCases: readonly GradientCase[] = [
  {
    op: "MaxPool",
    name: "of one to three axes, overlapping or not, padded, dilated, rounded up",
    draw: (random) => {
      const { image, attributes } = drawPool(random, true);
      return { inputs: { x: distinct(random, image) }, build: (g) => [g.op("MaxPool", ["x"], attributes)] };
    },
  },
  {
    op: "AveragePool",
    name: "of one to three axes, overlapping or not, padded, dilated, rounded up",
    draw: (random) => {
      const { image, attributes } = drawPool(random, true);
      const counted = { ...attributes, count_include_pad: int(random.below(2)) };
      return {
        inputs: { x: normals(random, image) },
        build: (g) => [g.op("AveragePool", ["x"], counted)],
        linear: true,
      };
    },
  },
  {
    op: "GlobalAveragePool",
    name: "of images of any rank",
    draw: (random) => ({
      inputs: { x: normals(random, [2, 2, ...shapeOf(random, 1, 3)]) },
      build: (g) => [g.op("GlobalAveragePool", ["x"])],
      linear: true,
    }),
  },
  {
    op: "GlobalMaxPool",
    name: "of images of any rank",
    draw: (random) => {
      const image = [2, 2, ...shapeOf(random, 1, 3)];
      const axes = image.map((_, axis) => axis).slice(2);
      return {
        inputs: { x: distinct(random, image) },
        build: (g) => [g.op("GlobalMaxPool", ["x"])],
        reference: (g) => [g.op("ReduceMax", ["x", g.ints(axes)])],
      };
    },
  },
];
