/** @file Gradients of operators that act on each entry: arithmetic with broadcasting, functions of one variable. */
import type { GradientRule, RuleContext } from "../rule.ts";

/** Two inputs that broadcast: each gradient is dY times a factor, summed over the axes along which that input was repeated. */
function binary(dLeft: (c: RuleContext) => string, dRight: (c: RuleContext) => string): GradientRule {
  return (c) => {
    const shape = c.shape(c.y());
    return [
      c.needs(0) ? c.sumTo(dLeft(c), shape, 0) : undefined,
      c.needs(1) ? c.sumTo(dRight(c), shape, 1) : undefined,
    ];
  };
}

/** One input: dX = dY f'(x). */
function unary(dX: (c: RuleContext, dy: string) => string): GradientRule {
  return (c) => [dX(c, c.dy())];
}

const neg = (c: RuleContext, name: string) => c.op("Neg", [name]);

/** d(x^p)/dp = x^p log x, taken as 0 where x <= 0 (PyTorch's convention at 0; no derivative exists below). */
function powExponent(c: RuleContext): string {
  const x = c.x(0);
  const positive = c.op("Greater", [x, c.builder.scalar(0, c.value(x).dtype)]);
  const safe = c.op("Where", [positive, x, c.scalar(1)]);
  return c.mul(c.dy(), c.y(), c.op("Log", [safe]));
}

/** d(x^p)/dx = p x^(p-1), and 0 where p = 0, also at x = 0. */
function powBase(c: RuleContext): string {
  const [x, p] = [c.x(0), c.x(1)];
  const zero = c.builder.scalar(0, c.value(p).dtype);
  const isZero = c.op("Equal", [p, zero]);
  const lower = c.op("Where", [isZero, zero, c.op("Sub", [p, c.builder.scalar(1, c.value(p).dtype)])]);
  return c.mul(c.dy(), p, c.op("Pow", [x, lower]));
}

/** dY where the mask holds, else 0. */
const masked = (c: RuleContext, mask: string, dy: string) => c.op("Where", [mask, dy, c.scalar(0)]);

/** Uses the output, not the input, so that ONNX Runtime can fuse Gemm and Relu. At 0 the slope is 0, as in PyTorch. */
const relu = unary((c, dy) => masked(c, c.op("Greater", [c.y(), c.scalar(0)]), dy));

/** tanh' = 1 - y^2. */
const tanh = unary((c, dy) => c.op("Sub", [dy, c.mul(dy, c.y(), c.y())]));

export const elementwiseRules: Record<string, GradientRule> = {
  Add: binary(
    (c) => c.dy(),
    (c) => c.dy(),
  ),
  Sub: binary(
    (c) => c.dy(),
    (c) => neg(c, c.dy()),
  ),
  Mul: binary(
    (c) => c.mul(c.dy(), c.x(1)),
    (c) => c.mul(c.dy(), c.x(0)),
  ),
  Div: binary(
    (c) => c.op("Div", [c.dy(), c.x(1)]),
    (c) => neg(c, c.op("Div", [c.mul(c.dy(), c.y()), c.x(1)])),
  ),
  Pow: binary(powBase, powExponent),
  Neg: unary(neg),
  Identity: unary((_, dy) => dy),
  Relu: relu,
  Tanh: tanh,
};
