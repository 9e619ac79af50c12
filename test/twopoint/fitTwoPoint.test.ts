import { describe, expect, it } from "vitest";
import { twoPointSystems } from "../../src/twopoint/equations.ts";
import { fitTwoPoint } from "../../src/twopoint/fitTwoPoint.ts";
import type { FittedRate } from "../../src/twopoint/fittedRates.ts";
import { type Planted, planted, trajectory } from "./planted.ts";
import { folder, runs, trajectoryOf } from "./references.ts";

const distances = { dx2: 1, dy2: 0.5 };

/** Searches, solvers and stopping rules differ; what is found to is 5e-5. */
const SAME_RATE = 1e-3;
/** Of the rates from noisy rows. */
const NEAR = 0.02;

const ratio = ({ value }: FittedRate, truth: number): number => value! / truth - 1;
const holds = ({ interval }: FittedRate, truth: number): boolean => interval![0] <= truth && truth <= interval![1];

describe.skipIf(folder === undefined)("fits of trained networks", () => {
  it.each(runs)("are those of SciPy: $name, seed $seed", (run) => {
    const fit = fitTwoPoint(trajectoryOf(run), distances);
    expect(fit.status).toBe("ok");
    expect(Math.abs(ratio(fit.etaH, run.fit.eta_h))).toBeLessThan(SAME_RATE);
    expect(Math.abs(ratio(fit.etaY, run.fit.eta_y))).toBeLessThan(SAME_RATE);
    expect(fit.cost!.normalised).toBeLessThan(run.fit.cost * (1 + 1e-6));
    for (const [ours, theirs] of [
      ["dh2", "H"],
      ["dy2", "Y"],
      ["w", "w"],
    ] as const)
      expect(fit.r2[ours]).toBeCloseTo(run.fit.r2[theirs], 4);
    expect(fit.finalDistance.measured).toBeCloseTo(run.final_distance.measured, 8);
    expect(fit.finalDistance.predicted).toBeCloseTo(run.final_distance.H_inf, 4);
    expect(fit.aLow).toBeCloseTo(run.final_distance.A_low, 4);
    expect(fit.regime).toBe("rich");
    // no noise: gradient descent in full batches
    expect(fit.noise!).toBeLessThan(0.01);
    expect(fit.start.from).toBe("measured");
  });

  it("are better than those of the four altered systems, but for tanh, which the theory follows least", () => {
    const some = runs.filter(
      ({ name, seed }) => name === "tanh" || name === "4x100" || (name === "default" && seed === 0),
    );
    const better = some.map((run) => {
      const [theory, ...altered] = twoPointSystems.map(
        (system) => fitTwoPoint(trajectoryOf(run), { ...distances, system }).cost!.normalised,
      );
      return { name: run.name, worse: altered.filter((cost) => cost > theory!).length };
    });
    expect(better.filter(({ name }) => name !== "tanh").every(({ worse }) => worse === 4)).toBe(true);
    expect(better.filter(({ name }) => name === "tanh")).toEqual([{ name: "tanh", worse: 2 }]);
  }, 60_000);
});

