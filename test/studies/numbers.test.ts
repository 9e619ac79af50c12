import { describe, expect, it } from "vitest";
import { Random } from "../../src/random/random.ts";
import { pearson, ranks, spearman } from "../../src/studies/correlation.ts";
import { overSeeds } from "../../src/studies/overSeeds.ts";
import { type Question, scored } from "../../src/studies/score.ts";
import { withinShare } from "../../src/studies/withinShare.ts";

/** Rounding of float64 over a few dozen sums. */
const _ROUNDING = 1e-12;

describe("correlations", () => {
  it("are 1 and -1 on lines, and of ranks on any curve that rises", () => {
    const x = [1, 2, 3, 4, 7];
    expect(
      pearson(
        x,
        x.map((v) => 3 * v - 2),
      ),
    ).toBeCloseTo(1, 12);
    expect(
      pearson(
        x,
        x.map((v) => -v),
      ),
    ).toBeCloseTo(-1, 12);
    expect(
      spearman(
        x,
        x.map((v) => Math.exp(5 * v)),
      ),
    ).toBeCloseTo(1, 12);
    expect(
      pearson(
        x,
        x.map((v) => Math.exp(5 * v)),
      )!,
    ).toBeLessThan(0.9);
  });

  it("agree with a number worked out by hand, ties sharing their rank", () => {
    expect(ranks([10, 20, 20, 5])).toEqual([2, 3.5, 3.5, 1]);
    expect(pearson([1, 2, 3], [1, 3, 2])).toBeCloseTo(0.5, 12);
    expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
  });

  it("leave pairs without a number out, and say nothing of constants or two points", () => {
    expect(pearson([1, Number.NaN, 2, 3], [2, 1, 4, 6])).toBeCloseTo(1, 12);
    expect(pearson([1, 1, 1], [1, 2, 3])).toBeNull();
    expect(pearson([1, 2], [1, 2])).toBeNull();
    expect(() => pearson([1], [1, 2])).toThrow("correlation: expected lists of equal length, got 1 and 2");
  });
});

describe("a mean over seeds", () => {
  it("has Student's interval, which holds the truth in 95 of 100 repetitions", () => {
    const random = new Random(1);
    let held = 0;
    const repetitions = 2000;
    for (let i = 0; i < repetitions; i++) {
      const { interval } = overSeeds(Array.from({ length: 5 }, () => 3 + random.normal()));
      if (interval![0] <= 3 && interval![1] >= 3) held++;
    }
    expect(held / repetitions).toBeGreaterThan(0.935);
    expect(held / repetitions).toBeLessThan(0.965);
  });

  it("has none for two, and leaves out what is no number", () => {
    expect(overSeeds([1, null, 3, undefined, Number.NaN])).toEqual({ mean: 2, interval: null, count: 2 });
    expect(overSeeds([null])).toEqual({ mean: null, interval: null, count: 0 });
  });
});

describe("a verdict", () => {
  const question = (values: Question["values"], rest: Partial<Question> = {}) =>
    scored({ figure: "f", name: "n", statement: "s", measured: "m", least: 0.5, why: "because", values, ...rest });

  it("holds where the whole interval keeps the limit, fails where none of it does, and is undecided between", () => {
    expect(question([0.8, 0.81, 0.79]).verdict).toBe("holds");
    expect(question([0.2, 0.21, 0.19]).verdict).toBe("does not hold");
    expect(question([0.2, 0.5, 0.9])).toMatchObject({ verdict: "undecided", because: /both sides/ });
  });

  it("takes one or two seeds at their word, where they agree", () => {
    expect(question([0.6]).verdict).toBe("holds");
    expect(question([0.4, 0.3]).verdict).toBe("does not hold");
    expect(question([0.4, 0.6]).verdict).toBe("undecided");
    expect(question([]).verdict).toBe("undecided");
    expect(question([null]).number).toBe("no number");
  });

  it("keeps both sides of a limit, counts without an interval, and blames the size where it may", () => {
    expect(question([0.2, 0.2], { least: -0.1, most: 0.1 })).toMatchObject({
      verdict: "does not hold",
      limit: "within 0.1",
    });
    expect(question([-0.05], { least: -0.1, most: 0.1 }).verdict).toBe("holds");
    const nine = [1, 1, 1, 1, 1, 1, 1, 1, 1, 0];
    expect(question(nine, { least: 0.9, counted: true }).verdict).toBe("holds");
    expect(question([...nine, 0], { least: 0.9, counted: true }).verdict).toBe("does not hold");
    expect(question([0.2], { smaller: "few layers" })).toMatchObject({
      verdict: "not at this scale",
      because: "few layers",
    });
  });
});

describe("spread of points", () => {
  const random = new Random(2);
  const points = Array.from({ length: 12 }, () => [3 * random.normal(), random.normal(), 0.2 * random.normal()]);
  const n = points.length;
  const squared = (of: readonly (readonly number[])[]) =>
    Float64Array.from({ length: n * n }, (_, at) => {
      const [p, q] = [of[Math.floor(at / n)]!, of[at % n]!];
      return p.reduce((sum, value, k) => sum + (value - q[k]!) ** 2, 0);
    });

  it("the share within groups is that of variances", () => {
    const group = points.map((_, i) => (i < 5 ? "a" : "b"));
    const sum = (of: readonly (readonly number[])[]) => {
      const mean = [0, 1, 2].map((k) => of.reduce((total, p) => total + p[k]!, 0) / of.length);
      return of.reduce((total, p) => total + p.reduce((s, value, k) => s + (value - mean[k]!) ** 2, 0), 0);
    };
    const expected = (sum(points.slice(0, 5)) + sum(points.slice(5))) / sum(points);
    expect(withinShare(squared(points), group)).toBeCloseTo(expected, 10);
  });
});
