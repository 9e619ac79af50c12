/** @file The spacing of a parameter's values, for the choice of an axis. */
import type { Cell } from "./table.ts";

export type Spacing = "linear" | "log" | "categories";

/** chosen: a factor below which a linear axis suffices. */
const LEAST_FACTOR = 10;

/**
 * The axis for the values of a parameter.
 *
 * @returns "log" if all are positive, span a factor of 10 and are more evenly spaced in logarithms; "categories",
 *   equally spaced values, for texts, and for 0 together with values evenly spaced in logarithms; else "linear"
 */
export function spacingOf(values: readonly Cell[]): Spacing {
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length < values.length || numbers.length === 0) return "categories";
  const sorted = [...new Set(numbers)].sort((x, y) => x - y);
  const positive = sorted.filter((value) => value > 0);
  if (positive.length < 2 || sorted[0]! < 0 || positive.at(-1)! < LEAST_FACTOR * positive[0]!) return "linear";
  if (positive.length > 2 && unevenness(positive.map(Math.log)) > unevenness(positive)) return "linear";
  return positive.length === sorted.length ? "log" : "categories";
}

/** The largest distance of neighbours divided by the smallest. @param sorted at least three different numbers */
function unevenness(sorted: readonly number[]): number {
  const gaps = sorted.slice(1).map((value, i) => value - sorted[i]!);
  return Math.max(...gaps) / Math.min(...gaps);
}

/** Whether an axis of measured values is logarithmic: all positive, spanning at least two decades. */
export function isLogRange(values: readonly number[]): boolean {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return values.length > 1 && least > 0 && most >= 100 * least;
}
