import { expect, test } from "vitest";
import { standaloneSvg } from "../../src/figures/figure.ts";
import { rankAlignment } from "../../src/figures/rankAlignment.ts";
import { plantedSnapshot, plantedSteps } from "./planted.ts";
import { expectClean, rowsOf, textsOf } from "./svg.ts";

const names = ["in", "middle", "out"];

test("the picture of a small run stays as it was reviewed", async () => {
  const figure = rankAlignment([0, 100, 10000].map((step) => plantedSnapshot(step, names)))!;
  expectClean(figure);
  await expect(standaloneSvg(figure.svg)).toMatchFileSnapshot("snapshots/rankAlignment.svg");
});

test("every layer and step is a row; axes name both kinds of rank", () => {
  const figure = rankAlignment(plantedSteps.map((step) => plantedSnapshot(step, names)))!;
  expect(rowsOf(figure.csv)).toHaveLength(plantedSteps.length * 3);
  expect(textsOf(figure.svg)).toEqual(
    expect.arrayContaining([
      "participation ratio / dimension",
      "numerical rank / dimension",
      "RGA backward (a)",
      "middle",
    ]),
  );
  const row = rowsOf(figure.csv)[0]!;
  expect(row).toMatchObject({ step: "0", layer: "in", threshold: "0.001", dimension: "100" });
  expect(Number(row.participation)).toBeCloseTo(30, 6);
});

test("layers without an input of their own, or without values, are left out", () => {
  const one = plantedSnapshot(0, names);
  one.layers[0]!.alignment.paper.a = null;
  one.layers[1]!.alignment.paper.a!.rga = {
    value: null,
    cosine: null,
    null: null,
    noise: null,
    n: 1,
    status: "undefined-1x1",
  };
  expect(rowsOf(rankAlignment([one])!.csv).map((row) => row.layer)).toEqual(["out"]);
  one.layers[2]!.ranks.paper.a = null;
  expect(rankAlignment([one])).toBeUndefined();
  expect(rankAlignment([])).toBeUndefined();
});
