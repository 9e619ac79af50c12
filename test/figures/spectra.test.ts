import { expect, test } from "vitest";
import { standaloneSvg } from "../../src/figures/figure.ts";
import { exponentLabel, exponentTicks } from "../../src/figures/logTicks.ts";
import { spectra } from "../../src/figures/spectra.ts";
import type { LayerSpectra, SpectrumRecord } from "../../src/measure/spectra/layerSpectra.ts";
import { expectClean, rowsOf, textsOf } from "./svg.ts";

function planted(decay: number, floor: number | null, d = 20): SpectrumRecord {
  const values = Array.from({ length: d }, (_, i) => 3 * decay ** i);
  return { values, floor, above: 7, effectiveRank: 4.25, n: 1000, dimension: d };
}

const side = { H: planted(0.6, 0.03), G: planted(0.5, 0.01) };
const weights = planted(0.7, 3e-6);
const layer: { spectra: LayerSpectra } = {
  spectra: { paper: { a: side, b: side }, covariance: { a: side, b: side }, raw: { a: side, b: side }, weights },
};

test("the picture stays as it was reviewed", async () => {
  const figure = spectra(layer)!;
  expectClean(figure);
  await expect(standaloneSvg(figure.svg)).toMatchFileSnapshot("snapshots/spectra.svg");
});

test("every eigenvalue is in the table with its floor; effective ranks are told", () => {
  const figure = spectra(layer)!;
  const rows = rowsOf(figure.csv);
  expect(rows).toHaveLength(2 * 3 * 20);
  const second = { side: "a", matrix: "H", rank: "2", eigenvalue: "1.8", floor: "0.03" };
  expect(rows[1]).toEqual({ ...second, convention: "covariance" });
  expect(textsOf(figure.svg).join(" ")).toContain("effective rank H 4.3, G 4.3, Z 4.3");
});

test("spectra are those of covariances; records of earlier versions, which have none, show plain second moments", () => {
  const wide = { H: planted(0.9, 0.03), G: planted(0.9, 0.01) };
  const of = (measured: Partial<LayerSpectra>) => rowsOf(spectra({ spectra: measured as LayerSpectra })!.csv)[1]!;
  const raw = { a: wide, b: wide };
  expect(of({ ...layer.spectra, raw })).toMatchObject({ convention: "covariance", eigenvalue: "1.8" });
  const { covariance: _, ...earlier } = layer.spectra;
  expect(of({ ...earlier, raw })).toMatchObject({ convention: "raw", eigenvalue: "2.7" });
});

test("a floor is drawn where samples have one and it lies in the panel; weights have none", () => {
  const dashed = (of: LayerSpectra) =>
    spectra({ spectra: of })!.panels[0]!.match(/stroke-dasharray="4,6"/g)?.length ?? 0;
  expect(dashed(layer.spectra)).toBe(2);
  const legend = textsOf(spectra({ spectra: layer.spectra })!.legend!);
  expect(legend).toEqual(["H", "G", "Z", "noise floor of H", "noise floor of G"]);
  const without = { ...side, H: planted(0.6, null) };
  expect(dashed({ ...layer.spectra, covariance: { a: without, b: side } })).toBe(1);
});

test("a head has one side; a wide spectrum is thinned in the picture, not in the table; without spectra there is no figure", () => {
  const wide = { H: planted(0.999, 0.5, 1000), G: planted(0.99, 0.1, 1000) };
  const none: SpectrumRecord = { ...planted(1, null, 0), effectiveRank: null, status: "missing-moments" };
  const figure = spectra({ spectra: { ...layer.spectra, covariance: { a: null, b: wide }, weights: none } })!;
  expect(figure.panels).toHaveLength(1);
  expect(rowsOf(figure.csv)).toHaveLength(2000);
  expect(figure.svg.length).toBeLessThan(20_000);
  expect(figure.legend).not.toContain("Z");
  expect(spectra({})).toBeUndefined();
  const empty = { H: none, G: none };
  expect(
    spectra({
      spectra: {
        paper: { a: null, b: empty },
        covariance: { a: null, b: empty },
        raw: { a: null, b: empty },
        weights: none,
      },
    }),
  ).toBeUndefined();
});

test("ticks of logarithms lie within the axis, and between powers of ten where it is short", () => {
  expect(exponentTicks([-4.2, 1.1])).toEqual([-4, -2, 0]);
  expect(exponentTicks([-4.2, 1.1], 8)).toEqual([-4, -3, -2, -1, 0, 1]);
  expect(exponentTicks([-2.9, -2.1]).map(exponentLabel)).toEqual(["2e−3", "5e−3"]);
  expect([-5, -1, 0, 1, 2, 4].map(exponentLabel)).toEqual(["1e−5", "0.1", "1", "10", "1e2", "1e4"]);
});
