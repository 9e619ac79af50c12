/**
 * The studies of symmetry and noise on planted runs: what holds, what does not, what cannot be told; the pure ones as
 * they are.
 */
import { describe, expect, it } from "vitest";
import type { MetricPoint } from "../../src/findings/lastHalf.ts";
import { Random } from "../../src/random/random.ts";
import type { DivergedRun, StudiedRun, Study } from "../../src/studies/study.ts";
import { collapseStudy } from "../../src/studies/symmetry/collapse.ts";
import { deepLinearStudy } from "../../src/studies/symmetry/deepLinear.ts";
import { deepLinearMnistStudy } from "../../src/studies/symmetry/deepLinearMnist.ts";
import { einsteinStudy } from "../../src/studies/symmetry/einstein.ts";
import { factorizationStudy } from "../../src/studies/symmetry/factorization.ts";
import { lowestMinimum } from "../../src/studies/symmetry/minimise.ts";
import { rankOneStudy } from "../../src/studies/symmetry/rankOne.ts";
import { scalarStudy } from "../../src/studies/symmetry/scalar.ts";
import { aliveShare, particleVariance } from "../../src/studies/symmetry/simulate.ts";
import { tanhStudy } from "../../src/studies/symmetry/tanh2.ts";
import { thresholdStudy } from "../../src/studies/symmetry/thresholds.ts";
import { coursesOf, meanOverLast, overRuns, quotient } from "../../src/studies/watched.ts";

type Course = (share: number) => number;

/** A run whose watched values are functions of the share of its steps that is done. */
function planted(label: string, seed: number, courses: Readonly<Record<string, Course>>, steps = 20_000): StudiedRun {
  const at = Array.from({ length: 101 }, (_, i) => (i * steps) / 100);
  const metrics = Object.entries(courses).flatMap(([name, value]) =>
    at.map((step): MetricPoint => ({ step, name: `watch/${name}`, value: value(step / steps) })),
  );
  return {
    ...{ label: `${label}, seed ${seed}`, seed, parameters: {}, followed: undefined },
    trajectories: () => [],
    metrics: () => metrics,
    snapshot: () => undefined,
    snapshots: () => [],
    moments: () => undefined,
    watched: () => undefined,
    pictures: () => undefined,
    weights: () => new Map(),
  };
}

const seeds = [0, 1, 2];
/** Runs of a family over seeds, a little unlike each other. */
const family = (label: string, courses: Readonly<Record<string, Course>>, steps?: number) =>
  seeds.map((seed) =>
    planted(
      label,
      seed,
      Object.fromEntries(
        Object.entries(courses).map(([name, value]) => [name, (share: number) => value(share) * (1 + 1e-4 * seed)]),
      ),
      steps,
    ),
  );
const falling =
  (from: number, to: number): Course =>
  (share) =>
    from * (to / from) ** Math.min(1, 2 * share);

function verdicts(study: Study, runs: readonly StudiedRun[], diverged: readonly DivergedRun[] = []) {
  const { claims, figures, notes } = study.evaluate(runs, { size: "small", diverged });
  for (const { figure } of figures) expect(figure.svg).not.toMatch(/NaN|Infinity|undefined/);
  expect(notes.join(" ")).not.toMatch(/NaN|undefined/);
  return Object.fromEntries(claims.map(({ name, verdict }) => [name, verdict]));
}

describe("symmetry/scalar", () => {
  const runs = (sgdEnd: number, gdEnd: number) => [
    ...family("SGD", { charge: falling(4, sgdEnd), u: () => 1, w: () => 1, uw: () => 1 }),
    ...family("GD", { charge: falling(4, gdEnd), u: () => 2, w: () => 0.5, uw: () => 1 }),
    ...family("slide SGD", { charge: falling(4, 1e-9), u: falling(2, 1e-5), w: falling(1, 1e-6), uw: () => 0 }),
    ...family("slide GD", { charge: falling(4, 3.99), u: () => 2, w: () => 0, uw: falling(1, 1e-8) }),
  ];

  it("holds where SGD loses its charge and gradient descent keeps it", () => {
    expect(new Set(Object.values(verdicts(scalarStudy, runs(1e-6, 3.99))))).toEqual(new Set(["holds"]));
  });

  it("does not where it is the other way round", () => {
    const found = verdicts(scalarStudy, runs(3, 1));
    expect(found["SGD loses its charge"]).toBe("does not hold");
    expect(found["gradient descent keeps it"]).toBe("does not hold");
  });
});

