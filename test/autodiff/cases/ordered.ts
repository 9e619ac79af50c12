/** @file Cases for rules/ordered.ts. All are linear. */
import { int } from "../../../src/onnx/graph.ts";
import { float32, float64, int64, type Tensor, toNumbers } from "../../../src/onnx/tensor.ts";
import { type GradientCase, normals, pick, shapeOf } from "./case.ts";

const blocks = (op: string, mode?: string): GradientCase => ({
  op,
  name: mode === undefined ? "" : `in mode ${mode}`,
  draw: (random) => {
    const b = 1 + random.below(3);
    const [C, H, W] = [1 + random.below(2), 1 + random.below(3), 1 + random.below(3)];
    const shape = op === "DepthToSpace" ? [2, C * b * b, H, W] : [2, C, H * b, W * b];
    return {
      inputs: { x: normals(random, shape) },
      build: (g) => [g.op(op, ["x"], { blocksize: int(b), ...(mode === undefined ? {} : { mode: { string: mode } }) })],
      linear: true,
    };
  },
});

const single = (value: Tensor) => float32(toNumbers(value), value.shape);

export const orderedCases: readonly GradientCase[] = [
  {
    op: "CumSum",
    name: "along any axis, from either end, with and without the entry itself",
    draw: (random) => {
      const shape = shapeOf(random, 1, 3);
      const axis = random.below(2 * shape.length) - shape.length;
      const attributes = { exclusive: int(random.below(2)), reverse: int(random.below(2)) };
      return {
        inputs: { x: normals(random, shape) },
        build: (g) => [g.op("CumSum", ["x", g.constant(int64([axis], []))], attributes)],
        linear: true,
      };
    },
  },
  {
    op: "Range",
    name: "of floats, from start in steps of delta",
    draw: (random) => {
      const [start, delta] = [random.normal(), 0.5 + random.uniform()];
      const limit = float64([start + 3.5 * delta], []);
      return {
        inputs: { start: float64([start], []), delta: float64([delta], []) },
        build: (g, dtype) => [
          g.op("Range", ["start", g.constant(dtype === "float64" ? limit : single(limit)), "delta"]),
        ],
      };
    },
  },
  {
    op: "Trilu",
    name: "upper and lower, at any diagonal",
    draw: (random) => {
      const k = pick(random, [undefined, -2, -1, 0, 1, 2]);
      const upper = pick(random, [{}, { upper: int(0) }, { upper: int(1) }]);
      return {
        inputs: { x: normals(random, [...shapeOf(random, 0, 1), 1 + random.below(4), 1 + random.below(4)]) },
        build: (g) => [g.op("Trilu", k === undefined ? ["x"] : ["x", g.constant(int64([k], []))], upper)],
        linear: true,
      };
    },
  },
  {
    op: "ReverseSequence",
    name: "with either axis as time",
    draw: (random) => {
      const time = random.below(2);
      const shape = [3, 3, ...shapeOf(random, 0, 1)];
      const lengths = int64(Array.from({ length: 3 }, () => 1 + random.below(3)));
      const attributes = { time_axis: int(time), batch_axis: int(1 - time) };
      return {
        inputs: { x: normals(random, shape) },
        build: (g) => [g.op("ReverseSequence", ["x", g.constant(lengths)], attributes)],
        linear: true,
      };
    },
  },
  blocks("DepthToSpace"),
  blocks("DepthToSpace", "DCR"),
  blocks("DepthToSpace", "CRD"),
  blocks("SpaceToDepth"),
];
