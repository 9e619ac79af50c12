/** @file Gradients of circular and hyperbolic functions and their inverses: dX = dY f'(x). */
import type { GradientRule, RuleContext } from "../rule.ts";

function unary(dX: (c: RuleContext, dy: string) => string): GradientRule {
  return (c) => [dX(c, c.dy())];
}

const div = (c: RuleContext, a: string, b: string) => c.op("Div", [a, b]);
const square = (c: RuleContext, name: string) => c.mul(name, name);
/** a + factor x^2 */
const quadratic = (c: RuleContext, a: number, factor: 1 | -1) => {
  const x2 = square(c, c.x());
  return factor === 1 ? c.add(x2, c.scalar(a)) : c.sub(c.scalar(a), x2);
};
const root = (c: RuleContext, name: string) => c.op("Sqrt", [name]);

/** y = tan x: dX = dY (1 + y^2). */
const tan = unary((c, dy) => c.add(dy, c.mul(dy, square(c, c.y()))));
/** y = asin x: dX = dY / sqrt(1 - x^2). */
const asin = unary((c, dy) => div(c, dy, root(c, quadratic(c, 1, -1))));
/** y = acos x: dX = -dY / sqrt(1 - x^2). */
const acos = unary((c, dy) => c.op("Neg", [div(c, dy, root(c, quadratic(c, 1, -1)))]));
/** y = atan x: dX = dY / (1 + x^2). */
const atan = unary((c, dy) => div(c, dy, quadratic(c, 1, 1)));
/** y = sinh x: dX = dY cosh x. */
const sinh = unary((c, dy) => c.mul(dy, c.op("Cosh", [c.x()])));
/** y = cosh x: dX = dY sinh x. */
const cosh = unary((c, dy) => c.mul(dy, c.op("Sinh", [c.x()])));
/** y = asinh x: dX = dY / sqrt(x^2 + 1). */
const asinh = unary((c, dy) => div(c, dy, root(c, quadratic(c, 1, 1))));
/** y = acosh x: dX = dY / sqrt(x^2 - 1). */
const acosh = unary((c, dy) => div(c, dy, root(c, quadratic(c, -1, 1))));
/** y = atanh x: dX = dY / (1 - x^2). */
const atanh = unary((c, dy) => div(c, dy, quadratic(c, 1, -1)));

export const trigonometryRules: Record<string, GradientRule> = {
  Tan: tan,
  Asin: asin,
  Acos: acos,
  Atan: atan,
  Sinh: sinh,
  Cosh: cosh,
  Asinh: asinh,
  Acosh: acosh,
  Atanh: atanh,
};
