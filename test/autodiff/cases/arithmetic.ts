/** @file Cases for rules/arithmetic.ts. */
import { int64 } from "../../../src/onnx/tensor.ts";
import type { Random } from "../../../src/random/random.ts";
import { tensor } from "../finiteDifference.ts";
import {
  awayFromZero,
  between,
  broadcastable,
  broadcastPair,
  distinct,
  type GradientCase,
  normals,
  pick,
  shapeOf,
} from "./case.ts";

const binary = (op: string): GradientCase => ({
  op,
  name: "broadcasts both ways, scalars included",
  draw: (random) => {
    const [a, b] = broadcastPair(random);
    return {
      inputs: { a: normals(random, a), b: awayFromZero(random, b) },
      build: (g) => [g.op(op, ["a", "b"])],
    };
  },
});

const same = (op: string): GradientCase => ({
  op,
  name: "of a tensor with itself",
  draw: (random) => ({
    inputs: { x: awayFromZero(random, shapeOf(random, 0, 3)) },
    build: (g) => [g.op(op, ["x", "x"])],
  }),
});

const constantPower = (exponent: number): GradientCase => ({
  op: "Pow",
  name: `with constant exponent ${exponent}`,
  draw: (random) => {
    const shape = pick(random, [[], [1]]);
    return {
      inputs: { x: between(random, shapeOf(random, 0, 3), 0.3, 2) },
      build: (g, dtype) => [g.op("Pow", ["x", g.constant(tensor([exponent], shape, dtype))])],
    };
  },
});

const several = (op: string): GradientCase => ({
  op,
  name: "of one to four tensors that broadcast",
  draw: (random) => {
    const shape = shapeOf(random, 0, 3);
    const names = ["a", "b", "c", "d"].slice(0, 1 + random.below(4));
    const draw = (_: string, i: number) =>
      // Extremes need entries that stay apart: each input gets its own offset.
      distinctWithOffset(random, i === 0 ? shape : broadcastable(random, shape), 0.01 * i);
    return {
      inputs: Object.fromEntries(names.map((name, i) => [name, draw(name, i)])),
      build: (g) => [g.op(op, names)],
    };
  },
});

function distinctWithOffset(random: Random, shape: readonly number[], offset: number) {
  const values = distinct(random, shape);
  const data = Float64Array.from(values.data as Float64Array, (value) => Math.round(value * 20) / 20 + offset);
  return { ...values, data };
}

export const arithmeticCases: readonly GradientCase[] = [
  ...["Add", "Sub", "Mul", "Div"].flatMap((op) => [binary(op), same(op)]),
  ...[0, 1, 2, 3, 0.5, -0.5, -1, 2.5, -2].map(constantPower),
  {
    op: "Mod",
    name: "as the remainder of C, broadcast",
    draw: (random) => {
      const [a, b] = broadcastPair(random);
      // Quotients between 1.2 and 1.8 of either sign.
      const negative = random.uniform() < 0.5 ? -1 : 1;
      return {
        inputs: { a: between(random, a, 1.3 * negative, 1.6 * negative), b: between(random, b, 0.9, 1.05) },
        build: (g) => [g.op("Mod", ["a", "b"], { fmod: { int: 1 } })],
      };
    },
  },
  {
    op: "Pow",
    name: "in base and exponent, broadcast",
    draw: (random) => {
      const [a, b] = broadcastPair(random);
      return {
        inputs: { x: between(random, a, 0.3, 2), p: awayFromZero(random, b) },
        build: (g) => [g.op("Pow", ["x", "p"])],
      };
    },
  },
  {
    op: "Pow",
    name: "of negative bases with integer exponents of another type, per entry and constant",
    draw: (random) => {
      const exponent = pick(random, [2, 3, 4]);
      return {
        inputs: { x: awayFromZero(random, [2, 4]), p: int64([0, 1, 2, 3], [4]) },
        build: (g) => [g.op("Pow", ["x", "p"]), g.op("Pow", ["x", g.constant(int64([exponent], []))])],
      };
    },
  },
  {
    op: "Pow",
    name: "of float32 bases with float64 exponents",
    draw: (random) => ({
      inputs: { x: between(random, [2, 3], 0.3, 2), p: normals(random, [3]) },
      build: (g) => [g.op("Pow", ["x", g.op("Cast", ["p"], { to: { int: 11 } })])],
      twin: ({ x, p }) => [x!.map((base, i) => base ** p![i % 3]!)],
    }),
  },
  several("Sum"),
  several("Max"),
  several("Min"),
  {
    op: "Mean",
    name: "of one to three tensors (float32 only)",
    draw: (random) => {
      const names = ["a", "b", "c"].slice(0, 1 + random.below(3));
      const shape = shapeOf(random, 0, 2);
      return {
        inputs: Object.fromEntries(names.map((name) => [name, normals(random, shape)])),
        build: (g) => [g.op("Mean", names)],
        twin: (x) => [x.a!.map((_, i) => names.reduce((sum, name) => sum + x[name]![i]!, 0) / names.length)],
      };
    },
  },
  {
    op: "Where",
    name: "condition and both branches broadcast",
    draw: (random) => {
      const shape = shapeOf(random, 0, 3);
      const condition = broadcastable(random, shape);
      const size = condition.reduce((product, extent) => product * extent, 1);
      return {
        inputs: {
          condition: {
            dtype: "bool",
            shape: condition,
            data: Uint8Array.from({ length: size }, () => random.below(2)),
          },
          a: normals(random, shape),
          b: normals(random, broadcastable(random, shape)),
        },
        build: (g) => [g.op("Where", ["condition", "a", "b"])],
      };
    },
  },
];
