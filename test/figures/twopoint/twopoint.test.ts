import { describe, expect, test } from "vitest";
import { standaloneSvg } from "../../../src/figures/figure.ts";
import { conservedFigure } from "../../../src/figures/twopoint/conserved.ts";
import { pointGroups } from "../../../src/figures/twopoint/groups.ts";
import { type DepthFit, overDepthFigure } from "../../../src/figures/twopoint/overDepth.ts";
import { pairMatrices } from "../../../src/figures/twopoint/pairMatrices.ts";
import { representationMap } from "../../../src/figures/twopoint/representationMap.ts";
import { type FollowedCurves, trajectoriesFigure } from "../../../src/figures/twopoint/trajectories.ts";
import { expectClean, rowsOf, textsOf } from "../svg.ts";

const step = Array.from({ length: 21 }, (_, i) => 50 * i);
const rising = step.map((t) => 0.5 / (1 + Math.exp(-(t - 400) / 60)));
const curves: FollowedCurves = {
  step,
  dh2: { measured: rising, theory: rising.map((value) => value * 1.02), r2: 0.987 },
  dy2: { measured: rising, theory: rising, r2: -12 },
  w: { measured: rising.map((value) => -value * (0.5 - value)), theory: rising.map(() => 0), r2: null },
  loss: { measured: rising.map((value) => 0.5 - value) },
  finalDistance: 0.512,
};

describe("the courses of two points", () => {
  test("the picture stays as it was reviewed", async () => {
    const figure = trajectoriesFigure(curves)!;
    expectClean(figure);
    await expect(standaloneSvg(figure.svg)).toMatchFileSnapshot("../snapshots/twopoint-trajectories.svg");
  });

  test("have a panel each, with R2, the end by the theory, residuals where there is a theory, and their numbers", () => {
    const figure = trajectoriesFigure(curves)!;
    expect(figure.panels).toHaveLength(4);
    const texts = figure.panels.map(textsOf);
    expect(texts[0]).toEqual(
      expect.arrayContaining(["R² 0.987", "theory: ends at 0.512", "measured less theory", "step"]),
    );
    expect(texts[1]).toContain("R² below −10");
    expect(texts[3]).not.toContain("measured less theory");
    const rows = rowsOf(figure.csv);
    expect(rows).toHaveLength(step.length);
    expect(Object.keys(rows[0]!)).toEqual(["step", "dh2", "dh2_theory", "dy2", "dy2_theory", "w", "w_theory", "loss"]);
    expect(Number(rows[3]!.dh2_theory)).toBeCloseTo(rising[3]! * 1.02, 12);
  });

  test("an end far from the curves is said and does not flatten them", () => {
    const panel = trajectoriesFigure({ ...curves, finalDistance: 80 })!.panels[0]!;
    expect(textsOf(panel)).toContain("↑ theory: ends at 80, above this panel");
    expect(textsOf(panel)).not.toContain("80");
  });

  test("long runs are thinned in the picture and not in the table", () => {
    const long = Array.from({ length: 5000 }, (_, i) => i);
    const values = long.map((t) => Math.sin(t / 500) + 2);
    const curve = { measured: values, theory: values };
    const figure = trajectoriesFigure({ step: long, dh2: curve, dy2: curve, w: curve, finalDistance: null })!;
    expect(rowsOf(figure.csv)).toHaveLength(5000);
    expect(figure.svg.length).toBeLessThan(150_000);
  });

  test("constant, zero and single values are drawn, one look is no course", () => {
    const flat = { measured: [0, 0, 0], theory: [0, 0, 0] };
    expectClean(trajectoriesFigure({ step: [0, 1, 2], dh2: flat, dy2: flat, w: flat, finalDistance: 0 })!);
    expect(trajectoriesFigure({ ...curves, step: [0] })).toBeUndefined();
  });
});

test("the conserved quantity is drawn beside the zero that the theory wants", () => {
  const figure = conservedFigure(
    step,
    rising.map((value) => -value / 10),
  )!;
  expectClean(figure);
  expect(textsOf(figure.svg)).toContain("theory: stays at 0");
  expect(rowsOf(figure.csv)).toHaveLength(step.length);
  expect(conservedFigure([0], [0])).toBeUndefined();
});

