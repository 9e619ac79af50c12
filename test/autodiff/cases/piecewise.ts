/** @file Cases for rules/piecewise.ts, with twins: ONNX Runtime has few of these in float64. */
import type { Attribute } from "../../../src/onnx/graph.ts";
import { tensor } from "../finiteDifference.ts";
import { awayFromZero, between, distinct, type GradientCase, normals, shapeOf } from "./case.ts";
import { unary } from "./elementwise.ts";

const [SELU_ALPHA, SELU_GAMMA] = [1.6732631921768188, 1.0507010221481323];
const softplus = (x: number) => Math.log1p(Math.exp(x));
const f = (value: number): Attribute => ({ float: value });

/** Values at least 0.05 from the multiples of 1/2, where the kinks of the attributes below are. */
const betweenKinks: typeof normals = (random, shape) => {
  const draw = between(random, shape, 0.05, 0.45);
  const data = Float64Array.from(draw.data as Float64Array, (value) => value + 0.5 * (random.below(16) - 8));
  return { ...draw, data };
};

export const piecewiseCases: readonly GradientCase[] = [
  unary("Selu", awayFromZero, { twin: (x) => SELU_GAMMA * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)) }),
  unary("Selu", awayFromZero, {
    name: "with alpha and gamma",
    attributes: { alpha: f(0.5), gamma: f(2) },
    twin: (x) => 2 * (x > 0 ? x : 0.5 * Math.expm1(x)),
  }),
  ...[1, 0.5, 2].map((alpha) =>
    unary("Celu", awayFromZero, {
      name: `with alpha ${alpha}`,
      attributes: { alpha: f(alpha) },
      twin: (x) => (x > 0 ? x : alpha * Math.expm1(x / alpha)),
    }),
  ),
  unary("HardSigmoid", betweenKinks, { twin: (x) => Math.min(Math.max(0.2 * x + 0.5, 0), 1) }),
  unary("HardSigmoid", betweenKinks, {
    name: "with alpha and beta",
    attributes: { alpha: f(0.5), beta: f(0.25) },
    twin: (x) => Math.min(Math.max(0.5 * x + 0.25, 0), 1),
  }),
  unary("HardSwish", betweenKinks, { twin: (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1) }),
  unary("Mish", normals, { twin: (x) => x * Math.tanh(softplus(x)) }),
  unary("Softsign", normals, { twin: (x) => x / (1 + Math.abs(x)) }),
  unary("ThresholdedRelu", betweenKinks, { twin: (x) => (x > 1 ? x : 0) }),
  unary("ThresholdedRelu", betweenKinks, {
    name: "with a negative threshold",
    attributes: { alpha: f(-0.5) },
    twin: (x) => (x > -0.5 ? x : 0),
  }),
  unary("Shrink", betweenKinks, { twin: (x) => (Math.abs(x) > 0.5 ? x : 0) }),
  unary("Shrink", betweenKinks, {
    name: "with lambd and bias",
    attributes: { lambd: f(1.5), bias: f(0.25) },
    twin: (x) => (x < -1.5 ? x + 0.25 : x > 1.5 ? x - 0.25 : 0),
  }),
  {
    op: "Clip",
    name: "with both limits, one or none",
    draw: (random) => {
      const limits = random.below(4);
      return {
        inputs: { x: awayFromZero(random, shapeOf(random, 0, 3)) },
        build: (g, dtype) => {
          const low = limits & 1 ? g.constant(tensor([-1.05], [], dtype)) : "";
          const high = limits & 2 ? g.constant(tensor([0.05], [], dtype)) : "";
          return [g.op("Clip", ["x", low, high])];
        },
      };
    },
  },
  {
    op: "Clip",
    name: "whose limits are differentiated too",
    draw: (random) => ({
      inputs: {
        x: distinct(random, shapeOf(random, 0, 2)),
        low: between(random, [], -0.33, -0.32),
        high: between(random, [], 0.32, 0.33),
      },
      build: (g) => [g.op("Clip", ["x", "low", "high"])],
    }),
  },
];
