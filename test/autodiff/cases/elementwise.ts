/** @file Cases for rules/elementwise.ts. */
import type { Attribute } from "../../../src/onnx/graph.ts";
import { float64, sizeOf, type Tensor } from "../../../src/onnx/tensor.ts";
import type { Random } from "../../../src/random/random.ts";
import { tensor } from "../finiteDifference.ts";
import { awayFromZero, between, type GradientCase, normals, shapeOf } from "./case.ts";

export type Draw = (random: Random, shape: readonly number[]) => Tensor;

/** A case for an operator on one tensor; `twin` for operators that ONNX Runtime computes in float32 only. */
export function unary(
  op: string,
  draw: Draw,
  options: { attributes?: Record<string, Attribute>; name?: string; twin?: (x: number) => number } = {},
): GradientCase {
  const { attributes = {}, name = "of one tensor", twin } = options;
  return {
    op,
    name,
    draw: (random) => ({
      inputs: { x: draw(random, shapeOf(random, 0, 3)) },
      build: (g) => [g.op(op, ["x"], attributes)],
      ...(twin === undefined ? {} : { twin: ({ x }) => [x!.map(twin)] }),
    }),
  };
}

/** Maclaurin series; 60 terms give full float64 precision for |x| <= 3. */
export function erf(x: number): number {
  let [sum, term] = [0, x];
  for (let n = 0; n < 60; n++) {
    sum += term / (2 * n + 1);
    term *= (-x * x) / (n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const positive: Draw = (random, shape) => between(random, shape, 0.2, 3);

export const elementwiseCases: readonly GradientCase[] = [
  unary("Neg", normals),
  unary("Identity", normals),
  unary("Exp", normals),
  unary("Sin", normals),
  unary("Cos", normals),
  unary("Reciprocal", (random, shape) => between(random, shape, 0.5, 3)),
  unary("Sqrt", positive),
  unary("Log", positive),
  unary("Abs", awayFromZero),
  unary("Erf", (random, shape) => between(random, shape, -3, 3), { twin: erf }),
  {
    op: "Cast",
    name: "between float types, and to integers (no gradient)",
    draw: (random) => {
      // Multiples of 1/8, and a step that float32 would round away: the twin is the exact function.
      const shape = shapeOf(random, 0, 2);
      const values = Array.from({ length: sizeOf(shape) }, () => random.below(16) / 8 + 0.0625);
      return {
        inputs: { x: float64(values, shape) },
        build: (g) => {
          const wide = g.op("Cast", ["x"], { to: { int: 11 } });
          const whole = g.op("Cast", [g.op("Cast", ["x"], { to: { int: 7 } })], { to: { int: 1 } });
          const product = g.op("Mul", [wide, wide]);
          return [g.op("Add", [g.op("Cast", [product], { to: { int: 1 } }), whole])];
        },
        twin: ({ x }) => [x!.map((value) => value * value + Math.trunc(value))],
      };
    },
  },
  {
    op: "CastLike",
    name: "to the type of another tensor",
    draw: (random) => ({
      inputs: { x: normals(random, shapeOf(random, 0, 2)) },
      build: (g) => {
        const wide = g.op("CastLike", ["x", g.scalar(0, "float64")]);
        return [g.op("CastLike", [g.op("Mul", [wide, wide]), "x"])];
      },
    }),
  },
  {
    op: "Dropout",
    name: "in inference form, with and without its inputs",
    draw: (random) => {
      const form = random.below(3);
      return {
        inputs: { x: normals(random, shapeOf(random, 1, 3)) },
        build: (g, dtype) => {
          const ratio = g.constant(tensor([0.5], [], dtype));
          const off = g.constant({ dtype: "bool", shape: [], data: Uint8Array.of(0) });
          return [g.op("Dropout", [["x"], ["x", ratio], ["x", ratio, off]][form]!)];
        },
      };
    },
  },
];
