import { describe, expect, it } from "vitest";
import { fitTwoPoint } from "../../src/twopoint/fitTwoPoint.ts";
import { fitLoss, lossCurve } from "../../src/twopoint/lossCurve.ts";
import { twoPointTheory } from "../../src/twopoint/theory.ts";
import { planted } from "./planted.ts";
import { folder, lossesOf, runs, trajectoryOf } from "./references.ts";

const { constants, start } = planted.shallow;
const step = Array.from({ length: 101 }, (_, i) => 30 * i);

describe("lossCurve", () => {
  it("is half of the mean squared error of two points", () => {
    // two outputs of two units, and their targets
    const [y1, y2, s1, s2] = [
      [0.3, -0.2],
      [0.5, 0.7],
      [0.6, 0.1],
      [1.1, 0.4],
    ] as const;
    const between = (x: readonly number[], y: readonly number[]): number =>
      x.reduce((sum, value, i) => sum + (value - y[i]!) ** 2, 0);
    const loss = (0.5 * (between(y1, s1) + between(y2, s2))) / 2;
    const dy2 = between(y1, y2);
    const product = y1.reduce((sum, value, i) => sum + (y2[i]! - value) * (s2[i]! - s1[i]!), 0);
    const middle = (x: readonly number[], y: readonly number[]): number[] => x.map((value, i) => (value + y[i]!) / 2);
    const ybar0 = between(middle(y1, y2), middle(s1, s2));
    const curve = lossCurve(between(s1, s2), { t: [0], dy2: [dy2], w: [dy2 - product] }, { etaYbar: 1, ybar0 });
    expect(curve[0]).toBeCloseTo(loss, 14);
  });
});

describe("fitLoss", () => {
  const theory = twoPointTheory(constants, start, step);
  const loss = lossCurve(constants.dy2, theory, { etaYbar: 0.007, ybar0: 0.9 });

  it("finds the rate of the mean, and where the mean began, from the loss alone", () => {
    const fit = fitLoss({ step, loss }, constants, start);
    expect(fit.etaYbar! / 0.007).toBeCloseTo(1, 7);
    expect(fit.ybar0).toBeCloseTo(0.9, 12);
    expect(fit.r2).toBeCloseTo(1, 10);
  });

  it("may begin after the start, if it is told where the mean began", () => {
    const later = { step: step.slice(3), loss: loss.slice(3) };
    expect(fitLoss(later, constants, start, { from: 0, ybar0: 0.9 }).etaYbar! / 0.007).toBeCloseTo(1, 6);
  });

  it("has no rate where the mean began at its target", () => {
    const without = lossCurve(constants.dy2, theory, { etaYbar: 1, ybar0: 0 });
    const fit = fitLoss({ step, loss: without }, constants, start, { ybar0: 0 });
    expect(fit.etaYbar).toBeNull();
    expect(fit.r2).toBeCloseTo(1, 10);
  });

  it("refuses losses that are none", () => {
    expect(() => fitLoss({ step: [0, 1], loss: [1, 2] }, constants, start)).toThrow("expected at least 3 losses");
    expect(() => fitLoss({ step: [0, 1, 2], loss: [1, Number.NaN, 2] }, constants, start)).toThrow(
      "fitLoss: expected numbers in loss, got NaN at step 1; leave such rows out",
    );
    expect(() => fitLoss({ step: [0, 2, 1], loss: [1, 1, 2] }, constants, start)).toThrow(
      "fitLoss: expected ascending steps from 0 on, got 1; sort the rows",
    );
  });

  it.skipIf(folder === undefined).each(runs)("agrees with SciPy on trained networks: $name, seed $seed", (run) => {
    const { etaH, etaY, start: begin } = fitTwoPoint(trajectoryOf(run), { dx2: 1, dy2: 0.5 });
    const rates = { dx2: 1, dy2: 0.5, etaH: etaH.value!, etaY: etaY.value! };
    const fit = fitLoss(lossesOf(run), rates, begin);
    expect(fit.etaYbar! / run.fit.eta_ybar).toBeCloseTo(1, 3);
    expect(fit.ybar0).toBeCloseTo(run.ybar0, 6);
    expect(fit.r2).toBeCloseTo(run.fit.r2_loss, 5);
  });
});
