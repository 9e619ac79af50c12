/** @file What measurements in mid-training hold, by sizes alone. */
import { describe, expect, test } from "vitest";
import type { LayerSnapshot } from "../../src/measure/snapshot.ts";
import { mlp } from "../../src/networks/mlp.ts";
import { Random } from "../../src/random/random.ts";
import { leftOut, measuringShare, sizesOf } from "../../src/runner/training/measuringShare.ts";
import { LOG_POINTS } from "../../src/train/milestones.ts";

const network = (widths: number[]) => mlp({ widths, activation: "relu", initialisation: "torch" }, new Random(1));
const wide = network([784, 256, 256, 10]);
const share = (steps: number, fixed?: number) =>
  measuringShare(sizesOf(wide, { steps, batch: 100, samples: 3000 }), fixed);

describe("measurements in mid-training", () => {
  test("are all there where training is long, with ranks of every layer", () => {
    const { points, cubicSeconds } = share(1e6);
    expect(points).toBe(LOG_POINTS);
    expect(cubicSeconds).toBeGreaterThan(10);
  });

  test("are fewer, and without ranks, where training is short", () => {
    const { points, cubicSeconds } = share(300);
    expect(points).toBe(6);
    expect(cubicSeconds).toBe(0);
  });

  test("are more the longer training is", () => {
    const points = [300, 3_000, 6_000, 10_000, 40_000].map((steps) => share(steps).points);
    expect(points).toEqual(points.toSorted((x, y) => x - y));
    expect(new Set(points).size).toBeGreaterThan(2);
  });

  test("of a small network disturb nobody, however short training is", () => {
    const { points } = measuringShare(sizesOf(network([10, 20, 3]), { steps: 5, batch: 4, samples: 64 }));
    expect(points).toBe(LOG_POINTS);
  });

  test("keep the number that the user gave", () => {
    expect(share(300, 27).points).toBe(27);
    expect(share(20_000, 300).cubicSeconds).toBeLessThan(share(20_000, 20).cubicSeconds);
  });

  test("say what they left out", () => {
    const [ranked, bare] = [{ spectra: {} }, {}] as unknown as LayerSnapshot[];
    expect(leftOut([ranked!])).toMatch(/^laws \(exponents, .*\): not measured in mid-training; .*--cost standard/);
    expect(leftOut([ranked!, bare!])).toContain("nor ranks, spectra and residuals of 1 of 2 layers:");
  });
});
