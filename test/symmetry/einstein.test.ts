import { describe, expect, it } from "vitest";
import { Random } from "../../src/random/random.ts";
import { stationaryVariance } from "../../src/symmetry/einstein.ts";

describe("stationaryVariance", () => {
  it("is what a step leaves as it is, at any time step", () => {
    for (const timeStep of [0.01, 0.5, 1.9]) {
      const variance = stationaryVariance({ damping: 0.8, diffusion: 0.3, timeStep });
      expect((1 - 0.8 * timeStep) ** 2 * variance + 0.3 * timeStep).toBeCloseTo(variance, 12);
    }
  });

  it("is D / (2 mu) in continuous time, not D / mu", () => {
    expect(stationaryVariance({ damping: 0.8, diffusion: 0.3 })).toBeCloseTo(0.3 / 1.6, 14);
  });

  it("is what simulated steps have", () => {
    const random = new Random(3);
    const [damping, diffusion, timeStep, n] = [1, 0.5, 0.4, 200_000];
    let [x, sum] = [0, 0];
    for (let step = 0; step < n; step++) {
      x = (1 - damping * timeStep) * x + Math.sqrt(diffusion * timeStep) * random.normal();
      sum += x * x;
    }
    // standard error some sqrt(2 / 100000), times 2 for correlated steps
    expect(sum / n / stationaryVariance({ damping, diffusion, timeStep })).toBeCloseTo(1, 1);
    expect(Math.abs(sum / n / stationaryVariance({ damping, diffusion, timeStep }) - 1)).toBeLessThan(0.03);
  });

  it("refuses what has no stationary state", () => {
    expect(() => stationaryVariance({ damping: 0, diffusion: 1 })).toThrow("expected damping above 0, got 0;");
    expect(() => stationaryVariance({ damping: 2, diffusion: 1, timeStep: 1 })).toThrow(
      "expected damping x timeStep below 2, got 2; longer steps diverge",
    );
  });
});
