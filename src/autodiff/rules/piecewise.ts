/**
 * @file Gradients of activation functions with bounds, thresholds or a scale: dX = dY f'(x). At a kink the derivative
 * from below is used.
 */
import type { GradientRule, RuleContext } from "../rule.ts";

function unary(dX: (c: RuleContext, dy: string) => string): GradientRule {
  return (c) => [dX(c, c.dy())];
}

const greater = (c: RuleContext, name: string, bound: number) => c.op("Greater", [name, c.scalar(bound)]);
const less = (c: RuleContext, name: string, bound: number) => c.op("Less", [name, c.scalar(bound)]);
const where = (c: RuleContext, condition: string, a: string, b: string) => c.op("Where", [condition, a, b]);

/** y = gamma x if x > 0 else gamma alpha (e^x - 1): dX = dY gamma, or dY (y + gamma alpha). */
const selu = unary((c, dy) => {
  const [alpha, gamma] = [c.float("alpha", 1.6732631921768188), c.float("gamma", 1.0507010221481323)];
  const below = c.mul(dy, c.add(c.y(), c.scalar(gamma * alpha)));
  return where(c, greater(c, c.x(), 0), c.scale(dy, gamma), below);
});

/** y = x if x > 0 else alpha (e^(x / alpha) - 1): dX = dY, or dY (y / alpha + 1). */
const celu = unary((c, dy) => {
  const below = c.mul(dy, c.add(c.scale(c.y(), 1 / c.float("alpha", 1)), c.scalar(1)));
  return where(c, greater(c, c.x(), 0), dy, below);
});

/** y = alpha x + beta clipped to [0, 1]: dX = alpha dY inside. */
const hardSigmoid = unary((c, dy) => {
  const inside = c.op("And", [greater(c, c.y(), 0), less(c, c.y(), 1)]);
  return where(c, inside, c.scale(dy, c.float("alpha", 0.2)), c.scalar(0));
});

/** y = x (x/6 + 1/2 clipped to [0, 1]): dX = dY (x/3 + 1/2) for |x| < 3, dY above, 0 below. */
const hardSwish = unary((c, dy) => {
  const middle = c.mul(dy, c.add(c.scale(c.x(), 1 / 3), c.scalar(0.5)));
  return where(c, greater(c, c.x(), 3), dy, where(c, greater(c, c.x(), -3), middle, c.scalar(0)));
});

/** y = x t with t = tanh(softplus x): dX = dY (t + x (1 - t^2) sigmoid x). */
const mish = unary((c, dy) => {
  const t = c.op("Tanh", [c.op("Softplus", [c.x()])]);
  const slope = c.mul(c.x(), c.sub(c.scalar(1), c.mul(t, t)), c.op("Sigmoid", [c.x()]));
  return c.mul(dy, c.add(t, slope));
});

/** y = x / (1 + |x|): dX = dY (1 - |y|)^2. */
const softsign = unary((c, dy) => {
  const rest = c.sub(c.scalar(1), c.op("Abs", [c.y()]));
  return c.mul(dy, rest, rest);
});

/** y = x if x > alpha else 0: dX = dY above alpha. */
const thresholdedRelu = unary((c, dy) => where(c, greater(c, c.x(), c.float("alpha", 1)), dy, c.scalar(0)));

/** y = x + bias below -lambd, x - bias above lambd, 0 between: dX = dY outside. */
const shrink = unary((c, dy) => {
  const between = c.op("Not", [greater(c, c.op("Abs", [c.x()]), c.float("lambd", 0.5))]);
  return where(c, between, c.scalar(0), dy);
});

/**
 * y = min(max(x, low), high): dX = dY where y = x. Elsewhere the active limit gets dY; where the limits cross, the
 * higher one.
 */
const clip: GradientRule = (c) => {
  const zero = c.scalar(0);
  const inside = c.op("Equal", [c.x(), c.y()]);
  const axes = c.shape(c.y()).map((_, axis) => axis);
  const isHigh = () => c.op("Equal", [c.y(), c.x(2)]);
  const limit = (i: number, chosen: string) => {
    const taken = where(c, c.op("And", [c.op("Not", [inside]), chosen]), c.dy(), zero);
    return c.reshape(axes.length === 0 ? taken : c.sum(taken, axes, 0), c.shape(c.x(i)));
  };
  const isLow = () => {
    const below = c.op("Less", [c.x(), c.y()]);
    return c.has(2) ? c.op("And", [below, c.op("Not", [isHigh()])]) : below;
  };
  return [
    c.needs(0) ? where(c, inside, c.dy(), zero) : undefined,
    c.needs(1) ? limit(1, isLow()) : undefined,
    c.needs(2) ? limit(2, isHigh()) : undefined,
  ];
};

export const piecewiseRules: Record<string, GradientRule> = {
  Selu: selu,
  Celu: celu,
  HardSigmoid: hardSigmoid,
  HardSwish: hardSwish,
  Mish: mish,
  Softsign: softsign,
  ThresholdedRelu: thresholdedRelu,
  Shrink: shrink,
  Clip: clip,
};
