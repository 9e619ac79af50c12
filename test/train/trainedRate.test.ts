import { describe, expect, it } from "vitest";
import { schedule } from "../../src/train/schedule.ts";
import { trainedRate } from "../../src/train/trainedRate.ts";

/**
 * Weights w <- (1 - lr gamma) w + lr noise from w = 0: E w^2 after each schedule, by its exact recursion, with E
 * noise^2 = 1.
 */
function variance(rate: (step: number) => number, steps: number, decay: number): number {
  let v = 0;
  for (let step = 0; step < steps; step++) v = (1 - rate(step) * decay) ** 2 * v + rate(step) ** 2;
  return v;
}

describe("trainedRate", () => {
  it("is the rate of a constant schedule, at any step and decay", () => {
    for (const step of [0, 1, 7, 5000, 123_456])
      for (const decay of [0, 1e-4, 1])
        expect(trainedRate(schedule({ kind: "constant", lr: 0.1, steps: 10 }), step, { decay })).toBeCloseTo(0.1, 12);
  });

  it("is not the last rate of a cosine: 3/4 of the first without decay", () => {
    const steps = 5000;
    const cosine = schedule({ kind: "cosine", lr: 0.5, steps });
    expect(cosine(steps - 1)).toBeLessThan(1e-7);
    expect(trainedRate(cosine, steps, { decay: 0 })).toBeCloseTo(0.375, 4);
    expect(trainedRate(cosine, steps, { decay: 5e-4 })).toBeGreaterThan(0.1);
  });

  it("is the constant rate that leaves weights of the same size, where decay has forgotten the start", () => {
    const steps = 20_000;
    const decay = 0.01;
    for (const kind of ["constant", "cosine", "step"] as const) {
      const rate = schedule({ kind, lr: 0.1, steps, warmup: 500, factor: 0.3 });
      for (const step of [steps / 2, steps]) {
        // lr of a constant schedule, to first order in lr gamma
        const planted = 2 * decay * variance(rate, step, decay);
        expect(trainedRate(rate, step, { decay }) / planted).toBeGreaterThan(0.97);
        expect(trainedRate(rate, step, { decay }) / planted).toBeLessThan(1.03);
      }
    }
  });

  it("takes momentum for a rate 1 / (1 - mu) times as large", () => {
    const steps = 3000;
    const rate = schedule({ kind: "cosine", lr: 0.1, steps });
    const tenfold = schedule({ kind: "cosine", lr: 1, steps });
    expect(trainedRate(rate, steps, { decay: 1e-3, momentum: 0.9 })).toBeCloseTo(
      trainedRate(tenfold, steps, { decay: 1e-3 }) / 10,
      12,
    );
  });

  it("reads long schedules at some steps, with the result of all", () => {
    const steps = 50_000;
    const decay = 1e-4;
    const rate = schedule({ kind: "cosine", lr: 0.1, steps });
    let [passed, squares, sum] = [0, 0, 0];
    for (let s = steps - 1; s >= 0; s--) {
      const kept = Math.exp(-2 * decay * passed);
      squares += kept * rate(s) ** 2;
      sum += kept * rate(s);
      passed += rate(s);
    }
    expect(trainedRate(rate, steps, { decay })).toBeCloseTo(squares / sum, 5);
  });
});
