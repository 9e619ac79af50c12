/** @file Cases for rules/softmax.ts. */
import { int } from "../../../src/onnx/graph.ts";
import { type GradientCase, normals, shapeOf } from "./case.ts";

const along = (op: string): GradientCase => ({
  op,
  name: "along any axis, counted from either end, and by default",
  draw: (random) => {
    const shape = shapeOf(random, 1, 4);
    const axis = random.below(2 * shape.length) - shape.length;
    const attributes = random.uniform() < 0.2 ? {} : { axis: int(axis) };
    return { inputs: { x: normals(random, shape) }, build: (g) => [g.op(op, ["x"], attributes)] };
  },
});

export const softmaxCases: readonly GradientCase[] = ["Softmax", "LogSoftmax"].map(along);