describe("fits of planted rates", () => {
  it.each(Object.entries(planted))("find them exactly where nothing is noisy: %s", (_, plan) => {
    const fit = fitTwoPoint(trajectory(plan), distances);
    expect(fit.status).toBe("ok");
    expect(Math.abs(ratio(fit.etaH, plan.constants.etaH))).toBeLessThan(1e-6);
    expect(Math.abs(ratio(fit.etaY, plan.constants.etaY))).toBeLessThan(1e-6);
    expect(holds(fit.etaH, plan.constants.etaH) && holds(fit.etaY, plan.constants.etaY)).toBe(true);
    expect(fit.start.from).toBe("measured");
    expect(fit.conservedDrift).toBeLessThan(1e-6);
  });

  const cases = [0.01, 0.05].flatMap((noise) => [true, false].map((exactStart) => ({ noise, exactStart })));
  it.each(cases)(
    "lie within 2 % and their intervals: noise $noise, exact start $exactStart",
    ({ noise, exactStart }) => {
      const plans: Planted[] = [planted.deep, planted.shallow];
      const fits = plans.flatMap((plan) =>
        Array.from({ length: 6 }, (_, seed) => ({
          fit: fitTwoPoint(trajectory(plan, { noise, exactStart, seed }), distances),
          plan,
        })),
      );
      const near = fits.filter(({ fit: { etaH, etaY }, plan: { constants } }) =>
        [ratio(etaH, constants.etaH), ratio(etaY, constants.etaY)].every((off) => Math.abs(off) < NEAR),
      );
      const held = fits.filter(
        ({ fit: { etaH, etaY }, plan: { constants } }) => holds(etaH, constants.etaH) && holds(etaY, constants.etaY),
      );
      // of 12; with 95 % each, 9 or fewer would have a probability of 2 %
      expect(near.length).toBeGreaterThanOrEqual(11);
      expect(held.length).toBeGreaterThanOrEqual(10);
      for (const { fit } of fits) {
        expect(fit.start.from).toBe("fitted");
        expect(fit.noise!).toBeGreaterThan(0.5);
        const [low, high] = fit.etaH.interval!;
        expect(high / low).toBeLessThan(1 + 8 * noise); // no interval so wide that it holds by itself
      }
    },
    60_000,
  );

  it("do not tell etaH of a lazy network from noisy rows, and say so", () => {
    const fits = Array.from({ length: 6 }, (_, seed) =>
      fitTwoPoint(trajectory(planted.lazy, { noise: 0.05, exactStart: false, seed }), distances),
    );
    const said = fits.filter(({ status }) => status === "undetermined");
    expect(said.length).toBeGreaterThanOrEqual(4);
    for (const { etaH, etaY, doubt } of said) {
      expect(etaH.interval).toBeNull();
      expect(Math.abs(ratio(etaY, planted.lazy.constants.etaY))).toBeLessThan(0.1);
      expect(doubt).toBe("The trajectory does not tell etaH to a factor of 10.");
    }
    for (const { regime } of fits) expect(regime).toBe("lazy");
  }, 60_000);

  it("with a start that is taken for exact though it is noisy have intervals that are too narrow; hence fitStart", () => {
    const held = (fitStart: boolean): number =>
      Array.from({ length: 10 }, (_, seed) => {
        const rows = trajectory(planted.deep, { noise: 0.05, exactStart: false, seed });
        const { etaH, etaY } = fitTwoPoint(rows, { ...distances, fitStart });
        return holds(etaH, 0.0014) && holds(etaY, 0.082);
      }).filter(Boolean).length;
    expect(held(false)).toBeLessThan(8);
  }, 60_000);

  it("find a start that is far from the measured one where they are told to", () => {
    const rows = trajectory(planted.deep);
    rows.w[0]! *= 1.5;
    const [told, untold] = [true, false].map((fitStart) => fitTwoPoint(rows, { ...distances, fitStart }));
    expect(Math.abs(ratio(untold!.etaY, 0.082))).toBeGreaterThan(0.01);
    expect(Math.abs(ratio(told!.etaY, 0.082))).toBeLessThan(1e-3);
    expect(told!.start.from).toBe("fitted");
    expect(Math.abs(told!.start.w / planted.deep.start.w - 1)).toBeLessThan(0.1);
  });

  it("take 3,000 rows and begin at the first of them", () => {
    const rows = trajectory(planted.shallow, { rows: 3001, noise: 0.02, seed: 3 });
    rows.step = rows.step.map((step) => step + 500);
    const fit = fitTwoPoint(rows, distances);
    expect(fit.points).toBe(3001);
    expect(Math.abs(ratio(fit.etaY, 0.04))).toBeLessThan(0.01);
  });

  it("find a rise that is short beside the trajectory", () => {
    const rows = trajectory({ ...planted.shallow, time: 60_000 }, { rows: 6001 });
    const fit = fitTwoPoint(rows, distances);
    expect(Math.abs(ratio(fit.etaH, 0.018))).toBeLessThan(1e-4);
  });

  it("know nothing of a trajectory that ends before anything moves", () => {
    const fit = fitTwoPoint(trajectory({ ...planted.deep, time: 3 }, { noise: 0.02, exactStart: false }), distances);
    expect(fit.status).not.toBe("ok");
  });
});

