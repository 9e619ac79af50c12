import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finalDistance } from "../../src/twopoint/finalDistance.ts";
import { solveTwoPoint, twoPointTheory } from "../../src/twopoint/theory.ts";

const positive = (from: number, to: number) =>
  fc.double({ min: Math.log(from), max: Math.log(to), noNaN: true }).map(Math.exp);

describe("finalDistance", () => {
  it("is where solutions end", () => {
    fc.assert(
      fc.property(
        positive(1e-3, 0.1),
        positive(1e-3, 0.1),
        positive(0.3, 3),
        positive(0.1, 2),
        positive(1e-3, 5),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        // of dy and dy*; against it H may reach 0 on the way, and ends there
        fc.double({ min: -0.5, max: 1, noNaN: true }),
        (etaH, etaY, dx2, dy2, dh2, share, cosine) => {
          const constants = { dx2, dy2, etaH, etaY };
          const start = { dh2, dy2: share * dy2, w: share * dy2 - cosine * Math.sqrt(share) * dy2 };
          const { failure, last } = solveTwoPoint(constants, start, [0, 1e9], { rtol: 1e-10 });
          if (failure !== undefined) {
            expect(last[0]).toBeLessThan(1e-12);
            return;
          }
          const { dh2: path, dy2: outputs } = twoPointTheory(constants, start, [0, 1e9]);
          expect(outputs[1]! / dy2).toBeCloseTo(1, 7);
          expect(path[1]! / finalDistance(constants, start).dh2).toBeCloseTo(1, 6);
        },
      ),
      { numRuns: 60 },
    );
  });

  const constants = { dx2: 2, dy2: 0.5, etaH: 0.02, etaY: 0.05 };

  it("tends to A_low for small starts and to A_high, which is H_0, for large ones", () => {
    const small = finalDistance(constants, { dh2: 1e-6, dy2: 1e-14 });
    expect(small.aLow).toBeCloseTo(Math.sqrt((0.02 / 0.05) * 2 * 0.5), 12);
    expect(small.dh2 / small.aLow).toBeCloseTo(1, 5);
    const large = finalDistance(constants, { dh2: 1e3, dy2: 0.1 });
    expect(large.dh2 / large.aHigh).toBeCloseTo(1, 5);
    expect(large.aHigh / 1e3).toBeCloseTo(1, 3);
  });

  it("calls small starts rich and large ones lazy, with a richness of 1 - A_high / H_inf that falls from one to the other", () => {
    const found = [1e-4, 0.1, 0.6, 2, 50].map((dh2) => finalDistance(constants, { dh2, dy2: 0 }));
    expect(found.map(({ regime }) => regime)).toEqual(["rich", "between", "between", "lazy", "lazy"]);
    found.forEach(({ richness, aHigh, dh2 }, i) => {
      expect(richness).toBeCloseTo(1 - aHigh / dh2, 10);
      if (i > 0) expect(richness).toBeLessThan(found[i - 1]!.richness);
    });
  });

  it("loses no digits where the outputs' distance at the start makes A_high negative and large", () => {
    const { dh2, aHigh, aLow, richness } = finalDistance(constants, { dh2: 1e-7, dy2: 0.4 });
    expect(aHigh).toBeLessThan(-1e6);
    expect((dh2 * -aHigh) / aLow ** 2).toBeCloseTo(1, 10);
    expect(richness).toBeGreaterThan(1);
  });

  it("refuses constants and starts that are none", () => {
    expect(() => finalDistance({ ...constants, etaY: 0 }, { dh2: 1, dy2: 0 })).toThrow(
      "finalDistance: expected etaY above 0, got 0; it is a rate per step",
    );
    expect(() => finalDistance(constants, { dh2: 0, dy2: 0 })).toThrow("expected a start with dh2 above 0, got 0");
  });
});
