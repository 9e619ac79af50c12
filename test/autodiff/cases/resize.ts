/** @file Cases for rules/resize.ts. */
import { type Attribute, int, ints } from "../../../src/onnx/graph.ts";
import { float32, int64 } from "../../../src/onnx/tensor.ts";
import type { Random } from "../../../src/random/random.ts";
import { type GradientCase, normals, pick } from "./case.ts";

const modes = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"];
/** Exact in float32: where 5 x 2.6 is 13 or 12.99, ONNX Runtime infers another extent than it computes. */
const FACTORS = [0.5, 0.75, 1, 1.5, 2, 2.5, 3];

const roundings = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];

function attributesFor(random: Random, mode: string): Record<string, Attribute> {
  return {
    mode: { string: mode },
    coordinate_transformation_mode: { string: pick(random, modes) },
    ...(mode === "nearest" ? { nearest_mode: { string: pick(random, roundings) } } : {}),
    ...(mode === "cubic" && random.uniform() < 0.5 ? { exclude_outside: int(1) } : {}),
    ...(mode !== "nearest" && random.uniform() < 0.3 ? { antialias: int(1) } : {}),
  };
}

const resized = (mode: string, by: "scales" | "sizes"): GradientCase => ({
  op: "Resize",
  name: `${mode}, to given ${by}`,
  draw: (random) => {
    const shape = [1 + random.below(2), 2, 2 + random.below(4), 2 + random.below(4)];
    const scales = shape.map((_, axis) => (axis < 2 ? 1 : pick(random, FACTORS)));
    const sizes = shape.map((extent, axis) => Math.max(Math.floor(extent * scales[axis]!), 1));
    const attributes = attributesFor(random, mode);
    const some = by === "sizes" && random.uniform() < 0.3;
    return {
      inputs: { x: normals(random, shape) },
      build: (g) => {
        if (by === "scales") return [g.op("Resize", ["x", "", g.constant(float32(scales))], attributes)];
        const given = g.constant(int64(some ? sizes.slice(2) : sizes));
        return [g.op("Resize", ["x", "", "", given], { ...attributes, ...(some ? { axes: ints([2, 3]) } : {}) })];
      },
      linear: true,
    };
  },
});

export const resizeCases: readonly GradientCase[] = [
  ...["nearest", "linear", "cubic"].flatMap((mode) => [resized(mode, "scales"), resized(mode, "sizes")]),
  {
    op: "Resize",
    name: "nearest, each entry repeated, as exporters write upsampling",
    draw: (random) => {
      const scales = [1, 1, 1 + random.below(4), 1 + random.below(4)];
      const attributes = pick<Record<string, Attribute>>(random, [
        {},
        { coordinate_transformation_mode: { string: "asymmetric" }, nearest_mode: { string: "floor" } },
      ]);
      return {
        inputs: { x: normals(random, [2, 1, 3, 2]) },
        build: (g) => [g.op("Resize", ["x", "", g.constant(float32(scales))], attributes)],
        linear: true,
      };
    },
  },
  {
    op: "Resize",
    name: "of a cropped region, constant outside",
    draw: (random) => {
      const [top, left] = [0.3 * random.uniform(), 0.3 * random.uniform()];
      const roi = [0, 0, top, left, 1, 1, 0.6 + 0.6 * random.uniform(), 0.6 + 0.6 * random.uniform()];
      const attributes: Record<string, Attribute> = {
        mode: { string: "linear" },
        coordinate_transformation_mode: { string: "tf_crop_and_resize" },
        extrapolation_value: { float: 7 },
      };
      return {
        inputs: { x: normals(random, [1, 2, 4, 4]) },
        build: (g) => [g.op("Resize", ["x", g.constant(float32(roi)), "", g.ints([1, 2, 3, 3])], attributes)],
        linear: true,
      };
    },
  },
];
