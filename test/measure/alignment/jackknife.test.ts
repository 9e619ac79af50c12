import { describe, expect, it } from "vitest";
import { jackknife } from "../../../src/measure/alignment/jackknife.ts";
import { Random } from "../../../src/random/random.ts";

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("the jackknife over groups", () => {
  it("is the standard error of a mean, for groups of equal size exactly", () => {
    const random = new Random(1);
    const groups = Array.from({ length: 8 }, () => Array.from({ length: 5 }, () => random.normal()));
    const means = groups.map(mean);
    const without = groups.map((_, i) => mean(groups.filter((__, j) => j !== i).flat()));
    const found = jackknife(mean(groups.flat()), without, Array(8).fill(5))!;
    const spread = means.reduce((sum, value) => sum + (value - mean(means)) ** 2, 0);
    expect(found.error).toBeCloseTo(Math.sqrt(spread / 7 / 8), 12);
    expect(found.corrected).toBeCloseTo(mean(groups.flat()), 12);
  });

  it("takes out a bias of order 1/n exactly, and for groups of unequal size as well", () => {
    const counts = [10, 20, 30, 40];
    const biased = (n: number) => 3 + 7 / n;
    const found = jackknife(
      biased(100),
      counts.map((count) => biased(100 - count)),
      counts,
    )!;
    expect(found.corrected).toBeCloseTo(3, 1);
    const equal = jackknife(biased(100), Array(4).fill(biased(75)), Array(4).fill(25))!;
    expect(equal.corrected).toBeCloseTo(3, 12);
    expect(equal.error).toBeCloseTo(0, 12);
  });

  it("of two halves is half their difference", () => {
    expect(jackknife(0.5, [0.4, 0.6], [10, 10])!.error).toBeCloseTo(0.1, 12);
  });

  it("has the right size on average: variance of a squared mean over 2,000 draws", () => {
    const random = new Random(2);
    const squares: number[] = [];
    const errors: number[] = [];
    for (let draw = 0; draw < 2000; draw++) {
      const groups = Array.from({ length: 16 }, () => 1 + random.normal() / 4);
      const of = (some: readonly number[]) => mean(some) ** 2;
      const without = groups.map((_, i) => of(groups.filter((__, j) => j !== i)));
      squares.push(of(groups));
      errors.push(jackknife(of(groups), without, Array(16).fill(1))!.error ** 2);
    }
    const variance = squares.reduce((sum, value) => sum + (value - mean(squares)) ** 2, 0) / squares.length;
    expect(mean(errors) / variance).toBeGreaterThan(0.9);
    expect(mean(errors) / variance).toBeLessThan(1.15);
  });

  it("is unknown for fewer than two groups, a missing value or an empty group", () => {
    expect(jackknife(1, [1], [3])).toBeNull();
    expect(jackknife(null, [1, 1], [3, 3])).toBeNull();
    expect(jackknife(1, [1, null], [3, 3])).toBeNull();
    expect(jackknife(1, [1, 1], [3, 0])).toBeNull();
  });
});
