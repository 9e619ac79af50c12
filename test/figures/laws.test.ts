/** @file Figures and tables of laws on layers that were planted in a phase, and on runs made by hand. */
import { describe, expect, test } from "vitest";
import { changeOverTime } from "../../src/figures/changeOverTime.ts";
import { phaseMap } from "../../src/figures/phaseMap.ts";
import { powerLaws } from "../../src/figures/powerLaws.ts";
import { spectralPairs } from "../../src/measure/laws/spectralPairs.ts";
import { type Snapshot, snapshot } from "../../src/measure/snapshot.ts";
import { emptyLayer, mergeMoments } from "../../src/moments/moments.ts";
import { renderLaws } from "../../src/report/lawsTable.ts";
import { plantedGroups } from "../measure/plantedLayers.ts";
import { momentsOf } from "../moments/cases.ts";
import { plantedAnalysis, plantedRun } from "./planted.ts";
import { expectClean } from "./svg.ts";

const groups = plantedGroups({ row: "6", d: 30, seed: 2, samples: 12_000 }, 8).map((group) => momentsOf([group]));
const total = groups.reduce(mergeMoments);
const planted = await snapshot(total, { groups, training: { lr: 0.1, decay: 1e-3 } });
const layer = total.layers[0]!;

describe("spectral pairs", () => {
  test("of a layer in phase 6 lie on the lines H_b ~ Z_b^3, G_b ~ Z_b and H_b ~ G_b^3", () => {
    for (const [pair, slope] of [
      ["hz", 3],
      ["gz", 1],
      ["hg", 3],
    ] as const) {
      const { x, y } = spectralPairs(layer, "b", pair, "raw")!;
      const half = x.length >> 1; // the strong half, far above the noise
      const measured = Math.log(y[0]! / y[half]!) / Math.log(x[0]! / x[half]!);
      expect(Math.abs(measured - slope)).toBeLessThan(0.2 * slope);
    }
  });

  test("are missing without weights, without samples and on a side that is not there", () => {
    const head = emptyLayer("head", "head", 3, 3);
    expect(spectralPairs(head, "b", "hg", "raw")).toBeUndefined();
    expect(spectralPairs(head, "a", "hg", "raw")).toBeUndefined();
    const { W: _, ...bare } = layer;
    expect(spectralPairs(bare, "b", "hz", "raw")).toBeUndefined();
  });
});

