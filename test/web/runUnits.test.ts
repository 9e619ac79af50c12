/** @file What the views of runs reckon with: growing series, steps, the part of a matrix that is seen, curves, differences. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pixelAt, valueAt } from "../../src/figures/readings.ts";
import { stepAxis, withStepAxis } from "../../src/figures/stepAxis.ts";
import type { MetricSeries } from "../../src/runs/metricSeries.ts";
import { coloursOf, groupCurves, runCurves, thinned } from "../../src/web/compare/curves.ts";
import { type ComparedRun, differing, parametersAmong, tellingParameter } from "../../src/web/compare/differences.ts";
import { Gestures } from "../../src/web/run/gestures.ts";
import { appendRows, halved } from "../../src/web/run/liveSeries.ts";
import { nearestStep, stepAfter, stepsInWords } from "../../src/web/run/steps.ts";
import { entryAt, showing, whole, within, zoomed } from "../../src/web/run/zoom.ts";

const rows = (from: number, to: number, value: (step: number) => number = (step) => step) =>
  Array.from({ length: to - from }, (_, i) => ({ step: from + i, name: "train/loss", value: value(from + i) }));

describe("a series that grows", () => {
  it("keeps its last point, every extreme and a bounded number of points, however rows arrive", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 4, max: 40 }),
        (sizes, points) => {
          let all: readonly MetricSeries[] = [];
          let step = 0;
          const value = (at: number) => Math.sin(at) + (at === 37 ? 50 : 0) - (at === 11 ? 50 : 0);
          for (const size of sizes) {
            all = appendRows(all, rows(step, step + size, value), points);
            step += size;
          }
          const { steps, values, low = values, high = values, rows: count } = all[0]!;
          expect(count).toBe(step);
          expect(steps.at(-1)).toBe(step - 1);
          expect(steps.length).toBeLessThanOrEqual(2 * points);
          expect(steps).toEqual([...steps].sort((x, y) => x - y));
          const every = rows(0, step, value).map((row) => row.value);
          expect(Math.max(...high)).toBe(Math.max(...every));
          expect(Math.min(...low)).toBe(Math.min(...every));
        },
      ),
    );
  });

  it("takes no row twice that a reconnected stream tells again, and the later of two of one step", () => {
    const first = appendRows([], rows(0, 10));
    const again = appendRows(first, rows(5, 12));
    expect(again[0]!.steps).toEqual(rows(0, 12).map(({ step }) => step));
    expect(appendRows(again, rows(3, 9))[0]).toBe(again[0]);
    const twice = [
      { step: 1, name: "lr", value: 1 },
      { step: 1, name: "lr", value: 2 },
    ];
    expect(appendRows([], twice)[0]!.values).toEqual([2]);
  });

  it("halved, an odd last point stays by itself", () => {
    const { steps, values, low, high } = halved({ name: "x", rows: 3, steps: [0, 1, 2], values: [4, 2, 7] });
    expect([steps, values, low, high]).toEqual([
      [1, 2],
      [3, 7],
      [2, 7],
      [4, 7],
    ]);
  });
});

describe("steps", () => {
  it("the nearest one is found, the earlier of two, and none of none", () => {
    expect(nearestStep([0, 10, 30], 19)).toBe(10);
    expect(nearestStep([0, 10, 30], 20)).toBe(10);
    expect(nearestStep([0, 10, 30], 1e9)).toBe(30);
    expect(nearestStep([], 3)).toBeUndefined();
  });

  it("going on stops at the ends", () => {
    expect([-1, 1, 5].map((by) => stepAfter([0, 10, 30], 10, by))).toEqual([0, 30, 30]);
    expect(stepAfter([], 7, 1)).toBe(7);
  });

  it("many are not all told", () => {
    expect(stepsInWords([0, 1000, 2000])).toBe("0, 1,000, 2,000");
    expect(stepsInWords([0, 1, 2, 3], 2)).toBe("0, 1 and 2 more");
  });

  it("the axis that was chosen holds for what is drawn meanwhile, and for nothing after", () => {
    const [even, doubling] = [
      [0, 10, 20, 30, 40, 50],
      [0, 1, 2, 4, 8, 16, 32, 64],
    ];
    expect(stepAxis(even, 5).type).toBe("linear");
    expect(withStepAxis(true, () => stepAxis(even, 5).type)).toBe("symlog");
    expect(stepAxis(doubling, 5).type).toBe("symlog");
    expect(withStepAxis(false, () => stepAxis(doubling, 5).type)).toBe("linear");
    expect(() => withStepAxis(true, () => expect.fail("drawn"))).toThrow();
    expect(stepAxis(even, 5).type).toBe("linear");
    expect(withStepAxis(true, () => stepAxis([0], 5)).type).toBe("linear"); // no step above 0
  });

  it("a pixel of an axis and its value belong together, on every kind of axis", () => {
    const pixels: [number, number] = [50, 450];
    for (const axis of [
      { kind: "linear", values: [0, 300] },
      { kind: "log", values: [1, 300] },
      { kind: "symlog", values: [0, 300], constant: 0.3 },
      { kind: "power", values: [0, 2.5] },
    ] as const)
      for (const value of [1, 7, 120, 290]) {
        const read = { ...axis, pixels, name: "step" } as const;
        expect(valueAt(read, pixelAt(read, value)!)).toBeCloseTo(value, 6);
      }
  });
});

describe("the part of a matrix that is seen", () => {
  const window = fc.record({
    x: fc.double({ min: -50, max: 900, noNaN: true }),
    y: fc.double({ min: -50, max: 900, noNaN: true }),
    span: fc.double({ min: 0.1, max: 2000, noNaN: true }),
  });
  const share = fc.double({ min: 0, max: 1, noNaN: true });

  it("never leaves the matrix, and zooming leaves what is under the pointer where it was", () => {
    fc.assert(
      fc.property(window, share, share, fc.double({ min: 0.2, max: 5, noNaN: true }), (raw, right, down, factor) => {
        const d = 768;
        const view = within(raw, d);
        const next = zoomed(view, factor, { right, down, d });
        for (const { x, y, span } of [view, next]) {
          expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
          expect(Math.max(x, y) + span).toBeLessThanOrEqual(d + 1e-9);
        }
        if (factor < 1 && next.span > 4) expect(next.x + right * next.span).toBeCloseTo(view.x + right * view.span, 6);
      }),
    );
  });

  it("two fingers scale it, what lies under each stays there, and one that is left goes on moving it", () => {
    fc.assert(
      fc.property(window, share, share, share, share, (raw, r1, d1, r2, d2) => {
        const d = 768;
        const view = within(raw, d);
        const gestures = new Gestures(d);
        const touches = [
          { right: r1, down: d1 },
          { right: r2, down: d2 },
        ] as const;
        for (const [i, touch] of touches.entries()) gestures.begin(i, touch, view);
        const out = { right: r2 + 0.3 * (r2 - r1), down: d2 + 0.3 * (d2 - d1) };
        const next = gestures.move(1, out)!;
        expect(Math.min(next.x, next.y)).toBeGreaterThanOrEqual(0);
        expect(Math.max(next.x, next.y) + next.span).toBeLessThanOrEqual(d + 1e-9);
        const isFar = Math.hypot(r1 - r2, d1 - d2) > 0.02;
        const isFree = next.x > 0 && next.y > 0 && next.x + next.span < d && next.y + next.span < d && next.span > 4;
        if (!isFar || !isFree) return;
        expect(next.span).toBeCloseTo(view.span / 1.3, 6);
        for (const [from, to] of [
          [touches[0], touches[0]],
          [touches[1], out],
        ] as const) {
          expect(next.x + to.right * next.span).toBeCloseTo(view.x + from.right * view.span, 6);
          expect(next.y + to.down * next.span).toBeCloseTo(view.y + from.down * view.span, 6);
        }
        gestures.end(0, next);
        const moved = gestures.move(1, { ...out, right: out.right + 0.01 })!;
        expect(moved.span).toBe(next.span);
        expect(moved.x).toBeCloseTo(Math.max(0, next.x - 0.01 * next.span), 6);
        expect(gestures.move(0, touches[0])).toBeUndefined();
      }),
    );
  });

  it("an entry is what is drawn under a place, and is brought into view by moving as little as needed", () => {
    expect(entryAt(whole(10), 0.55, 0.31, 10)).toEqual({ row: 3, column: 5 });
    expect(entryAt(whole(10), 1.01, 0.3, 10)).toBeUndefined();
    const view = { x: 2, y: 2, span: 4 };
    expect(showing(view, 3, 3, 10)).toEqual(view);
    expect(showing(view, 9, 0, 10)).toEqual({ x: 0, y: 6, span: 4 });
  });
});

describe("curves of many runs", () => {
  const course = (id: string, value: number, values: number[]) => ({
    id,
    value,
    steps: values.map((_, i) => 10 * i),
    values,
  });
  const courses = [course("p", 1, [1, 2, 3]), course("q", 1, [3, 4]), course("r", 1, [5, 6]), course("s", 2, [7])];
  const colours = coloursOf(courses.map(({ value }) => value));

  it("groups have median and quartiles at the steps that half of their runs have", () => {
    const [one, two] = groupCurves(courses, colours, (value, n) => `${value} (${n})`);
    expect(one!.name).toBe("1 (3)");
    expect(one!.points).toEqual([
      { x: 0, y: 3, low: 2, high: 4 },
      { x: 10, y: 4, low: 3, high: 5 },
    ]);
    expect(two!.points).toEqual([{ x: 0, y: 7 }]);
    expect(one!.colour).not.toBe(two!.colour);
  });

  it("long ones are thinned and keep both ends", () => {
    expect(thinned(3, 10)).toEqual([0, 1, 2]);
    const kept = thinned(1000, 30);
    expect([kept[0], kept.at(-1)]).toEqual([0, 999]);
    expect(kept.length).toBeLessThanOrEqual(30);
    const long = course(
      "t",
      1,
      Array.from({ length: 5000 }, (_, i) => i),
    );
    const points = runCurves(
      Array.from({ length: 200 }, () => long),
      coloursOf([1]),
    ).map((curve) => curve.points.length);
    expect(points.reduce((x, y) => x + y)).toBeLessThanOrEqual(20_000);
  });
});

describe("in what runs differ", () => {
  const run = (id: string, seed: number, config: Record<string, unknown>): ComparedRun => ({
    summary: { id, dir: "", info: { setting: "fc2", seed, steps: 10 } as never },
    overview: { id, config },
  });
  const all = parametersAmong([
    run("p", 0, { setting: "fc2", decay: 0.1, act: "relu", width: 8, run: { threads: 1 } }),
    run("q", 1, { setting: "fc2", decay: 0.1, act: "tanh", width: 8 }),
    run("r", 2, { setting: "fc2", decay: 0.3, act: "relu", width: 8, extra: [1] }),
  ]);

  it("what is the same in all is left out, what a run lacks differs, the seed stands last", () => {
    expect(differing(all).map(({ name }) => name)).toEqual(["decay", "act", "extra", "seed"]);
    const by = Object.fromEntries(all.map((one) => [one.name, one]));
    expect(by.decay).toMatchObject({ values: [0.1, 0.1, 0.3], usual: 0.1, different: [0.1, 0.3] });
    expect(by.extra).toMatchObject({ values: [null, null, "[1]"], usual: null });
    expect(by.run).toBeUndefined();
  });

  it("a sweep is looked for over a number first", () => {
    expect(tellingParameter(differing(all))!.name).toBe("decay");
    expect(tellingParameter(differing(all).slice(1))!.name).toBe("act");
    expect(tellingParameter([])).toBeUndefined();
  });
});
