import { expect, test } from "vitest";
import { standaloneSvg } from "../../src/figures/figure.ts";
import { lossFigure } from "../../src/figures/loss.ts";
import { expectClean, rowsOf, textsOf } from "./svg.ts";

const evaluated = [0, 1, 10, 100, 1000].map((step, i) => ({
  step,
  name: "eval/loss",
  value: [1, 0.5, 0.1, 0.01, 0.002][i]!,
}));
const train = [1, 2, 3].map((step) => ({ step, name: "train/loss", value: 0.5 }));

test("the picture of a small run stays as it was reviewed", async () => {
  const figure = lossFigure([...train, ...evaluated])!;
  expectClean(figure);
  await expect(standaloneSvg(figure.svg)).toMatchFileSnapshot("snapshots/loss.svg");
});

test("the table holds every row, the picture its axes and legend", () => {
  const figure = lossFigure([...evaluated, ...train])!;
  expect(rowsOf(figure.csv)).toHaveLength(8);
  expect(rowsOf(figure.csv)).toContainEqual({ step: "100", name: "eval/loss", value: "0.01" });
  for (const text of ["step", "loss", "training batches", "evaluation", "0", "1k"])
    expect(textsOf(figure.svg)).toContain(text);
});

test("accuracy gets a panel of its own", () => {
  const figure = lossFigure([...evaluated, { step: 5, name: "eval/accuracy", value: 0.9 }])!;
  expect(figure.panels).toHaveLength(2);
  expect(textsOf(figure.panels[1]!)).toContain("accuracy");
  expectClean(figure);
});

test("perplexity gets a panel of its own, and the legend says how many samples were evaluated", () => {
  const figure = lossFigure([
    ...evaluated,
    { step: 5, name: "eval/perplexity", value: 4.5 },
    { step: 5, name: "eval/samples", value: 16_384 },
  ])!;
  expect(figure.panels).toHaveLength(2);
  expect(textsOf(figure.panels[1]!)).toContain("perplexity");
  expect(textsOf(figure.svg)).toContain("evaluation on 16,384 samples");
  expectClean(figure);
});

test("without a loss there is no figure; values that are not finite are left out", () => {
  expect(lossFigure([])).toBeUndefined();
  expect(lossFigure([{ step: 1, name: "lr", value: 0.1 }])).toBeUndefined();
  expect(lossFigure([{ step: 1, name: "eval/loss", value: Number.NaN }])).toBeUndefined();
  const figure = lossFigure([
    { step: 1, name: "eval/loss", value: Number.POSITIVE_INFINITY },
    { step: 2, name: "eval/loss", value: 1 },
  ])!;
  expectClean(figure);
  expect(rowsOf(figure.csv)).toHaveLength(1);
});

test("one value, equal values, zero and negative losses are drawn", () => {
  const at = (values: number[]) => lossFigure(values.map((value, step) => ({ step, name: "eval/loss", value })))!;
  for (const values of [[1], [2, 2, 2], [0, 0], [0, 1e3, 1e-9], [-5, 3], [1e-30, 1e30]]) expectClean(at(values));
});

test("a hundred thousand rows make a small picture and a whole table", () => {
  const rows = Array.from({ length: 100_000 }, (_, step) => ({ step, name: "train/loss", value: 1 + Math.sin(step) }));
  const figure = lossFigure(rows)!;
  expect(figure.svg.length).toBeLessThan(20_000);
  expect(rowsOf(figure.csv)).toHaveLength(100_000);
});