describe("fits over depth", () => {
  const layerFit = (layer: number, patch: Partial<DepthFit> = {}): DepthFit => ({
    layer,
    r2: { dh2: 0.9, dy2: 0.99, w: 0.8 },
    cost: { normalised: 0.1 / (layer + 1) },
    etaH: { value: 0.01, interval: [0.008, 0.012] },
    etaY: { value: 0.1, interval: null },
    finalDistance: { measured: 0.5, predicted: 0.55 },
    ...patch,
  });

  test("four panels and one row a layer; the least cost is named", () => {
    const figure = overDepthFigure([layerFit(0), layerFit(1), layerFit(2)], "1")!;
    expectClean(figure);
    expect(figure.panels).toHaveLength(4);
    expect(textsOf(figure.svg)).toContain("least in layer 2");
    const rows = rowsOf(figure.csv);
    expect(rows).toHaveLength(3);
    expect(rows[1]).toMatchObject({ layer: "1", etaH_low: "0.008", etaY_low: "", final_predicted: "0.55" });
  });

  test("layers without a fit leave gaps, one layer is no depth", () => {
    const nothing = { value: null, interval: null };
    const none = layerFit(1, {
      r2: { dh2: null, dy2: null, w: null },
      cost: null,
      etaH: nothing,
      etaY: nothing,
      finalDistance: { measured: 0, predicted: null },
    });
    expectClean(overDepthFigure([layerFit(0), none, layerFit(2, { r2: { dh2: -400, dy2: 1, w: 0 } })])!);
    expectClean(overDepthFigure([none, none]) ?? overDepthFigure([layerFit(0), none])!);
    expect(overDepthFigure([layerFit(0)])).toBeUndefined();
  });

  test("many layers have some of their names on the axis", () => {
    const figure = overDepthFigure(Array.from({ length: 40 }, (_, i) => layerFit(i)))!;
    expect(textsOf(figure.panels[0]!).filter((text) => /^\d+$/.test(text)).length).toBeLessThan(20);
  });
});

describe("distances of all pairs", () => {
  const names = ["00", "01", "10", "11"];
  const pairs = names.flatMap((_, p) =>
    names
      .slice(p + 1)
      .map((__, k) => ({ points: [p, p + 1 + k] as const, measured: 0.1 * (p + k + 1), predicted: 0.2 })),
  );

  test("two images on one scale with numbers in the cells, and a plot", () => {
    const figure = pairMatrices(names, pairs)!;
    expectClean(figure);
    expect(figure.panels).toHaveLength(3);
    expect(textsOf(figure.panels[0]!)).toEqual(
      expect.arrayContaining(["measured at the end", "00", "11", "0.1", "0.3"]),
    );
    expect(rowsOf(figure.csv)).toHaveLength(6);
    expect(rowsOf(figure.csv)[0]).toEqual({ first: "00", second: "01", measured: "0.1", predicted: "0.2" });
  });

  test("without predictions there is what was measured; two points have no matrix", () => {
    const figure = pairMatrices(
      names,
      pairs.map((pair) => ({ ...pair, predicted: null })),
    )!;
    expect(figure.panels).toHaveLength(1);
    expect(pairMatrices(["a", "b"], pairs.slice(0, 1))).toBeUndefined();
  });

  test("a hundred points are told by their groups, and stay below 600 kB", () => {
    const many = Array.from({ length: 100 }, (_, i) => `${Math.floor(i / 10)} (image ${i})`);
    const all = many.flatMap((_, p) =>
      many.slice(p + 1).map((__, k) => ({ points: [p, p + 1 + k] as const, measured: p + k, predicted: p })),
    );
    const figure = pairMatrices(many, all)!;
    expectClean(figure);
    expect(textsOf(figure.panels[0]!).filter((text) => /^\d$/.test(text))).toHaveLength(20);
    expect(figure.svg.length).toBeLessThan(600_000);
  });
});

describe("the map of a representation", () => {
  const names = ["x 1", "x 2", "x 3", "y 1", "y 2"];
  const places = [0, 1, 3, 7, 12];
  const pairs = names.flatMap((_, p) =>
    names.slice(p + 1).map((__, k) => ({
      points: [p, p + 1 + k] as const,
      dh2: (places[p]! - places[p + 1 + k]!) ** 2,
    })),
  );

  test("of points on a line needs one dimension, in which their distances are those given", () => {
    const { figure, explained } = representationMap(names, pairs)!;
    expectClean(figure);
    expect(explained).toBeCloseTo(1, 9);
    expect(figure.panels).toHaveLength(3);
    const rows = rowsOf(figure.csv);
    expect(rows.map(({ group }) => group)).toEqual(["x", "x", "x", "y", "y"]);
    expect(Math.abs(Number(rows[0]!["1"]) - Number(rows[4]!["1"]))).toBeCloseTo(12, 9);
    expect(textsOf(figure.svg)).toEqual(expect.arrayContaining(["x", "y", "dimension 1 (100 %)"]));
  });

  test("is not drawn for four points, for missing pairs or where all points coincide", () => {
    expect(representationMap(names.slice(0, 4), pairs.slice(0, 6))).toBeUndefined();
    expect(representationMap(names, pairs.slice(1))).toBeUndefined();
    expect(
      representationMap(
        names,
        pairs.map((pair) => ({ ...pair, dh2: 0 })),
      ),
    ).toBeUndefined();
  });

  test("groups are first words in their order, each with a colour", () => {
    const groups = pointGroups(["b 1", "a 2", "b 3"]);
    expect(groups.map(({ name, points }) => [name, points])).toEqual([
      ["b", [0, 2]],
      ["a", [1]],
    ]);
    expect(new Set(groups.map(({ colour }) => colour)).size).toBe(2);
  });
});
