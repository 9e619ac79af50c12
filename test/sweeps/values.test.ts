import { describe, expect, it } from "vitest";
import { Random } from "../../src/random/random.ts";
import { parseValues } from "../../src/sweeps/values.ts";

const list = (text: string) => {
  const values = parseValues(text);
  return values.kind === "list" ? values.values : undefined;
};

describe("values of a sweep", () => {
  it("are lists, ranges and even spacing", () => {
    expect(list("tanh")).toEqual(["tanh"]);
    expect(list("1e-6,1e-5")).toEqual(["1e-6", "1e-5"]);
    expect(list("0..4")).toEqual([0, 1, 2, 3, 4]);
    expect(list("-1..1,7")).toEqual([-1, 0, 1, "7"]);
    expect(list("lin:0..1:5")).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(list("log:1e-6..1e-3:7")).toEqual([
      ...[1e-6, 0.00000316227766017, 1e-5, 0.0000316227766017, 1e-4, 0.000316227766017, 1e-3],
    ]);
  });

  it("are drawn from where they are said to be, and the same for the same seed", () => {
    const drawn = (text: string) => {
      const values = parseValues(text);
      const random = new Random(1);
      return values.kind === "drawn" ? Array.from({ length: 2000 }, () => values.draw(random)) : [];
    };
    const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
    expect(drawn("uniform:2..4")).toEqual(drawn("uniform:2..4"));
    for (const x of drawn("uniform:2..4")) expect(x >= 2 && x < 4).toBe(true);
    expect(mean(drawn("uniform:2..4"))).toBeCloseTo(3, 1);
    expect(mean(drawn("loguniform:1e-6..1e-2").map(Math.log10))).toBeCloseTo(-4, 0);
    expect([...new Set(drawn("integer:1..3"))].sort()).toEqual([1, 2, 3]);
  });

  it.each([
    ["4..0", 'expected a range from the smaller to the larger number, got "4..0"'],
    ["1,,2", "expected a value"],
    ["log:0..1:5", "expected a logarithmic range above 0"],
    ["log:1..2", "expected a value"],
    ["0..1e9", "expected a value"],
    ["0..999999999999", "expected a million values at most"],
    ["uniform:1..1", "expected a range from the smaller"],
    ["integer:0.5..2", "expected a range of whole numbers"],
    ["loguniform:a..b", "expected a value"],
  ])("%s is refused in one line", (text, message) => {
    expect(() => parseValues(text)).toThrow(message);
  });
});
