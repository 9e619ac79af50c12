import { expect, test } from "vitest";
import { standaloneSvg } from "../../src/figures/figure.ts";
import { layerMatrices } from "../../src/figures/layerMatrices.ts";
import { neurons } from "../../src/figures/neurons.ts";
import { type Matrix, matrix } from "../../src/linalg/matrix.ts";
import { emptyLayer } from "../../src/moments/moments.ts";
import { plantedMoments, plantedSide } from "./planted.ts";
import { expectClean, rowsOf, textsOf } from "./svg.ts";

/** Diagonal by a law of the neuron's number, correlations of neighbours alone. */
function banded(d: number, power: number): Matrix {
  const size = (i: number) => (i + 1) ** power;
  const A = matrix(d, d);
  for (let i = 0; i < d; i++) {
    A.data[i * d + i] = size(i);
    if (i + 1 < d) A.data[i * d + i + 1] = A.data[(i + 1) * d + i] = 0.3 * Math.sqrt(size(i) * size(i + 1));
  }
  return A;
}

test("the picture of a small layer stays as it was reviewed", async () => {
  const [layer] = plantedMoments(["in"], 12).layers;
  const figure = neurons(layerMatrices(layer!))!;
  expectClean(figure);
  await expect(standaloneSvg(figure.svg)).toMatchFileSnapshot("snapshots/neurons.svg");
});

test("a power law between diagonals has correlation 1 in logarithms; pairs are told apart from neurons", () => {
  const d = 15;
  const layer = { ...emptyLayer("L", "head", d, d), n: 100, b: plantedSide(banded(d, 1), banded(d, 3)) };
  const figure = neurons(layerMatrices(layer))!;
  expect(figure.panels).toHaveLength(2);
  expect(textsOf(figure.svg).join(" ")).toContain("neurons: correlation of logarithms 1.000");
  expect(textsOf(figure.svg).join(" ")).toContain("pairs: correlation 1.000");
  const rows = rowsOf(figure.csv);
  expect(rows.filter(({ kind }) => kind === "diagonal")).toHaveLength(d);
  expect(rows.filter(({ kind }) => kind === "correlation")).toHaveLength((d * (d - 1)) / 2);
  expect(rows.filter(({ kind, H }) => kind === "correlation" && H === "0.3")).toHaveLength(d - 1);
});

test("pairs of a wide layer are thinned; one neuron, or no moments, give no figure", () => {
  const d = 120;
  const wide = { ...emptyLayer("L", "head", d, d), n: 100, b: plantedSide(banded(d, 1), banded(d, 2)) };
  expect(rowsOf(neurons(layerMatrices(wide))!.csv)).toHaveLength(120 + 600);
  const one = { ...emptyLayer("L", "head", 1, 1), n: 100, b: plantedSide(banded(1, 1), banded(1, 1)) };
  expect(neurons(layerMatrices(one))).toBeUndefined();
  expect(neurons(layerMatrices(emptyLayer("none", "head", 3, 3)))).toBeUndefined();
});
