import { expect, test } from "vitest";
import { alignmentRows } from "../../src/figures/alignmentSeries.ts";
import { alignmentSummary } from "../../src/figures/alignmentSummary.ts";
import { layerCourse } from "../../src/figures/alignmentsOverTime.ts";
import { standaloneSvg } from "../../src/figures/figure.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { alignmentValue, plantedSnapshot, plantedSteps } from "./planted.ts";
import { expectClean, rowsOf, textsOf } from "./svg.ts";

const names = ["first", "second", "third"];
const courseOf = (all: readonly Snapshot[], name: string) =>
  layerCourse(
    name,
    alignmentRows(all, "paper").filter(({ layer }) => layer === name),
  );
const snapshots = plantedSteps.map((step) => plantedSnapshot(step, names));

test("the course of one small layer stays as it was reviewed", async () => {
  const figure = courseOf(
    [0, 10, 100, 1000, 10000].map((step) => plantedSnapshot(step, ["fc"])),
    "fc",
  )!;
  expectClean(figure);
  await expect(standaloneSvg(figure.svg)).toMatchFileSnapshot("snapshots/alignmentsOverTime.svg");
});

test("the summary over layers stays as it was reviewed", async () => {
  const figure = alignmentSummary([0, 10, 100, 1000, 10000].map((step) => plantedSnapshot(step, names)))!;
  expectClean(figure);
  await expect(standaloneSvg(figure.svg)).toMatchFileSnapshot("snapshots/alignmentSummary.svg");
});

test("a layer has a panel a side with step 0 and the three relations", () => {
  const figure = courseOf(snapshots, "second")!;
  expectClean(figure);
  expect(figure.panels).toHaveLength(2);
  for (const [i, title] of ["backward (a)", "forward (b)"].entries())
    for (const text of [title, "step", "0", "100k"]) expect(textsOf(figure.panels[i]!)).toContain(text);
  expect(textsOf(figure.legend!)).toEqual(["RGA H ∝ G", "RWA H ∝ Z", "GWA G ∝ Z", "chance (null)", "± noise"]);
});

test("the table holds every alignment with noise, null and samples", () => {
  const rows = rowsOf(courseOf(snapshots, "second")!.csv);
  expect(rows).toHaveLength(snapshots.length * 6);
  const { value, noise } = snapshots[5]!.layers[1]!.alignment.paper.b.rwa;
  expect(
    rows.find((row) => row.step === "15" && row.layer === "second" && row.side === "b" && row.relation === "rwa"),
  ).toEqual({
    step: "15",
    layer: "second",
    side: "b",
    relation: "rwa",
    convention: "paper",
    alignment: String(value),
    noise: String(noise),
    null: "0.1",
    samples: "3000",
  });
});

test("the summary holds median, lowest and highest of the hidden layers: the first reads the data, which is none", () => {
  const layers = plantedSnapshot(7, names);
  for (const [i, value] of [0.2, 0.9, 0.5].entries())
    layers.layers[i]!.alignment.paper.a!.gwa = alignmentValue(value, [0.1, 0.3, 0.2][i]);
  const rows = rowsOf(alignmentSummary([plantedSnapshot(0, names), layers])!.csv);
  expect(rows.find((row) => row.step === "7" && row.side === "a" && row.relation === "gwa")).toMatchObject({
    median: "0.7",
    min: "0.5",
    max: "0.9",
    nullMedian: "0.25",
    layers: "2",
  });
  const written = rows.filter((row) => row.step === "7" && row.side === "b" && row.relation === "gwa");
  expect(written).toHaveLength(1);
  expect(written[0]!.layers).toBe("2");
});

test("the order of snapshots does not matter, and equal data give equal bytes", () => {
  expect(courseOf(snapshots.toReversed(), "first")).toEqual(courseOf(snapshots, "first"));
  expect(alignmentSummary(snapshots.toReversed())).toEqual(alignmentSummary(snapshots));
});

test("one snapshot has no course, one layer no range", () => {
  expect(courseOf([], "first")).toBeUndefined();
  expect(courseOf(snapshots.slice(0, 1), "first")).toBeUndefined();
  expect(alignmentSummary(snapshots.slice(0, 1))).toBeUndefined();
  expect(alignmentSummary(plantedSteps.map((step) => plantedSnapshot(step, ["only"])))).toBeUndefined();
});

test("a head has one side and one line; statuses leave gaps", () => {
  const none = { value: null, cosine: null, null: null, noise: null, n: 10, status: "missing-moments" as const };
  const heads = plantedSteps.map((step): Snapshot => {
    const one = plantedSnapshot(step, ["head"]);
    const { b } = one.layers[0]!.alignment.paper;
    one.layers[0]!.alignment.paper = { a: null, b: { rga: step === 15 ? none : b.rga, rwa: none, gwa: none } };
    return one;
  });
  const figure = courseOf(heads, "head")!;
  expect(figure.panels).toHaveLength(1);
  expectClean(figure);
  expect(textsOf(figure.svg)).not.toContain("backward (a)");
  expect(rowsOf(figure.csv).find((row) => row.step === "15" && row.relation === "rga")!.alignment).toBe("");
});

test("negative alignments widen the axis and are not cut off", () => {
  const two = [0, 10].map((step) => plantedSnapshot(step, ["fc"]));
  two[1]!.layers[0]!.alignment.paper.a!.rga = alignmentValue(-0.6);
  const texts = textsOf(courseOf(two, "fc")!.svg);
  expect(texts.some((text) => /^[-−]0\.[56]$/.test(text))).toBe(true);
});

test("names from outside are escaped", () => {
  const name = `<script>alert("x")</script>&`;
  const figure = courseOf(
    [0, 10].map((step) => plantedSnapshot(step, [name])),
    name,
  )!;
  expectClean(figure);
  expect(figure.svg).toContain("&lt;script");
});
