/** @file What measurements during training hold, by sizes alone. */
import { describe, expect, test } from "vitest";
import type { LayerSnapshot } from "../../src/measure/snapshot.ts";
import { mlp } from "../../src/networks/mlp.ts";
import { Random } from "../../src/random/random.ts";
import { leftOut, leftOutAtLast, measuringShare, sizesOf } from "../../src/runner/training/measuringShare.ts";
import { LOG_POINTS, logSpaced, milestones } from "../../src/train/milestones.ts";

const network = (widths: number[]) => mlp({ widths, activation: "relu", initialisation: "torch" }, new Random(1));
const wide = network([784, 256, 256, 10]);
const share = (steps: number, fixed?: number) =>
  measuringShare(sizesOf(wide, { steps, batch: 100, samples: 3000 }), fixed);

describe("the measurements of a run", () => {
  test("are all there where training is long, with ranks of every layer and a whole one at the end", () => {
    const { points, passing, last } = share(1e6);
    expect(points).toBe(LOG_POINTS);
    expect(passing.cubicSeconds).toBeGreaterThan(10);
    expect(last).toEqual({});
  });

  test("are two where training is short, and the last is not whole", () => {
    const { points, last } = share(300);
    expect(milestones({ steps: 300, every: "log", points }).measure).toEqual([0, 300]);
    expect(last.cubicSeconds).toBeLessThan(2);
    expect(last.exponentSeconds).toBe(0);
  });

  test("are more the longer training is", () => {
    const points = [300, 3_000, 6_000, 10_000, 40_000].map((steps) => share(steps).points);
    expect(points).toEqual(points.toSorted((x, y) => x - y));
    expect(new Set(points).size).toBeGreaterThan(2);
  });

  test("of a small network disturb nobody, however short training is", () => {
    const { points, last } = measuringShare(sizesOf(network([10, 20, 3]), { steps: 5, batch: 4, samples: 64 }));
    expect(points).toBe(LOG_POINTS);
    expect(last).toEqual({});
  });

  test("keep the number that the user gave", () => {
    const few = share(20_000, 20).passing.cubicSeconds!;
    expect(share(20_000, 300).passing.cubicSeconds!).toBeLessThan(few);
  });

  test("of few points lie evenly in log(steps), and begin at step 1 where they are many", () => {
    expect(logSpaced(10_000, 1)).toEqual([0, 10_000]);
    expect(logSpaced(10_000, 2)).toEqual([0, 100, 10_000]);
    expect(logSpaced(10_000, 4)).toEqual([0, 10, 100, 1_000, 10_000]);
    expect(logSpaced(10_000, 9).slice(0, 3)).toEqual([0, 1, 3]);
  });

  test("say what they left out", () => {
    const [ranked, bare] = [{ spectra: {} }, {}] as unknown as LayerSnapshot[];
    expect(leftOut([ranked!])).toMatch(/^laws \(exponents, .*\): not measured during training; .*--cost standard/);
    expect(leftOut([ranked!, bare!])).toContain("nor ranks, spectra and residuals of 1 of 2 layers:");
    const whole = { spectra: {}, phase: {} } as unknown as LayerSnapshot;
    const cut = { cubicSeconds: 1, exponentSeconds: 0 };
    expect(leftOutAtLast([ranked!, bare!], {})).toBeUndefined();
    expect(leftOutAtLast([whole], cut)).toBeUndefined();
    expect(leftOutAtLast([whole, ranked!, bare!], cut)).toMatch(
      /^laws \(.*\) of 2 and ranks, spectra and residuals of 1 of 3 layers: not measured, .*--cost standard/,
    );
  });
});