test("the figure of laws has six panels, a heading with the slope and its interval, and every direction in the CSV", () => {
  const figure = powerLaws(layer, planted.layers[0]!.exponents)!;
  expect(figure.panels.length).toBe(6);
  expectClean(figure);
  expect(figure.svg).toMatch(/H ~ Z\^(2\.9|3\.0)\d \[/);
  const rows = figure.csv.trim().split("\n");
  expect(rows[0]).toBe("side,pair,convention,rank,x,y,ySorted");
  expect(rows.length).toBeGreaterThan(100);
  expect(powerLaws(emptyLayer("none", "head", 2, 2), undefined)).toBeUndefined();
});

const course = (labels: readonly string[]): Snapshot[] =>
  labels.map((label, i) => ({
    ...planted,
    step: 10 * i,
    layers: planted.layers.map((one) => ({
      ...one,
      phase: { ...one.phase!, label: label as "6" },
      change: {
        since: 10 * (i - 1),
        paper: { a: { H: { value: 0.1 / (i + 1) }, G: { value: null } }, b: { H: { value: 0.1 }, G: { value: 0.1 } } },
        covariance: { a: null, b: { H: { value: 0.1 }, G: { value: 0.1 } } },
        raw: { a: null, b: { H: { value: 0.1 }, G: { value: 0.1 } } },
      },
    })),
  }));

test("the map of phases divides cells as draws are among rows, names strict labels, and leaves cells of no row empty", () => {
  const figure = phaseMap(course(["none", "undecided", "6", "5"]))!;
  expectClean(figure);
  for (const mark of ["6", "5"]) expect(figure.svg).toContain(`>${mark}</text>`);
  expect(figure.svg).not.toContain(">?</text>");
  expect(figure.csv).toContain(`20,${layer.name},6,`);
  const weights = { ...planted.layers[0]!.phase!.weights!, "6": 0.25, "5": 0.35, "no row": 0.4 };
  const shared = course(["undecided", "undecided"]).map((one) => ({
    ...one,
    layers: one.layers.map((each) => ({ ...each, phase: { ...each.phase!, weights } })),
  }));
  const divided = phaseMap(shared)!;
  const widths = (colour: string) =>
    [...divided.svg.matchAll(new RegExp(`<rect fill="${colour}"[^>]*width="([\\d.]+)"`, "g"))].map(([, width]) =>
      Number(width),
    );
  const [six, five] = [widths("#d55e00"), widths("#0072b2")];
  expect([six.length, five.length]).toEqual([2, 2]);
  expect(five[0]! / six[0]!).toBeCloseTo(0.35 / 0.25, 1);
  expect(divided.svg).not.toContain(">6</text>");
  expect(divided.csv).toContain(",0.25,");
  expect(phaseMap(course(["6"]))).toBeUndefined();
});

test("the map of phases keeps steps and layers apart whose labels are the same when short", () => {
  const named = ["encoder.first.very.long.name.of.a.projection", "encoder.other.very.long.name.of.a.projection"];
  const snapshots = [1231, 1234].map((step) => ({
    ...planted,
    step,
    layers: named.map((name) => ({ ...planted.layers[0]!, name })),
  }));
  const figure = phaseMap(snapshots)!;
  expectClean(figure);
  const places = [...figure.svg.matchAll(/<rect [^>]*y="([\d.]+)" width="[\d.]+" x="([\d.]+)"/g)].map(
    ([, x, y]) => `${x} ${y}`,
  );
  expect(new Set(places).size).toBe(4);
  for (const step of ["1231", "1234"]) expect(figure.svg).toContain(`>${step}</text>`);
});

test("the map of phases has layers in their order of execution, also those that were measured later", () => {
  const names = ["first", "second", "third"];
  const one = planted.layers[0]!;
  const snapshots = [0, 10].map((step) => ({
    ...planted,
    step,
    layers: names.map((name) => ({ ...one, name, phase: step === 0 && name === "second" ? null : one.phase })),
  }));
  const labels = [...phaseMap(snapshots as Snapshot[])!.svg.matchAll(/>(first|second|third)<\/text>/g)];
  expect(labels.map(([, name]) => name)).toEqual(names);
});

test("the slopes of guides are written where there is room for them, the steepest first", () => {
  const figure = powerLaws(layer, undefined)!;
  for (const panel of figure.panels) {
    const written = panel.match(/<g[^>]*font-size="9.5"[\s\S]*?<\/g>/)![0];
    const names = [...written.matchAll(/<text transform="translate\(([\d.]+),([\d.]+)\)"[^>]*>(.*?)<\/text>/g)];
    expect(names[0]![3]).toBe("3");
    const places = names.map(([, x, y]) => [Number(x), Number(y)] as const);
    for (const [i, [x, y]] of places.entries())
      for (const [u, v] of places.slice(i + 1)) expect(Math.hypot(x - u, y - v)).toBeGreaterThan(10);
  }
});

test("the figure of change has the rate per step", () => {
  const figure = changeOverTime(course(["6", "6", "6"]))!;
  expectClean(figure);
  expect(figure.csv.split("\n")[1]).toBe(`0,-10,${layer.name},paper,0.1,0.01`);
  expect(changeOverTime(course(["6"]))).toBeUndefined();
});

test("what Eq. 10 expects at small decay is said of runs with small decay alone", () => {
  const page = (decay: number) => renderLaws({ ...plantedRun({ d: 6 }), config: { decay }, snapshots: [planted] });
  expect(page(1e-6)).toContain(
    "Eq. 10 expects forward RWA and backward GWA to be strongest at a weight decay as small",
  );
  for (const decay of [1e-4, 1e-5]) expect(page(decay)).not.toContain("Eq. 10 expects");
  expect(renderLaws({ ...plantedAnalysis(), config: { decay: 1e-6 }, snapshots: [planted] })).not.toContain(
    "Eq. 10 exp",
  );
});

test("the tables name the phase, the exponents with intervals, the residuals with floors and the strongest relations", () => {
  const html = renderLaws({ ...plantedAnalysis(), snapshots: [planted] });
  expect(html).toContain(
    "By covariances 1 of 1 layer is in a phase (6 in 1); by the paper&#39;s convention 1 (6 in 1).",
  );
  expect(html).toMatch(
    /data-label="forward H ~ Zˢ" title="R² (0\.9\d|1\.00)[^"]*"><span class="value">(2\.9|3\.0)\d<\/span><small>\[/,
  );
  expect(html).toContain("floor");
  expect(html).toContain("Strongest relations by the paper's convention: backward");
  expect(renderLaws({ ...plantedAnalysis(), snapshots: [] })).toBe("");
});
