import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fitLayers } from "../../src/twopoint/fitLayers.ts";
import { fitTwoPoint } from "../../src/twopoint/fitTwoPoint.ts";
import { lossCurve } from "../../src/twopoint/lossCurve.ts";
import { planted, trajectory } from "./planted.ts";

const distances = { dx2: 1, dy2: 0.5 };
const good = { ...trajectory(planted.shallow, { rows: 101 }), layer: "good" };
const dead = { ...good, layer: "dead", dh2: good.dh2.map((value, i) => (i > 50 ? 0 : value)) };
const brief = { layer: 2, step: [0, 1], dh2: [1, 1], dy2: [1, 1], w: [0, 0] };

describe("fitLayers", () => {
  it("fits each layer as fitTwoPoint does, in the order given", () => {
    const other = { ...trajectory(planted.oneOutput, { rows: 101 }), layer: 7 };
    const layers = fitLayers([other, good], distances);
    expect(layers.map(({ layer }) => layer)).toEqual([7, "good"]);
    expect(layers[1]).toEqual({ layer: "good", ...fitTwoPoint(good, distances) });
  });

  it("loses no layer to another that cannot be fitted, and says why that cannot", () => {
    const layers = fitLayers([dead, good, brief], distances);
    expect(layers.map(({ status }) => status)).toEqual(["unusable", "ok", "unusable"]);
    expect(layers[0]!.doubt).toMatch(/^layer dead: expected dh2 above 0, got 0 at step 1530; the theory divides by it/);
    expect(layers[2]!.doubt).toBe("layer 2: expected at least 10 points, got 2; record the distances more often");
    expect(layers[0]).toMatchObject({ etaH: { value: null, interval: null }, finalDistance: { measured: 0 } });
  });

  it("has the same keys for every layer", () => {
    const [first, ...others] = fitLayers([good, dead, brief], distances).map((fit) => Object.keys(fit).sort());
    for (const keys of others) expect(keys).toEqual(first);
  });

  it("fits the third rate where there are losses, and both others are known", () => {
    const { dy2, w } = good;
    const loss = lossCurve(0.5, { t: good.step, dy2, w }, { etaYbar: 0.01, ybar0: 0.4 });
    const [fit, none] = fitLayers([good, dead], { ...distances, loss: { step: good.step, loss } });
    expect(fit!.loss!.etaYbar! / 0.01).toBeCloseTo(1, 4);
    expect(none!.loss).toBeUndefined();
  });

  it("writes no key and no status that docs/formats.md does not explain", () => {
    const formats = readFileSync(new URL("../../docs/formats.md", import.meta.url), "utf8");
    const section = formats.slice(formats.indexOf("## Two points"), formats.indexOf("## Files read"));
    const explained = new Set([...section.matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => code!.split(/[^\w-]+/)));
    const keysOf = (value: unknown): string[] =>
      typeof value !== "object" || value === null
        ? []
        : Object.entries(value).flatMap(([key, inner]) => [...(Array.isArray(value) ? [] : [key]), ...keysOf(inner)]);
    const loss = { step: good.step, loss: good.w.map((value) => 1 + value) };
    const layers = fitLayers([good, dead], { ...distances, loss });
    const words = [...keysOf(layers), ...layers.flatMap(({ status, regime }) => [status, regime ?? "rich"])];
    expect(words.filter((word) => !explained.has(word))).toEqual([]);
    expect(words).toContain("etaYbar");
  });

  it("refuses distances that are not above 0, for all layers at once", () => {
    expect(() => fitLayers([good], { dx2: 0, dy2: 1 })).toThrow("expected dx2 above 0, got 0");
  });
});

it("a layer whose distance stays while the outputs learn has a status, not an error", () => {
  const step = Array.from({ length: 60 }, (_, i) => 10 * i);
  for (const fall of [0, 1e-9, 1e-7, 1e-4]) {
    const dy = step.map((t) => Math.sqrt(0.5) * (1 - Math.exp(-t / 80)));
    const dy2 = dy.map((value) => value ** 2);
    const w = dy.map((value) => value * (value - Math.sqrt(0.5)));
    const dh2 = step.map((t) => 1 - fall * t);
    const [fit] = fitLayers([{ layer: "0", step, dh2, dy2, w }], { dx2: 1, dy2: 0.5 });
    expect(["ok", "undetermined", "poor"]).toContain(fit!.status);
    expect(fit!.r2.dy2).toBeGreaterThan(0.8);
  }
});

it("long trajectories are fitted at 10,000 of their rows and the last", () => {
  const long = { ...trajectory(planted.shallow, { rows: 30_001 }), layer: "long" };
  const short = { ...trajectory(planted.shallow, { rows: 10_001 }), layer: "long" };
  const [fit, twin] = fitLayers([long, short], distances);
  expect(fit!.points).toBeLessThanOrEqual(10_001);
  expect(fit!.etaH.value! / twin!.etaH.value!).toBeCloseTo(1, 4);
  expect(fit!.cost!.normalised).toBeLessThan(1e-6);
  expect(fit!.finalDistance.measured).toBe(long.dh2.at(-1));
});

it("targets that one layer's rows exceed do not lose the other layers", () => {
  const far = { ...good, layer: "far", dy2: good.dy2.map((y) => 10 * y), w: good.w.map((w) => 10 * w) };
  const [first, second] = fitLayers([far, good], distances);
  expect([first!.status, first!.doubt]).toEqual([
    "unusable",
    expect.stringMatching(/^layer far: expected dy2 of at least \S+, which dy2 and w of the rows ask for, got 0\.5; /),
  ]);
  expect(second!.status).toBe("ok");
});
