/** @file Gradients of activation functions. */
import { int, stringAttribute } from "../../onnx/graph.ts";
import type { GradientRule, RuleContext } from "../rule.ts";

const BOOL = 9; // TensorProto.DataType
const FLOAT64 = 11;

function unary(dX: (c: RuleContext, dy: string) => string): GradientRule {
  return (c) => [dX(c, c.dy())];
}

/**
 * 1 where y > 0 and 0 where y = 0, for y >= 0. A HardSigmoid with a huge slope is exact unless y is subnormal. The
 * gradient of Relu then takes two thirds of the time of Greater and Where. ONNX Runtime has no float64 kernel for it.
 */
function positive(c: RuleContext, y: string): string {
  if (c.dtype === "float32") return c.op("HardSigmoid", [y], { alpha: { float: 3e38 }, beta: { float: 0 } });
  return c.op("Cast", [c.op("Cast", [y], { to: int(BOOL) })], { to: int(FLOAT64) });
}

/**
 * y = max(x, 0): dX = dY [y > 0]. Computed from the output, so that ONNX Runtime can fuse Gemm and Relu; at 0 the slope
 * is 0, as in PyTorch.
 */
const relu = unary((c, dy) => c.mul(dy, positive(c, c.y())));

/** y = tanh x: dX = dY (1 - y^2). */
const tanh = unary((c, dy) => c.op("Sub", [dy, c.mul(dy, c.y(), c.y())]));

/** y = 1 / (1 + e^-x): dX = dY y (1 - y). */
const sigmoid = unary((c, dy) => {
  const dyY = c.mul(dy, c.y());
  return c.op("Sub", [dyY, c.mul(dyY, c.y())]);
});

/** y = log(1 + e^x): dX = dY sigmoid(x), which never overflows. */
const softplus = unary((c, dy) => c.mul(dy, c.op("Sigmoid", [c.x()])));

/** y = x if x > 0 else alpha x: dX = dY or alpha dY. */
const leakyRelu = unary((c, dy) =>
  c.op("Where", [c.op("Greater", [c.x(), c.scalar(0)]), dy, c.scale(dy, c.float("alpha", 0.01))]),
);

/** y = x if x > 0 else slope x: dX = dY or slope dY, dSlope = sum of dY x over x <= 0. */
const prelu: GradientRule = (c) => {
  const [x, slope, dy] = [c.x(0), c.x(1), c.dy()];
  const isPositive = c.op("Greater", [x, c.scalar(0)]);
  const dSlope = () => c.op("Where", [isPositive, c.scalar(0), c.mul(dy, x)]);
  return [
    c.needs(0) ? c.op("Where", [isPositive, dy, c.mul(dy, slope)]) : undefined,
    c.needs(1) ? c.sumTo(dSlope(), c.shape(x), 1) : undefined,
  ];
};

/** y = x if x > 0 else alpha (e^x - 1): dX = dY or dY alpha e^x = dY (y + alpha). */
const elu = unary((c, dy) => {
  const below = c.mul(dy, c.op("Add", [c.y(), c.scalar(c.float("alpha", 1))]));
  return c.op("Where", [c.op("Greater", [c.x(), c.scalar(0)]), dy, below]);
});

/** y = x s with s = sigmoid(alpha x): dX = dY (s + alpha y (1 - s)). */
const swish = unary((c, dy) => {
  const alpha = c.float("alpha", 1);
  const s = c.op("Sigmoid", [c.scale(c.x(), alpha)]);
  const slope = c.scale(c.op("Sub", [c.y(), c.mul(c.y(), s)]), alpha);
  return c.mul(dy, c.op("Add", [s, slope]));
});

/**
 * y = x Phi(x), Phi the normal distribution function: dX = dY (Phi(x) + x phi(x)), phi its density. With u = x /
 * sqrt(2) that is Phi = (1 + erf u) / 2 and x phi = u e^(-u^2) / sqrt(pi), here as a quotient: Neg runs on one thread
 * in ONNX Runtime.
 */
function geluExact(c: RuleContext, dy: string): string {
  const u = c.scale(c.x(), Math.SQRT1_2);
  const Phi = c.op("Add", [c.scale(c.op("Erf", [u]), 0.5), c.scalar(0.5)]);
  const quotient = c.op("Div", [u, c.op("Exp", [c.mul(u, u)])]);
  return c.mul(dy, c.op("Add", [Phi, c.scale(quotient, 1 / Math.sqrt(Math.PI))]));
}

/**
 * y = x (1 + t) / 2 with t = tanh u, u = k x (1 + a x^2), k = sqrt(2/pi), a = 0.044715:
 * dX = dY (1 + t + x (1 - t^2) u') / 2 with x u' = k x (1 + 3 a x^2).
 */
function geluTanh(c: RuleContext, dy: string): string {
  const [k, a] = [Math.sqrt(2 / Math.PI), 0.044715];
  const kx = c.scale(c.x(), k);
  const square = c.mul(c.x(), c.x());
  const polynomial = (factor: number) => c.op("Add", [c.scale(square, factor), c.scalar(1)]);
  const t = c.op("Tanh", [c.mul(kx, polynomial(a))]);
  const slope = c.mul(c.op("Sub", [c.scalar(1), c.mul(t, t)]), c.mul(kx, polynomial(3 * a)));
  return c.mul(c.scale(dy, 0.5), c.op("Add", [c.op("Add", [t, c.scalar(1)]), slope]));
}

const gelu = unary((c, dy) =>
  stringAttribute(c.node, "approximate", "none") === "tanh" ? geluTanh(c, dy) : geluExact(c, dy),
);

export const activationRules: Record<string, GradientRule> = {
  Relu: relu,
  LeakyRelu: leakyRelu,
  PRelu: prelu,
  Elu: elu,
  Tanh: tanh,
  Sigmoid: sigmoid,
  Softplus: softplus,
  Gelu: gelu,
  Swish: swish,
};