describe("fitTwoPoint", () => {
  const rows = trajectory(planted.shallow);

  it("has no rates where outputs do not move", () => {
    const still = { ...rows, dh2: rows.dh2.map(() => 0.3), dy2: rows.dy2.map(() => 0.5), w: rows.w.map(() => 0) };
    const fit = fitTwoPoint(still, distances);
    expect(fit).toMatchObject({
      status: "no-movement",
      etaH: { value: null, interval: null },
      cost: null,
      regime: null,
    });
    expect(fit.doubt).toBe("Nothing changes, so the rates are undetermined.");
    expect(fit.finalDistance).toEqual({ measured: 0.3, predicted: null });
    const moving = fitTwoPoint({ ...still, dh2: rows.dh2 }, distances);
    expect([moving.status, moving.doubt]).toEqual([
      "no-movement",
      "The outputs are constant, so their rate is undetermined.",
    ]);
  });

  it("says where w stays though the outputs move, and refuses targets that the rows exceed", () => {
    const idle = fitTwoPoint({ ...rows, w: rows.w.map(() => 0) }, distances);
    expect([idle.status, idle.doubt]).toEqual([
      "poor",
      "w stays the same while Y moves, which no solution of the equations does.",
    ]);
    expect(() => fitTwoPoint(rows, { ...distances, dy2: distances.dy2 / 10 })).toThrow(
      /^fitTwoPoint: layer \S+: expected dy2 of at least \S+, which dy2 and w of the rows ask for, got /,
    );
  });

  it("predicts no end by an altered system", () => {
    const { finalDistance, aLow, regime, conservedDrift } = fitTwoPoint(rows, { ...distances, system: "dh2-doubled" });
    expect([finalDistance.predicted, aLow, regime, conservedDrift]).toEqual([null, null, null, null]);
    expect(finalDistance.measured).toBe(rows.dh2.at(-1));
  });

  it("says where the theory does not follow", () => {
    const wavy = { ...rows, w: rows.w.map((value, i) => value + 0.1 * Math.sin(i / 3)) };
    const fit = fitTwoPoint(wavy, distances);
    expect(fit.status).toBe("poor");
    expect(fit.doubt).toBe(
      "The theory does not follow w: R² below 0.5, and more than 5 % of the sum of squares is left.",
    );
  });

  it("gives no number that JSON cannot hold", () => {
    for (const some of [rows, trajectory({ ...planted.lazy, time: 2 }, { noise: 0.1, exactStart: false })]) {
      const fit = fitTwoPoint(some, distances);
      expect(JSON.parse(JSON.stringify(fit))).toEqual(fit);
    }
  });

  it.each<[string, (all: typeof rows) => void, RegExp]>([
    [
      "a value is no number",
      (all) => all.w.splice(5, 1, Number.NaN),
      /expected numbers in w, got NaN at step 50; leave/,
    ],
    ["a step is no number", (all) => all.step.splice(5, 1, Number.NaN), /expected numbers in step, got NaN in row 6; /],
    ["dh2 is 0", (all) => all.dh2.splice(7, 1, 0), /expected dh2 above 0, got 0 at step 70; the theory divides by it/],
    ["dy2 is negative", (all) => all.dy2.splice(7, 1, -1), /expected dy2 of at least 0, got -1 at step 70; /],
    [
      "steps do not ascend",
      (all) => all.step.splice(7, 1, 3),
      /expected ascending steps, got 3 after 60; sort the rows/,
    ],
    ["a value is missing", (all) => all.w.pop(), /expected 301 values of w, got 300; one a step/],
    [
      "there are nine rows",
      (all) =>
        Object.assign(all, {
          step: all.step.slice(0, 9),
          dh2: all.dh2.slice(0, 9),
          dy2: all.dy2.slice(0, 9),
          w: all.w.slice(0, 9),
        }),
      /expected at least 10 points, got 9; record the distances more often/,
    ],
  ])("refuses in one line where %s", (_, spoil, message) => {
    const all = { ...rows, step: [...rows.step], dh2: [...rows.dh2], dy2: [...rows.dy2], w: [...rows.w] };
    spoil(all);
    expect(() => fitTwoPoint(all, distances)).toThrow(message);
    expect(() => fitTwoPoint(all, distances)).toThrow(/^fitTwoPoint: layer 0: /);
  });

  it("refuses distances that are not above 0", () => {
    expect(() => fitTwoPoint(rows, { dx2: 1, dy2: 0 })).toThrow("fitTwoPoint: expected dy2 above 0, got 0; it is the");
    expect(() => fitTwoPoint(rows, { dx2: -1, dy2: 1 })).toThrow("expected dx2 above 0, got -1");
  });
});
