/** @file Cases for rules/activation.ts. */
import { awayFromZero, between, type GradientCase, normals, shapeOf } from "./case.ts";
import { erf, unary } from "./elementwise.ts";

const within3 = (random: Parameters<typeof between>[0], shape: readonly number[]) => between(random, shape, -3, 3);

const geluTanh = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

export const activationCases: readonly GradientCase[] = [
  unary("Relu", awayFromZero),
  unary("Tanh", normals),
  unary("Sigmoid", normals),
  unary("Softplus", normals, { twin: (x) => Math.log1p(Math.exp(x)) }),
  ...[0.01, 0.3, -0.2, 0].map((alpha) =>
    unary("LeakyRelu", awayFromZero, {
      name: `with alpha ${alpha}`,
      attributes: { alpha: { float: alpha } },
      twin: (x) => (x > 0 ? x : alpha * x),
    }),
  ),
  ...[1, 0.5, -0.5].map((alpha) =>
    unary("Elu", awayFromZero, {
      name: `with alpha ${alpha}`,
      attributes: { alpha: { float: alpha } },
      twin: (x) => (x > 0 ? x : alpha * Math.expm1(x)),
    }),
  ),
  unary("LeakyRelu", awayFromZero, { name: "by default", twin: (x) => (x > 0 ? x : 0.01 * x) }),
  unary("Elu", awayFromZero, { name: "by default", twin: (x) => (x > 0 ? x : Math.expm1(x)) }),
  unary("Gelu", within3, { twin: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)) }),
  unary("Gelu", within3, { name: "approximated", attributes: { approximate: { string: "tanh" } }, twin: geluTanh }),
  unary("Swish", normals),
  unary("Swish", normals, { name: "with alpha", attributes: { alpha: { float: 1.75 } } }),
  {
    op: "PRelu",
    name: "with a slope per channel, one slope, and a slope per entry",
    draw: (random) => {
      const [n, d] = [1 + random.below(4), 1 + random.below(4)];
      const slope = [[d], [], [1], [n, d]][random.below(4)]!;
      return {
        inputs: { x: awayFromZero(random, [n, d]), slope: normals(random, slope) },
        build: (g) => [g.op("PRelu", ["x", "slope"])],
        twin: ({ x, slope: s }) => [
          x!.map((value, i) => (value > 0 ? value : value * s![s!.length === d ? i % d : i % s!.length]!)),
        ],
      };
    },
  },
  {
    op: "Softplus",
    name: "is safe for large arguments of either sign",
    draw: (random) => ({
      inputs: { x: between(random, shapeOf(random, 1, 2), random.below(2) ? 50 : -200, random.below(2) ? 60 : 300) },
      build: (g) => [g.op("Softplus", ["x"])],
      twin: ({ x }) => [x!.map((value) => Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value))))],
    }),
  },
];
