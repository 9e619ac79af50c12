/** @file Snapshots that rest on float32 sums of graphs which the engine may have rewritten differently. */
import { expect } from "vitest";

/** Relative, of numbers above a thousandth. */
const FLOAT32 = 1e-4;

/** Expects the same keys and values, numbers to rounding of float32 sums; `where` names what differs. */
export function expectAlike(x: unknown, y: unknown, where: string): void {
  if (typeof y === "number")
    expect(Math.abs((x as number) - y), where).toBeLessThanOrEqual(FLOAT32 * Math.max(1e-3, Math.abs(y)));
  else if (typeof y === "object" && y !== null) {
    expect(Object.keys(x as object).sort(), where).toEqual(Object.keys(y).sort());
    for (const [key, value] of Object.entries(y))
      expectAlike((x as Record<string, unknown>)[key], value, `${where}.${key}`);
  } else expect(x, where).toEqual(y);
}