describe("symmetry/factorization", () => {
  const courses = (residual: number, norms: number, cosine: number, change: number) => ({
    residual: falling(0.54, residual),
    normResidual: falling(0.55, norms),
    cosine: falling(0.4, cosine),
    change: (share: number) => change * share,
  });
  const runs = (floor: number) => [
    ...family("falling", courses(0.02, 0.02, 0.999, 1)),
    ...family("constant", courses(floor, 0.1, 0.98, 1)),
    ...family("constant, slow", courses(0.025, 0.03, 0.99, 1)),
    ...family("GD", courses(0.24, 0.24, 0.88, 0.002)),
    ...family("anisotropic", courses(0.05, 0.4, 0.99, 2)),
    ...family("anisotropic GD", courses(0.45, 0.25, 0.55, 0.002)),
  ];

  it("holds where residuals fall as they have to, and the floor is proportional to the rate", () => {
    expect(new Set(Object.values(verdicts(factorizationStudy, runs(0.09))))).toEqual(new Set(["holds"]));
  });

  it("does not where the residual stops at no floor", () => {
    const found = verdicts(factorizationStudy, runs(0.02));
    expect(found["constant rate: fall of the residual"]).toBe("does not hold");
    expect(found["the floor falls with the rate"]).toBe("does not hold");
  });
});

describe("symmetry/deep-linear", () => {
  const sizes = (of: readonly number[], norms: readonly number[], rank = 3) => ({
    ...Object.fromEntries(of.map((size, k) => [`size${k + 1}`, (share: number) => (share < 0.5 ? 1 : size)])),
    ...Object.fromEntries(norms.map((norm, k) => [`norm²${k + 1}`, () => norm])),
    ...Object.fromEntries([2, 1.05, 1.05, 2.5].map((cond, k) => [`cond${k + 1}`, () => cond])),
    rank: () => rank,
  });
  const equal = sizes([0.88, 0.88, 0.885, 0.875], [3.7, 2.6, 2.7, 4.3]);

  it("holds where normalised sizes agree and plain norms do not", () => {
    const runs = [...family("equal", equal), ...family("unequal", equal)];
    expect(new Set(Object.values(verdicts(deepLinearStudy, runs)))).toEqual(new Set(["holds"]));
  });

  it("does not where it is the plain norms that agree, and counts lost modes", () => {
    const runs = family("equal", sizes([0.9, 0.8, 0.7, 0.9], [3, 3, 3, 3], 2));
    const found = verdicts(deepLinearStudy, runs);
    expect([found["equal start: sizes"], found["equal start: plain norms"]]).toEqual([
      "does not hold",
      "does not hold",
    ]);
    expect(deepLinearStudy.evaluate(runs, { size: "small" }).notes[0]).toContain("of 3 runs lost a mode");
  });
});

describe("symmetry/deep-linear-mnist", () => {
  it("says that inner norms approach and do not meet", () => {
    const norms = (end: readonly number[]) =>
      Object.fromEntries(
        [9, 22, 5, 13, 8].map((start, k) => [`norm²${k + 1}`, (share: number) => start + (end[k]! - start) * share]),
      );
    const found = verdicts(deepLinearMnistStudy, [
      ...family("equal", norms([36, 6, 5, 6, 5])),
      ...family("unequal", norms([36, 8, 4, 7, 5])),
    ]);
    expect(found).toEqual({
      "inner norms approach": "holds",
      "inner norms meet": "does not hold",
      "the first map differs": "holds",
    });
  });
});

describe("symmetry/rank-one", () => {
  const flat = family("warm", { sharpness: (share) => (share < 0.01 ? 1750 : 300) }, 15_000);
  const others = [
    ...family("Glorot", { sharpness: () => 400 }, 15_000),
    ...family("GD", { sharpness: () => 1700 }, 15_000),
  ];
  const divergedAt = (step: number): DivergedRun[] =>
    family("direct", { sharpness: falling(1750, 1e30) }, step).map((run) => ({ ...run, step }));

  it("holds where every run at the large rate diverges at once, and none after the warm-up", () => {
    const found = verdicts(rankOneStudy, [...flat, ...others], divergedAt(20));
    expect(new Set(Object.values(found))).toEqual(new Set(["holds"]));
  });

  it("does not where they diverge late, one goes through, or one diverges after the warm-up", () => {
    const name = "0.008 at once diverges";
    expect(verdicts(rankOneStudy, flat, divergedAt(200))[name]).toBe("does not hold");
    const through = planted("direct", 0, { sharpness: () => 300 });
    expect(verdicts(rankOneStudy, [...flat, through], divergedAt(20).slice(1))[name]).toBe("does not hold");
    const late = { ...flat[0]!, step: 7000 };
    expect(verdicts(rankOneStudy, flat.slice(1), [late])["0.008 after the warm-up is stable"]).toBe("does not hold");
  });
});

