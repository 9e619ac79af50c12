/** @file Cases for rules/scan.ts. */
import { type Attribute, int } from "../../../src/onnx/graph.ts";
import { GraphBuilder } from "../../../src/onnx/graphBuilder.ts";
import { int64 } from "../../../src/onnx/tensor.ts";
import type { FloatType } from "../finiteDifference.ts";
import { type GradientCase, normals, pick } from "./case.ts";

const body = (g: GraphBuilder): Attribute => ({ graph: g.build() });

export const scanCases: readonly GradientCase[] = [
  {
    op: "Scan",
    name: "two states, slices along any axis from either end, weights from outside, a state that is also an output",
    draw: (random) => {
      const [steps, n, d] = [1 + random.below(4), 1 + random.below(3), 1 + random.below(3)];
      const [axis, outAxis] = [pick(random, [0, 1, -1]), pick(random, [0, 1])];
      const x = { 0: [steps, n, d], 1: [n, steps, d], "-1": [n, d, steps] }[axis]!;
      const directions = [random.below(2), random.below(2)];
      const outDirections = [random.below(2), random.below(2)];
      const [h0, c0, W] = [normals(random, [n, d]), normals(random, [n, d]), normals(random, [d, d])];
      return {
        inputs: { x: normals(random, x), w: normals(random, [steps, d]), h0, c0, W },
        build(g: GraphBuilder, dtype: FloatType) {
          const b = new GraphBuilder("body");
          const [h, c] = [b.input("body/h", dtype, [n, d]), b.input("body/c", dtype, [n, d])];
          const [xt, wt] = [b.input("body/x", dtype, [n, d]), b.input("body/w", dtype, [d])];
          const next = b.op("Tanh", [b.op("Add", [b.op("MatMul", [h, "W"]), b.op("Mul", [xt, c])])]);
          const sum = b.op("Add", [c, b.op("Mul", [b.op("Sin", [next]), wt])]);
          for (const [i, value] of [next, sum, next, b.op("Mul", [c, next])].entries()) b.output(value, `body/y${i}`);
          return g.ops(
            "Scan",
            ["h0", "c0", "x", "w"],
            {
              body: body(b),
              num_scan_inputs: int(2),
              scan_input_axes: { ints: [axis, 0] },
              scan_output_axes: { ints: [0, outAxis] },
              scan_input_directions: { ints: directions },
              scan_output_directions: { ints: outDirections },
            },
            { outputs: 4 },
          );
        },
      };
    },
  },
  {
    op: "Scan",
    name: "one of its results alone, a state that counts, and a value from outside that depends on the inputs",
    draw: (random) => {
      const [steps, d] = [2 + random.below(3), 1 + random.below(3)];
      const read = random.below(3);
      return {
        inputs: { x: normals(random, [steps, d]), v: normals(random, [d]), s0: normals(random, [d]) },
        build(g: GraphBuilder, dtype: FloatType) {
          const outside = g.op("Sin", ["v"]);
          const b = new GraphBuilder("body");
          const [s, k, xt] = [
            b.input("body/s", dtype, [d]),
            b.input("body/k", "int64", []),
            b.input("body/x", dtype, [d]),
          ];
          const more = b.op("Add", [k, b.constant(int64([1], []))]);
          const factor = b.op("Cast", [more], { to: int(dtype === "float64" ? 11 : 1) });
          const next = b.op("Add", [b.op("Mul", [s, outside]), b.op("Mul", [xt, factor])]);
          for (const [i, value] of [next, more, b.op("Mul", [next, xt])].entries()) b.output(value, `body/y${i}`);
          const attributes = { body: body(b), num_scan_inputs: int(1) };
          const results = g.ops("Scan", ["s0", g.constant(int64([0], [])), "x"], attributes, { outputs: 3 });
          return read === 0 ? [results[0]!] : read === 1 ? [results[2]!] : [results[0]!, results[2]!];
        },
      };
    },
  },
];
