/** @file Moments of a play that are kept: within a bound, spaced evenly in the logarithm, first and last always. */
import { expect, it } from "vitest";
import { KeptMoments } from "../../src/web/trainer/keptMoments.ts";
import { layerCase, layerOf, momentsOf } from "../moments/cases.ts";

const layer = layerOf(layerCase(1, 20, 6, 6));
/** Of a step: eight sums a side without the cross moments, and the weights, in float64. */
const BYTES = 8 * (2 * (4 * 36 + 4 * 6) + 36);
const at = (step: number) => ({ ...momentsOf([layer]), step });

it("all are kept while there is room, with the sums that matrices are made of", () => {
  const kept = new KeptMoments(3 * BYTES);
  for (const step of [0, 10, 20]) kept.add(at(step));
  expect(kept.steps).toEqual([0, 10, 20]);
  const [first] = kept.layer(layer.name);
  expect(first!.layer.a!.hnhn).toBe(layer.a!.hnhn);
  expect(first!.layer.a!.gh).toBeUndefined();
  expect(kept.layer("none")).toEqual([]);
});

it("where there is none, those that the logarithm misses least go, and never the first or the last", () => {
  const kept = new KeptMoments(6 * BYTES);
  for (let step = 0; step <= 1000; step += 10) {
    kept.add(at(step));
    expect(kept.steps.length).toBeLessThanOrEqual(6);
    expect([kept.steps[0], kept.steps.at(-1)]).toEqual([0, step]);
  }
  expect(kept.steps[1]).toBeLessThan(100); // early ones too
  const logs = kept.steps.slice(1).map((step) => Math.log(step));
  const gaps = logs.slice(1).map((log, i) => log - logs[i]!);
  expect(Math.max(...gaps) / Math.min(...gaps)).toBeLessThan(4); // even ones would be as wide as each other
});

it("two stay though they take more than there is room for", () => {
  const kept = new KeptMoments(1);
  for (const step of [0, 1, 2, 3]) kept.add(at(step));
  expect(kept.steps).toEqual([0, 3]);
});
