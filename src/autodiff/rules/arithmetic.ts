/**
 * @file Gradients of operators on several inputs that broadcast: arithmetic, powers, selection, minimum and maximum.
 */
import type { GradientRule, RuleContext } from "../rule.ts";

/** Gradients of inputs 0 and 1, each made only where needed. */
function binary(dLeft: (c: RuleContext) => string, dRight: (c: RuleContext) => string): GradientRule {
  return (c) => [c.needs(0) ? dLeft(c) : undefined, c.needs(1) ? dRight(c) : undefined];
}

/** `gradient`, of the shape of Y, summed over the axes along which input i was repeated. */
const reduced = (c: RuleContext, gradient: string, i: number) => c.sumTo(gradient, c.shape(c.y()), i);

const neg = (c: RuleContext, name: string) => c.op("Neg", [name]);

/** y = a + b: dA = dB = dY. */
const add = binary(
  (c) => reduced(c, c.dy(), 0),
  (c) => reduced(c, c.dy(), 1),
);

/** y = a - b: dA = dY, dB = -dY. */
const sub = binary(
  (c) => reduced(c, c.dy(), 0),
  (c) => neg(c, reduced(c, c.dy(), 1)),
);

/** y = a b: dA = dY b, dB = dY a. */
const mul = binary(
  (c) => reduced(c, c.mul(c.dy(), c.x(1)), 0),
  (c) => reduced(c, c.mul(c.dy(), c.x(0)), 1),
);

/** y = a / b: dA = dY / b, dB = -sum(dY y) / b, summed first because b is constant along the summed axes. */
const div = binary(
  (c) => reduced(c, c.op("Div", [c.dy(), c.x(1)]), 0),
  (c) => neg(c, c.op("Div", [reduced(c, c.mul(c.dy(), c.y()), 1), c.x(1)])),
);

/**
 * y = x^p: dX = dY p x^(p-1), and 0 where p = 0, also at x = 0. Constant exponents get the cheapest form: ONNX Runtime
 * has fast code for exponents 2 and 3; the C library computes all others (1 among them), twenty times slower.
 */
function powBase(c: RuleContext): string {
  const [x, y, dy] = [c.x(0), c.y(), c.dy()];
  const p = c.constantScalar(1);
  if (p === 1) return dy;
  if (p === 2) return c.mul(dy, c.scale(x, 2));
  if (p === 3) return c.mul(dy, c.scale(c.mul(x, x), 3));
  if (p === 0.5) return c.op("Div", [c.scale(dy, 0.5), y]);
  if (p === -0.5) return c.mul(c.scale(dy, -0.5), y, y, y);
  if (p === -1) return neg(c, c.mul(dy, y, y));
  if (p !== undefined) return p === 0 ? c.zeros(c.shape(y)) : c.mul(c.scale(dy, p), c.op("Pow", [x, c.scalar(p - 1)]));
  const exponent = toFloat(c, c.x(1));
  const isZero = c.op("Equal", [exponent, c.scalar(0)]);
  const lower = c.op("Where", [isZero, c.scalar(0), c.op("Sub", [exponent, c.scalar(1)])]);
  return c.mul(dy, exponent, c.op("Pow", [x, lower]));
}

/** y = x^p: dP = dY y log x, taken as 0 where x <= 0 (PyTorch's convention at 0; no derivative exists below). */
function powExponent(c: RuleContext): string {
  const positive = c.op("Greater", [c.x(0), c.scalar(0)]);
  const safe = c.op("Where", [positive, c.x(0), c.scalar(1)]);
  return c.mul(c.dy(), c.y(), c.op("Log", [safe]));
}

/** The exponent, which may be of another type, in the type of the result. */
const toFloat = (c: RuleContext, name: string) =>
  c.value(name).dtype === c.dtype ? name : c.op("CastLike", [name, c.scalar(0)]);

const pow = binary(
  (c) => reduced(c, powBase(c), 0),
  (c) => c.cast(reduced(c, powExponent(c), 1), c.value(c.x(1)).dtype),
);

/** y = a - b q with the integer q = (a - y) / b: dA = dY, dB = -dY q. */
const mod = binary(
  (c) => reduced(c, c.dy(), 0),
  (c) => {
    const q = c.op("Round", [c.op("Div", [c.sub(c.x(0), c.y()), c.x(1)])]);
    return neg(c, reduced(c, c.mul(c.dy(), q), 1));
  },
);

/** y = x_1 + ... + x_n: dX_i = dY. */
const sum: GradientRule = (c) => c.node.inputs.map((_, i) => (c.needs(i) ? reduced(c, c.dy(), i) : undefined));

/** y = (x_1 + ... + x_n) / n: dX_i = dY / n. */
const mean: GradientRule = (c) => {
  const dy = c.scale(c.dy(), 1 / c.node.inputs.length);
  return c.node.inputs.map((_, i) => (c.needs(i) ? reduced(c, dy, i) : undefined));
};

/** y = max or min of x_1, ..., x_n: dY goes to the inputs equal to y, shared evenly among ties. */
const extremum: GradientRule = (c) => {
  if (c.node.inputs.length === 1) return [c.dy()];
  const chosen = c.node.inputs.map((x) => c.op("CastLike", [c.op("Equal", [x, c.y()]), c.scalar(0)]));
  const share = c.op("Div", [c.dy(), c.op("Sum", chosen)]);
  return chosen.map((mask, i) => (c.needs(i) ? reduced(c, c.mul(share, mask), i) : undefined));
};

/** y = condition ? a : b: dA = condition ? dY : 0, dB = condition ? 0 : dY. */
const where: GradientRule = (c) => {
  const [condition, dy, zero] = [c.x(0), c.dy(), c.scalar(0)];
  return [
    undefined,
    c.needs(1) ? reduced(c, c.op("Where", [condition, dy, zero]), 1) : undefined,
    c.needs(2) ? reduced(c, c.op("Where", [condition, zero, dy]), 2) : undefined,
  ];
};

export const arithmeticRules: Record<string, GradientRule> = {
  Add: add,
  Sub: sub,
  Mul: mul,
  Div: div,
  Pow: pow,
  Mod: mod,
  Sum: sum,
  Mean: mean,
  Max: extremum,
  Min: extremum,
  Where: where,
};
