/** @file Cases for rules/trigonometry.ts. */
import { between, type GradientCase } from "./case.ts";
import { type Draw, unary } from "./elementwise.ts";

const within =
  (low: number, high: number): Draw =>
  (random, shape) =>
    between(random, shape, low, high);

const functions: readonly (readonly [op: string, low: number, high: number, twin: (x: number) => number])[] = [
  ["Tan", -1.2, 1.2, Math.tan],
  ["Asin", -0.8, 0.8, Math.asin],
  ["Acos", -0.8, 0.8, Math.acos],
  ["Atan", -3, 3, Math.atan],
  ["Sinh", -2, 2, Math.sinh],
  ["Cosh", -2, 2, Math.cosh],
  ["Asinh", -3, 3, Math.asinh],
  ["Acosh", 1.3, 4, Math.acosh],
  ["Atanh", -0.8, 0.8, Math.atanh],
];

export const trigonometryCases: readonly GradientCase[] = functions.map(([op, low, high, twin]) =>
  unary(op, within(low, high), { twin }),
);
