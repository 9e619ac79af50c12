import { expect, test } from "vitest";
import { conventions } from "../../src/figures/conventions.ts";
import { standaloneSvg } from "../../src/figures/figure.ts";
import { headsOverTime } from "../../src/figures/headsOverTime.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { plantedSnapshot } from "./planted.ts";
import { plantedCourse } from "./plantedHeads.ts";
import { expectClean, rowsOf, textsOf } from "./svg.ts";

test("the picture of heads beside their baselines stays as it was reviewed", async () => {
  const figure = headsOverTime(plantedCourse())!;
  expectClean(figure);
  await expect(standaloneSvg(figure.svg)).toMatchFileSnapshot("snapshots/headsOverTime.svg");
});

test("a panel an attention layer, medians with lowest and highest head in the table", () => {
  const figure = headsOverTime(plantedCourse())!;
  expect(figure.panels).toHaveLength(2);
  const rows = rowsOf(figure.csv);
  const last = rows.filter(({ step, attention }) => step === "1000" && attention === "blocks.0.attn.MatMul_1");
  expect(last.map(({ curve }) => curve)).toEqual(["rga", "otherHeads", "start", "null"]);
  expect(["low", "median", "high"].map((key) => Number(last[0]![key]).toFixed(3))).toEqual(["0.800", "0.850", "0.900"]);
  expect(textsOf(figure.legend!)).toEqual([
    "RGA: H with G",
    "H with H of other heads",
    "H with its own H at the start",
    "chance (null)",
  ]);
});

test("without heads, or at one step, there is no figure", () => {
  expect(headsOverTime([plantedSnapshot(0, ["x"]), plantedSnapshot(1, ["x"])])).toBeUndefined();
  expect(headsOverTime(plantedCourse().slice(0, 1))).toBeUndefined();
});

test("conventions: a point a layer, mean ratios over steps where there are some", async () => {
  const course: Snapshot[] = [0, 100, 10_000].map((step) => plantedSnapshot(step, ["conv1", "conv2", "fc"]));
  const figure = conventions(course)!;
  expectClean(figure);
  await expect(standaloneSvg(figure.svg)).toMatchFileSnapshot("snapshots/conventions.svg");
  expect(figure.panels).toHaveLength(2);
  expect(figure.panels[0]!.match(/<circle/g)).toHaveLength(3);
  expect(rowsOf(figure.csv)).toHaveLength(9);
  expect(conventions(course.slice(2))!.panels).toHaveLength(1);
  expect(conventions([])).toBeUndefined();
});
