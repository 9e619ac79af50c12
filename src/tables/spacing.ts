/** @file How the values of a parameter lie, for an axis that suits them. */
import type { Cell } from "./table.ts";

export type Spacing = "linear" | "log" | "categories";

/** chosen: a factor below which a linear axis shows everything. */
const LEAST_FACTOR = 10;

/**
 * The axis for the values of a parameter.
 *
 * @returns "log" where all are above 0, span a factor of 10 and are more even by their logarithms; "categories", one
 *   place a value, for texts and for 0 beside values that are even by their logarithms; else "linear"
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

/** The largest distance of neighbours over the smallest. @param sorted three different numbers or more */
function unevenness(sorted: readonly number[]): number {
  const gaps = sorted.slice(1).map((value, i) => value - sorted[i]!);
  return Math.max(...gaps) / Math.min(...gaps);
}

/** Whether an axis of measured values is logarithmic: all above 0, over two decades or more. */
export function isLogRange(values: readonly number[]): boolean {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return values.length > 1 && least > 0 && most >= 100 * least;
}
