/** @file Cases for rules/pad.ts. */
import { type GradientCase, normals, pick, shapeOf } from "./case.ts";

const padded = (mode: string): GradientCase => ({
  op: "Pad",
  name: `in mode ${mode}, with positive and negative pads, of some axes or all`,
  draw: (random) => {
    const shape = shapeOf(random, 1, 3).map((extent) => extent + 1);
    const some = random.uniform() < 0.4;
    const axes = some ? [random.below(shape.length)] : shape.map((_, axis) => axis);
    // Reflection needs more entries than it copies.
    const limit = (axis: number) => (mode === "constant" ? 3 : shape[axis]! - 1);
    const draw = (axis: number) =>
      random.uniform() < 0.2
        ? -random.below(mode === "constant" || shape[axis]! > 2 ? 2 : 1)
        : random.below(limit(axis) + 1);
    const sides = [...axes, ...axes].map(draw);
    // ONNX Runtime refuses to copy out of what is cut to nothing, and mixes up copies with cuts: cut or copy, not both.
    const pads = mode === "constant" || sides.every((n) => n <= 0) ? sides : sides.map(Math.abs);
    const signed = axes.map((axis) => (random.uniform() < 0.5 ? axis : axis - shape.length));
    const filled = mode === "constant" && random.uniform() < 0.6;
    const scalar = pick(random, [[], [1]]);
    return {
      inputs: { x: normals(random, shape), ...(filled ? { v: normals(random, scalar) } : {}) },
      build: (g) => {
        const rest = some ? [filled ? "v" : "", g.ints(signed)] : filled ? ["v"] : [];
        return [g.op("Pad", ["x", g.ints(pads), ...rest], { mode: { string: mode } })];
      },
      linear: true,
    };
  },
});

export const padCases: readonly GradientCase[] = ["constant", "reflect", "edge", "wrap"].map(padded);
