import { describe, expect, test } from "vitest";
import { claims } from "../../src/findings/claims/claims.ts";
import { type MetricPoint, representationChanges } from "../../src/findings/lastHalf.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { type Course, converged, logDrift, measuredCourse, randomWalk, steps } from "./plantedChange.ts";

const every = (period: number) => Array.from({ length: steps / period + 1 }, (_, i) => i * period);
const verdict = (snapshots: Snapshot[], metrics: MetricPoint[] = []) =>
  claims({ snapshots, metrics, config: { smaller: [] }, step: steps, steps }).find(
    ({ figure }) => figure === "Fig. 21",
  );
const cosine = [1, 50_000, 100_000].map((step) => ({
  step,
  name: "lr",
  value: 0.05 * (1 + Math.cos((Math.PI * (step - 1)) / steps)),
}));

const moving: [string, Course][] = [
  ["a drift in log t", logDrift(0, 1)],
  ["a drift in log t that is small beside what stays", logDrift(1, 0.03)],
  ["a random walk", randomWalk(1, 1)],
  ["a random walk that is small beside what stays", randomWalk(1, 1e-4)],
];

describe("Fig. 21, representations come to rest", () => {
  test.each(moving)("%s does not", (_, course) => {
    for (const direct of [true, false])
      expect(verdict(measuredCourse(course, { direct }))?.verdict).toBe("does not hold");
    expect(verdict(measuredCourse(course, { measured: every(2_000) }))?.verdict).toBe("does not hold");
  });

  test("a converged series does, also where it fluctuates and however often it was measured", () => {
    for (const direct of [true, false])
      expect(verdict(measuredCourse(converged(0.005), { direct }))?.verdict).toBe("holds");
    expect(verdict(measuredCourse(converged(0.03)))?.verdict).toBe("holds");
    expect(verdict(measuredCourse(converged(0.03), { measured: every(2_000) }))?.verdict).toBe("holds");
  });

  test("one measured often, each time with the one before alone, is not decided by what that cannot tell", () => {
    const found = verdict(measuredCourse(converged(0.005), { direct: false, measured: every(2_000) }));
    expect(found?.verdict).toBe("undecided");
    expect(found?.because).toContain("do not distinguish fluctuation from drift");
  });

  test("a few measurements late in a run do not tell a slow drift from rest, and a still network from neither", () => {
    const late = [0, 25_000, 50_000, 75_000, 100_000];
    for (const course of [logDrift(1, 0.03), randomWalk(1, 1e-4)])
      expect(verdict(measuredCourse(course, { measured: late }))).toMatchObject({
        verdict: "undecided",
        because: "there are too few measurements to distinguish convergence from a slow, steady drift",
      });
    expect(verdict(measuredCourse(randomWalk(1, 1), { measured: late }))?.verdict).toBe("does not hold");
    expect(verdict(measuredCourse(converged(0.001), { measured: late }))?.verdict).toBe("holds");
  });

  test("what stands still at a rate of zero says nothing, what moves even so is said to", () => {
    expect(verdict(measuredCourse(converged(0.005)), cosine)).toMatchObject({
      verdict: "undecided",
      because: "the learning rate ends at zero, where every network stops changing",
    });
    expect(verdict(measuredCourse(logDrift(0, 1)), cosine)?.verdict).toBe("does not hold");
    const constant = cosine.map((row) => ({ ...row, value: 0.1 }));
    expect(verdict(measuredCourse(converged(0.005)), constant)?.verdict).toBe("holds");
  });

  test("a fluctuation that is large is not near zero, and is told from what moves on", () => {
    for (const measured of [undefined, every(2_000)]) {
      const found = verdict(measuredCourse(converged(0.1), measured ? { measured } : {}));
      expect(found?.verdict).toBe("does not hold");
      expect(found?.numbers).toContain("it fluctuates");
    }
    for (const course of [logDrift(0, 1), logDrift(1, 0.2), randomWalk(1, 1)])
      expect(verdict(measuredCourse(course, { measured: every(2_000) }))?.numbers).not.toContain("it fluctuates");
  });

  test("the numbers say from where to where, and dead layers are not in them", () => {
    const numbers = verdict(measuredCourse(logDrift(0, 1)))!.numbers;
    expect(numbers).toMatch(
      /^7\.\d % from step 45,\d{3} to 100,000, 3\.\d % since step 67,\d{3}; the greatest over a factor of two is \d+ %$/,
    );
    const [still, drifting] = [measuredCourse(converged(0.001)), measuredCourse(logDrift(0, 1))];
    still.forEach(({ layers }, i) => {
      for (const k of [1, 2]) {
        const { change, changeSinceHalf } = drifting[i]!.layers[k]!;
        if (change) layers[k]!.change = change;
        if (changeSinceHalf) layers[k]!.changeSinceHalf = changeSinceHalf;
        layers[k]!.dead = ["no-gradient"];
      }
    });
    expect(verdict(still)?.verdict).toBe("holds");
    for (const { layers } of still) for (const layer of layers) delete layer.dead;
    expect(verdict(still)?.verdict).toBe("does not hold");
  });

  test("an analysis has no course, and one measurement none either", () => {
    const snapshots = measuredCourse(converged(0));
    expect(claims({ snapshots }).some(({ figure }) => figure === "Fig. 21")).toBe(false);
    expect(verdict(snapshots.slice(0, 1))).toBeUndefined();
  });
});

test("a walk and a drift are put together as their sums are: the truth lies between", () => {
  for (const [, course] of moving) {
    const truth = representationChanges(measuredCourse(course))[0]!;
    const found = representationChanges(measuredCourse(course, { direct: false }))[0]!;
    expect(found.since).toBe(truth.since);
    expect(found.parts).toBeGreaterThan(1);
    expect(truth.least).toBeLessThanOrEqual(found.most + 1e-12);
    expect(truth.least).toBeGreaterThan(0.5 * found.least);
  }
});
