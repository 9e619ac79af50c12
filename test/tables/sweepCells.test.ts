/** @file Measures of many runs over parameters: what goes together, what is left out, and how it is spread. */
import { describe, expect, test } from "vitest";
import { settings } from "../../src/settings/settings.ts";
import { measureCalled, wholeValue } from "../../src/tables/measures.ts";
import { ParameterColumns } from "../../src/tables/parameterColumns.ts";
import { quartiles } from "../../src/tables/quartiles.ts";
import { fixedNames } from "../../src/tables/runColumns.ts";
import { spacingOf } from "../../src/tables/spacing.ts";

describe("quartiles", () => {
  test("are those of NumPy's percentile", () => {
    // numpy.percentile([3, 1, 4, 1, 5, 9, 2], [25, 50, 75]) and of the first four and the first alone
    expect(quartiles([3, 1, 4, 1, 5, 9, 2])).toEqual({ n: 7, median: 3, low: 1.5, high: 4.5, least: 1, most: 9 });
    expect(quartiles([3, 1, 4, 1])).toEqual({ n: 4, median: 2, low: 1, high: 3.25, least: 1, most: 4 });
    expect(quartiles([3])).toEqual({ n: 1, median: 3, low: 3, high: 3, least: 3, most: 3 });
  });
});

describe("the axis of a parameter", () => {
  test.each([
    ["log", [1e-5, 1e-4, 1e-3]],
    ["log", [0.01, 0.1]],
    ["log", [1, 3, 10, 30, 100]],
    ["linear", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ["linear", [50, 100, 200]],
    ["linear", [-1, 10, 100]],
    ["linear", [0, 0.5, 1]],
    ["categories", [0, 1e-5, 1e-4, 1e-3]],
    ["categories", ["relu", "tanh"]],
    ["categories", [true, false]],
    ["categories", [1, "none"]],
  ] as const)("is %s for %j", (expected, values) => {
    expect(spacingOf(values)).toBe(expected);
  });
});

describe("parameters as columns", () => {
  test("have a type that all runs fit, and another name where tables have theirs", () => {
    const columns = new ParameterColumns(["layer", "Step"]);
    const runs = [
      { setting: "x", seed: 1, steps: 5, width: 3, lr: 1, mix: 1, flag: true, layer: 1, step: 2, none: null, run: {} },
      { setting: "x", width: 4, lr: 0.5, mix: "a", list: [1, 2] },
    ];
    for (const one of runs) columns.add(one);
    expect(columns.columns).toEqual([
      { name: "width", type: "integer" },
      { name: "lr", type: "number" },
      { name: "mix", type: "text" },
      { name: "flag", type: "boolean" },
      { name: "param_layer", type: "integer" },
      { name: "param_step", type: "integer" },
      { name: "none", type: "text" },
      { name: "list", type: "text" },
    ]);
    expect(columns.values(runs[0]!)).toEqual([3, 1, "1", true, 1, 2, null, null]);
    expect(columns.values(runs[1]!)).toEqual([4, 0.5, "a", null, null, null, null, "[1,2]"]);
  });

  test("of the settings that there are keep their names, but for few", async () => {
    const taken = new Set(fixedNames.map((name) => name.toLowerCase()));
    const all = await Promise.all(settings.map(({ load }) => load()));
    const names = new Set(all.flatMap(({ parameters }) => Object.keys(parameters.shape)));
    const renamed = [...names].filter((name) => taken.has(name.toLowerCase()) && name !== "seed" && name !== "steps");
    expect(renamed.sort()).toEqual(["dy2", "first", "layer", "second", "w"]);
  });
});

describe("a measure", () => {
  test("is by the paper's convention unless another is named", () => {
    expect(measureCalled("b.rga")).toMatchObject({ name: "paper.b.rga", meaning: "forward RGA, paper convention" });
    expect(measureCalled("covariance.a.gwa")).toMatchObject({ meaning: "backward GWA, covariances" });
    expect(measureCalled("raw.rank.H.b")).toMatchObject({ name: "raw.rank.H.b" });
    expect(measureCalled("raw.rank.Z")).toMatchObject({ kind: "metric" }); // of Z there is no convention
    expect(measureCalled("toString")).toMatchObject({ kind: "metric" });
  });

  test("of a run is the median over hidden representations, where the network is a chain", () => {
    const layer = (name: string, value: number, dIn = 4) => ({
      ...{ name, kind: "linear", dIn, dOut: 4 },
      alignment: { paper: { a: { rga: { value: 10 * value } }, b: { rga: { value } } } },
    });
    const of = (name: string, ...layers: object[]) => wholeValue(measureCalled(name) as never, { layers } as never);
    const chain = [layer("0", 0.1), layer("1", 0.2), layer("2", 0.4), layer("3", 0.9)];
    expect(of("b.rga", ...chain)).toEqual({ value: 0.2, over: "hidden representations" }); // without the output
    expect(of("a.rga", ...chain)).toEqual({ value: 4, over: "hidden representations" }); // without the data
    const broken = [...chain.slice(0, 3), layer("3", 0.9, 3)];
    expect(of("b.rga", ...broken).over).toBe("all layers");
    expect(of("b.rga", ...broken).value).toBeCloseTo(0.3, 12);
  });
});
