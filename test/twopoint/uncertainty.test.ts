import { describe, expect, it } from "vitest";
import { Random } from "../../src/random/random.ts";
import { noiseOf } from "../../src/twopoint/noise.ts";
import { sandwich } from "../../src/twopoint/uncertainty.ts";

const rows = 200;

/** A straight line through each of three variables of `rows` values: level and slope by least squares. */
function line(noise: (i: number) => number) {
  const n = 3 * rows;
  const place = (i: number): number => (i % rows) / rows - 0.5;
  const y = Float64Array.from({ length: n }, (_, i) => noise(i % rows));
  const D = [new Float64Array(n).fill(1), Float64Array.from({ length: n }, (_, i) => place(i))];
  const level = y.reduce((sum, value) => sum + value, 0) / n;
  const centre = D[1]!.reduce((sum, value) => sum + value, 0) / n;
  const across = D[1]!.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  const slope = y.reduce((sum, value, i) => sum + value * (D[1]![i]! - centre), 0) / across;
  const residuals = y.map((value, i) => value - level - slope * (D[1]![i]! - centre));
  return { D, slope, residuals, y };
}

/** Mean of the errors that are said, and spread of the slopes: what the errors should be. */
function errors(noise: (random: Random) => (i: number) => number, draws = 300) {
  const found = Array.from({ length: draws }, (_, seed) => {
    const { D, slope, residuals } = line(noise(new Random(seed)));
    const { matrix, lag } = sandwich(residuals, D, [0, 0])!;
    return { slope, error: Math.sqrt(matrix[3]!), lag };
  });
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / draws;
  return {
    said: Math.sqrt(mean(found.map(({ error }) => error ** 2))),
    true: Math.sqrt(mean(found.map(({ slope }) => slope ** 2))),
    lag: mean(found.map(({ lag }) => lag)),
  };
}

describe("the sandwich", () => {
  it("is right for noise of one size", () => {
    const { said, true: truth, lag } = errors((random) => () => random.normal());
    expect(said / truth).toBeGreaterThan(0.9);
    expect(said / truth).toBeLessThan(1.15);
    expect(lag).toBeLessThan(1);
  });

  it("is right for noise that grows with the value, where the usual error is not", () => {
    const grown = (random: Random) => (i: number) => (random.normal() * Math.abs(i - rows / 2) ** 3) / rows ** 3;
    const { said, true: truth } = errors(grown);
    expect(said / truth).toBeGreaterThan(0.85);
    expect(said / truth).toBeLessThan(1.2);
  });

  // 200 rows hold some ten independent stretches; without the lag a third would be said
  it("says two thirds of the error of residuals that go together over ten rows", () => {
    const together = (random: Random) => {
      let state = 0;
      const values = Array.from({ length: rows }, () => {
        state = 0.9 * state + random.normal();
        return state;
      });
      return (i: number) => values[i]!; // the same in all three variables
    };
    const { said, true: truth, lag } = errors(together);
    expect(said / truth).toBeGreaterThan(0.6);
    expect(said / truth).toBeLessThan(1.1);
    expect(lag).toBeGreaterThan(10);
  });

  it("is none where parameters cannot be told apart", () => {
    const { D, residuals } = line((i) => (i % 2 === 0 ? 1 : -1));
    expect(sandwich(residuals, [D[0]!, D[0]!], [0, 0])).toBeUndefined();
    expect(sandwich(residuals, [D[0]!, new Float64Array(3 * rows)], [0, 0])).toBeUndefined();
  });

  it("leaves a parameter of which the rows say nothing as uncertain as its prior", () => {
    const { D, residuals } = line((i) => (i % 2 === 0 ? 1 : -1));
    const { matrix } = sandwich(residuals, [D[0]!, D[1]!, new Float64Array(3 * rows)], [0, 0, 0.3])!;
    expect(matrix[8]).toBeCloseTo(0.09, 12);
  });
});

describe("noise", () => {
  const values = Float64Array.from({ length: 3 * rows }, (_, i) => 0.1 + (i % rows) / rows);

  it("is all of independent residuals and nothing of a smooth course", () => {
    const random = new Random(3);
    const rough = noiseOf(
      values.map(() => random.normal()),
      values,
    );
    expect(rough.share).toBeGreaterThan(0.8);
    expect(rough.share).toBeLessThan(1.2);
    expect(rough.size).toBeGreaterThan(0.9);
    expect(rough.size).toBeLessThan(1.1);
    expect(
      noiseOf(
        values.map((_, i) => Math.sin((i % rows) / 20)),
        values,
      ).share,
    ).toBeLessThan(1e-4);
    expect(noiseOf(new Float64Array(3 * rows), values).share).toBe(0);
  });

  it("is in the first row what it is in the rows behind it, in proportion to the value or not", () => {
    const random = new Random(4);
    const growing = Float64Array.from({ length: 3 * rows }, (_, i) => 1e-3 * Math.exp((i % rows) / 8));
    const relative = noiseOf(
      growing.map((value) => 0.05 * value * random.normal()),
      growing,
    );
    for (const found of relative.start) expect(found / 5e-5).toBeGreaterThan(0.6);
    for (const found of relative.start) expect(found / 5e-5).toBeLessThan(1.6);
    const absolute = noiseOf(
      growing.map(() => 0.01 * random.normal()),
      growing,
    );
    for (const found of absolute.start) expect(found / 0.01).toBeGreaterThan(0.3);
    for (const found of absolute.start) expect(found / 0.01).toBeLessThan(1.6);
  });
});
