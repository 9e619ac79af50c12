/**
 * @file The table and figure of neural collapse, on features that are collapsed by construction and on such that are
 * not.
 */
import { describe, expect, test } from "vitest";
import { collapseOverTime } from "../../src/figures/collapseOverTime.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { type Snapshot, snapshot } from "../../src/measure/snapshot.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { addFeatures, emptyClassSums } from "../../src/moments/classSums.ts";
import { emptyLayer } from "../../src/moments/moments.ts";
import { Random } from "../../src/random/random.ts";
import { renderCollapse } from "../../src/report/collapseTable.ts";
import { plantedAnalysis, plantedRun } from "../figures/planted.ts";
import { expectClean } from "../figures/svg.ts";

const classes = 4;

/** Features at the corners of a simplex with noise of the given size, and a classifier that is their transpose. */
async function measured(noise: number, step: number, n = 80): Promise<Snapshot> {
  const random = new Random(step + 1);
  const corner = (c: number, j: number) => (c === j ? 1 : 0) - 1 / classes;
  const W = matrix(
    classes,
    classes,
    Float64Array.from({ length: classes ** 2 }, (_, e) => corner(Math.floor(e / classes), e % classes)),
  );
  const labels = Array.from({ length: n }, (_, i) => i % classes);
  const features = Float64Array.from(
    { length: n * classes },
    (_, e) => corner(labels[Math.floor(e / classes)]!, e % classes) + noise * random.normal(),
  );
  const layer = emptyLayer("fc", "linear", classes, classes, W);
  addRows(layer, { ha: features, hb: features, gb: features });
  const sums = emptyClassSums(classes, classes);
  addFeatures(sums, features, labels);
  const side = { sums: sums.sums, squares: sums.squares };
  layer.labelled = { classes, counts: sums.counts, a: side, b: side };
  return await snapshot(
    { step, objective: "cross-entropy", source: "", layers: [layer] },
    { nearestMean: { layer: "fc", disagreement: 0.25 * noise } },
  );
}

const cellsOf = (html: string, name: string): string[] => {
  const row = html.split("<tr>").find((part) => part.includes(name))!;
  return [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map((match) => match[1]!.replace(/<[^>]*>/g, ""));
};

describe("the table of collapse", () => {
  test("has the values at the end and at the start, and what full collapse has", async () => {
    const html = renderCollapse({ ...plantedRun(), snapshots: [await measured(1, 0), await measured(0, 10)] });
    const [now, start, full] = cellsOf(html, "NC1: tr");
    expect(now).toBe("0.000");
    expect(Number(start)).toBeGreaterThan(0.5);
    expect(full).toBe("0");
    expect(cellsOf(html, "mean cosine of centred")).toEqual(["−0.333", expect.anything(), "−0.333"]);
    expect(cellsOf(html, "NC4")).toEqual(["0.000", "0.250", "0"]);
    expect(cellsOf(html, "NC3")[0]).toBe("0.000");
  });

  test("has no zeros and says why, where every class has one sample", async () => {
    const html = renderCollapse({ ...plantedRun(), snapshots: [await measured(1, 0, classes)] });
    expect(html).toContain("Every class has one sample");
    for (const name of ["NC1: tr", "NC1: class-distance", "NC4: share", "premise: variance of outputs"])
      expect(cellsOf(html, name)[0]).toBe("–");
    expect(cellsOf(html, "mean cosine of centred")[0]).not.toBe("–");
    const some = renderCollapse({ ...plantedRun(), snapshots: [await measured(1, 0, classes + 3)] });
    expect(some).toContain("One class of one sample has no spread within classes");
    expect(collapseOverTime([await measured(1, 0, classes), await measured(1, 10, classes)])?.csv).not.toContain("NaN");
  });

  test("of one measurement has no start; without one there is no section", async () => {
    const html = renderCollapse({ ...plantedAnalysis(), snapshots: [await measured(0.2, 0)] });
    expect(html).not.toContain("at the start");
    expect(cellsOf(html, "NC1: tr")).toHaveLength(2);
    expect(renderCollapse(plantedAnalysis())).toBe("");
  });
});

test("the figure has a panel for each of the four and every step in the CSV", async () => {
  const figure = collapseOverTime([await measured(1, 0), await measured(0.3, 10), await measured(0, 100)])!;
  expectClean(figure);
  expect(figure.panels.length).toBe(4);
  const rows = figure.csv.trim().split("\n");
  expect(rows.map((row) => row.split(",")[0])).toEqual(["step", "0", "10", "100"]);
  expect(Number(rows.at(-1)!.split(",")[2])).toBeLessThan(1e-12);
  expect(collapseOverTime([await measured(1, 0)])).toBeUndefined();
});