describe("symmetry/tanh2", () => {
  it("holds where SGD aligns and gradient descent does not, and not where both do", () => {
    const sgd = family("SGD", { cosine: (share) => 0.3 + 0.65 * share });
    const found = (gd: number) => verdicts(tanhStudy, [...sgd, ...family("GD", { cosine: () => gd })]);
    expect(Object.values(found(0.2))).toEqual(["holds", "holds"]);
    expect(Object.values(found(0.8))).toEqual(["holds", "does not hold"]);
  });
});

describe("studies that need no run", () => {
  it("symmetry/thresholds: descents from random starts find every closed form", () => {
    expect(new Set(Object.values(verdicts(thresholdStudy, [])))).toEqual(new Set(["holds"]));
  });

  it("symmetry/einstein: 2 - mu dt, and not the slides' 1", () => {
    const { "the slides' factor": slides, ...others } = verdicts(einsteinStudy, []);
    expect(new Set(Object.values(others))).toEqual(new Set(["holds"]));
    expect(slides).toBe("does not hold");
  });

  it("symmetry/collapse: SGD collapses at 0.88 of gradient descent's penalty", () => {
    expect(new Set(Object.values(verdicts(collapseStudy, [])))).toEqual(new Set(["holds"]));
  });
});

describe("what they simulate", () => {
  it("lowestMinimum takes the lowest of several ends", () => {
    // minima at about -1.04 and 0.96, the first lower
    const tilted = {
      parameters: 1,
      value: ([x = 0]: Float64Array) => (x * x - 1) ** 2 + 0.3 * x,
      gradient([x = 0]: Float64Array, out: Float64Array) {
        out[0] = 4 * x * (x * x - 1) + 0.3;
      },
    };
    const [x] = lowestMinimum(tilted, { rate: 0.05, steps: 500, starts: 8 }, new Random(0));
    expect(x).toBeLessThan(-1);
  });

  it("chains die under a large penalty and live without one", () => {
    const share = (penalty: number) =>
      aliveShare({ chains: 8, steps: 3000, eta: 0.05, penalty, noise: 1 }, new Random(0));
    expect([share(0), share(1.5)]).toEqual([1, 0]);
  });

  it("a particle whose step forgets everything has the variance of one push", () => {
    const found = particleVariance({ chains: 4000, step: 1, before: 1, over: 10 }, new Random(0));
    expect(Math.abs(found - 1)).toBeLessThan(0.03);
  });
});

describe("what studies read of watched quantities", () => {
  it("means over the last part count each look for the steps since the one before", () => {
    const course = [
      { step: 0, value: 9 },
      { step: 50, value: 9 },
      { step: 90, value: 1 },
      { step: 100, value: 5 },
    ];
    expect(meanOverLast(course, 0.5)).toBe((40 * 1 + 10 * 5) / 50);
    expect(meanOverLast([], 0.5)).toBeNull();
    expect(meanOverLast([{ step: 0, value: 1 }], 0.5)).toBeNull();
  });

  it("curves are medians over the looks that all runs have, in a band of their range", () => {
    const [first, second, third] = [1, 2, 6].map((factor) =>
      coursesOf(planted("x", factor, { C: (share) => factor * share }, factor === 6 ? 40_000 : 20_000)),
    );
    const { points, band } = overRuns([first!, second!, third!], { name: "C", colour: "#000" }, "C");
    expect(band).toBe(true);
    expect(points).toHaveLength(51); // of 101 looks every second is one of the longer run, too
    expect(points.at(-1)).toMatchObject({ x: 20_000, y: 2, low: 1, high: 3 });
    expect(overRuns([first!], { name: "C", colour: "#000" }, "C").points[0]).toEqual({ x: 0, y: 0 });
    expect(overRuns([], { name: "C", colour: "#000" }, "C").points).toEqual([]);
  });

  it("quotients are null where a number is missing or the second is 0", () => {
    expect([quotient(1, 2), quotient(null, 2), quotient(1, undefined), quotient(1, 0)]).toEqual([
      0.5,
      null,
      null,
      null,
    ]);
  });
});
