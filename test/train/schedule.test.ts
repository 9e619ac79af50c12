import { describe, expect, it } from "vitest";
import { schedule } from "../../src/train/schedule.ts";

describe("schedule", () => {
  it("geometric falls by one factor each step, from lr to lrEnd", () => {
    const rate = schedule({ kind: "geometric", lr: 0.002, lrEnd: 0.0002, steps: 500 });
    expect(rate(0)).toBe(0.002);
    expect(rate(500)).toBeCloseTo(0.0002, 15);
    expect(rate(250) ** 2).toBeCloseTo(0.002 * 0.0002, 15);
    expect(rate(7) / rate(6)).toBeCloseTo(rate(401) / rate(400), 12);
    expect(schedule({ kind: "geometric", lr: 1, steps: 10 })(10)).toBeCloseTo(0.1, 12);
  });

  it("a warm-up with a rate of its own is that rate, and then the schedule", () => {
    const rate = schedule({ kind: "constant", lr: 0.008, warmup: 5, warmupRate: 0.001, steps: 9 });
    expect(Array.from({ length: 9 }, (_, step) => rate(step))).toEqual([
      ...new Array(5).fill(0.001),
      ...new Array(4).fill(0.008),
    ]);
    expect(schedule({ kind: "constant", lr: 0.008, warmup: 0, warmupRate: 0.001, steps: 9 })(0)).toBe(0.008);
  });
});
