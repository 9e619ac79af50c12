/** @file `crh explain` and the table of laws on planted layers: what they say is what was planted. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { explainCommand } from "../../src/cli/commands/explain.ts";
import { renderLawsTable } from "../../src/cli/lawsTable.ts";
import { renderPhaseTable } from "../../src/cli/phaseTable.ts";
import { explainLayer } from "../../src/findings/explain/explainLayer.ts";
import { gram, matmul, matrix } from "../../src/linalg/matrix.ts";
import { collapse } from "../../src/measure/collapse/neuralCollapse.ts";
import { snapshot } from "../../src/measure/snapshot.ts";
import { featureAnsatz } from "../../src/measure/training/featureAnsatz.ts";
import { addFeatures, emptyClassSums } from "../../src/moments/classSums.ts";
import { emptyLayer, mergeMoments } from "../../src/moments/moments.ts";
import { Random } from "../../src/random/random.ts";
import { gaussian } from "../measure/matrices.ts";
import { plantedGroups } from "../measure/plantedLayers.ts";
import { momentsOf } from "../moments/cases.ts";
import { testIo } from "./testIo.ts";

const dir = mkdtempSync(join(tmpdir(), "crh-explain-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const groups = plantedGroups({ row: "6", d: 30, seed: 2, samples: 12_000 }, 8).map((group) => momentsOf([group]));
const planted = await snapshot(groups.reduce(mergeMoments), { groups });
const [layer] = planted.layers as [(typeof planted.layers)[0]];

describe("the table of laws", () => {
  test.each([100, 80])("fits %d columns and has the planted phase and exponents", (width) => {
    const text = renderLawsTable(planted, { width });
    for (const line of text.split("\n")) expect([...line].length).toBeLessThanOrEqual(width);
    const phases = renderPhaseTable(planted.layers, { width });
    for (const line of phases.split("\n")) expect([...line].length).toBeLessThanOrEqual(width);
    expect(phases).toMatch(
      new RegExp(`^${layer.name} +phase 6 +phase 6 +6 \\d+ %.* ${layer.phase!.live!.rank} +1\\.\\d$`, "m"),
    );
    expect(phases.replaceAll("\n", " ")).toContain(
      "By covariances 1 of 1 layer is in a phase (6 in 1); by the paper's convention 1 (6 in 1).",
    );
    expect(text).toContain(`${layer.phase!.live!.rank} / ${layer.phase!.live!.decades.toFixed(1)} dec`);
    expect(text.replaceAll("\n", " ")).toContain("by covariances, with 95 % intervals below");
    const row = text.split("\n").find((line) => line.startsWith(layer.name))!;
    const [hg, hz] = row.trim().split(/\s+/).slice(1).map(Number);
    expect(hg).toBeCloseTo(1, 1);
    expect(hz).toBeCloseTo(2, 1);
  });

  test("has no sign on what rounds to zero", () => {
    const measured = layer.exponents!.covariance;
    const hg = { ...measured.b.hg, value: -0.001, interval: [-0.004, 0.004] as [number, number] };
    const flat = { ...measured, b: { ...measured.b, hg } };
    const shownWith = (covariance: typeof measured) =>
      renderLawsTable({ ...planted, layers: [{ ...layer, exponents: { ...layer.exponents!, covariance } }] });
    const text = shownWith(flat);
    expect(text).toMatch(/ 0\.00 /);
    expect(text).toContain("[0.00, 0.00]");
    expect(text).not.toContain("-0.0");
    const wide = { ...hg, interval: [-0.4, 0.001] as [number, number] };
    expect(shownWith({ ...flat, b: { ...flat.b, hg: wide } })).toContain("[-0.4, 0.0]");
  });

  test("is left out where no exponent was measured", async () => {
    expect(renderLawsTable(await snapshot(momentsOf([emptyLayer("wide", "head", 1, 1100)])))).toBe("");
  });
});

describe("explainLayer", () => {
  test("names the phase and the exponent of side b with its interval", () => {
    const found = explainLayer(layer);
    expect(found.summary).toContain("it is in phase 6");
    expect(found.laws.find((line) => line.startsWith("forward H ~ G^s"))).toMatch(/s = (2\.9|3\.0)\d, 95 % within/);
    expect(found.doubts.join(" ")).toContain("before training are unknown");
  });

  test("compares with the start where it is known", () => {
    const { relations, doubts } = explainLayer(layer, layer);
    const [backward, ...others] = relations.filter((line) => line.startsWith("Backward RGA"));
    expect(others).toHaveLength(1);
    expect(backward).toMatch(
      /is strong, but was as strong before training: .* by the paper's convention .* before training;/,
    );
    expect(others[0]).toMatch(/is strong, but was as strong before training: .* by covariances .* before training;/);
    expect(explainLayer(layer).relations[0]).toMatch(
      /^Backward RGA \(H_a ∝ G_a\) holds: 1\.000 ± .*; 12,000 rows\)\.$/,
    );
    expect(doubts.join(" ")).not.toContain("before training");
  });

  test("tells of a head whether its RGA exceeds what the heads of its layer share", () => {
    const unequal = { ...layer, effectiveRows: { h: 40, g: 11_000 } };
    expect(explainLayer(unequal).doubts.join(" ")).toMatch(
      /Its activations are so unequal .+ 12,000 rows .+ 40 equal ones/,
    );
    expect(explainLayer(layer).doubts.join(" ")).not.toContain("unequal");
    const strongest = layer.alignment.paper.b.rga.value!;
    const head = (median: number, start: number | null, count = 3): typeof layer => ({
      ...layer,
      kind: "head",
      baselines: {
        otherHeads: { paper: { median, low: 0.1, high: 0.97, count }, covariance: null, raw: null },
        start: { paper: start, covariance: null, raw: null },
      },
    });
    expect(explainLayer(head(0.42, 0.999)).baselines).toEqual([
      `H of the head aligns with H of the 3 other heads of its layer at 0.42 in the median (0.10 to 0.97); its RGA of ${strongest.toFixed(2)} exceeds that.`,
      `H of the head aligns with its own H at the start at 1.00; its RGA of ${strongest.toFixed(2)} does not exceed that.`,
    ]);
    expect(explainLayer(head(0.999, null, 1)).baselines).toEqual([
      `H of the head aligns with H of the other head of its layer at 1.00; its RGA of ${strongest.toFixed(2)} does not exceed that.`,
    ]);
    expect(explainLayer(layer).baselines).toEqual([]);
  });

  test("tells of collapse beside its value before training, and of nothing that was not measured", () => {
    // Two classes at 1 and -1 with a spread of 1/4 within: S_w = 1/4, S_b = 1, tr(S_w S_b^+) = 1/4.
    const sums = emptyClassSums(2, 1);
    addFeatures(sums, Float64Array.of(1.5, 0.5, -0.5, -1.5), [0, 0, 1, 1]);
    const found = collapse(sums, { classifier: matrix(2, 1, [1, -1]), nc4: 0.025 });
    const noise = { trace: null, cdnv: null, equiangular: null, selfDuality: null };
    const with_ = { ...layer, collapse: { ...found, premises: null, noise } };
    const before = { ...layer, collapse: { ...found, nc1: { ...found.nc1, trace: 17.8 }, premises: null, noise } };
    const lines = explainLayer(with_, before).collapse.join("\n");
    expect(lines).toContain("Features of 4 samples in 2 classes.");
    expect(lines).toContain("tr(S_w S_b⁺) = 0.2500 (17.80 before training); 0 when collapsed.");
    expect(lines).toContain("their cosines are 0.000 from -1/(C - 1) on average");
    expect(lines).toContain("NC3, weights as the class means: squared distance 0.000");
    expect(lines).toContain("for 2.5 % of the samples the nearest class mean");
    expect(lines).not.toContain("Theorem 3");
    expect(explainLayer(with_).collapse.join(" ")).not.toContain("before training");
    expect(lines).toContain("With so few samples per class it shows 50 % of the spread that many samples would show.");
    expect(explainLayer(layer).collapse).toEqual([]);
  });

  test("says of classes with one sample that their spread is not known, and never 0", () => {
    const noise = { trace: null, cdnv: null, equiangular: null, selfDuality: null };
    const wordsOf = (features: number[], labels: number[]) => {
      const sums = emptyClassSums(3, 1);
      addFeatures(sums, Float64Array.from(features), labels);
      const found = { ...layer, collapse: { ...collapse(sums), premises: null, noise } };
      return explainLayer(found).collapse.join("\n");
    };
    const single = wordsOf([1, -1, 2], [0, 1, 2]);
    expect(single).toContain("Features of 3 samples in 3 classes: too few samples.");
    expect(single).toContain("NC1, NC4 and the spread of the outputs are unknown");
    expect(single).not.toContain("tr(S_w");
    const some = wordsOf([1.5, 0.5, -0.5, -1.5, 3], [0, 0, 1, 1, 2]);
    expect(some).toContain("One class of one sample has no part in it.");
  });

  test("tells of the ansatz in all forms, and what the initial weights would take", () => {
    const W = gaussian(new Random(1), 5, 4);
    const agop = gram(W, "a");
    const half = gram(matmul(W, agop), "a"); // a matrix that is neither
    const known = featureAnsatz(W, agop, { initial: gaussian(new Random(2), 5, 4), G: { a: half, b: gram(W, "b") } });
    const words = explainLayer({ ...layer, ansatz: { ...known, n: 9, exact: false } }).ansatz;
    expect(words[0]).toMatch(
      /^WᵀW with the average gradient outer product: cosine 1\.000, Pearson's correlation 1\.000; with its square root cosine 0\.\d{3}/,
    );
    expect(words[1]).toContain(
      `The same for W without the initial weights: cosine ${known.change!.one.cosine!.toFixed(3)}`,
    );
    expect(words[2]).toContain("WWᵀ with G_b cosine 1.000");
    expect(words[3]).toBe("Estimated from random directions of the outputs.");
    const unknown = explainLayer({ ...layer, ansatz: { ...featureAnsatz(W, agop), n: 9, exact: true } }).ansatz;
    expect(unknown).toHaveLength(2);
    expect(unknown[1]).toContain("crh analyze --initial takes the model before training");
  });

  test("expects what Eq. 10 says at small decay alone", () => {
    const told = (decay?: number) => explainLayer(layer, undefined, decay).training.join(" ");
    expect(told(1e-6)).toContain("Eq. 10 expects GWA at so small a weight decay");
    for (const decay of [1e-4, 1e-5, 0, undefined]) {
      expect(told(decay)).toContain("Strongest on the forward side, by the paper's convention");
      expect(told(decay)).not.toContain("Eq. 10");
    }
  });

  test("says that few rows are few", async () => {
    const few = plantedGroups({ row: "6", d: 30, seed: 2, samples: 200 }, 2).map((group) => momentsOf([group]));
    const found = (await snapshot(few.reduce(mergeMoments), { groups: few })).layers[0]!;
    expect(explainLayer(found).doubts.join(" ")).toContain("200 rows are few for 30 dimensions");
  });
});

describe("crh explain", () => {
  const file = join(dir, "measured.json");
  writeFileSync(file, JSON.stringify({ run: "somewhere", final: planted }));

  test("reads the JSON of a measurement; one layer in full, all of them briefly", async () => {
    const [one, all] = [testIo(), testIo()];
    await explainCommand(file, layer.name, { runs: dir }, one);
    await explainCommand(file, undefined, { runs: dir }, all);
    for (const io of [one, all])
      for (const line of io.out().split("\n")) expect([...line].length).toBeLessThanOrEqual(100);
    expect(one.out()).toContain("Laws between spectra");
    expect(all.out()).not.toContain("Laws between spectra");
    expect(all.out()).toContain(`${layer.name} is a linear map from`);
  });

  test("--json has the same sentences", async () => {
    const io = testIo();
    await explainCommand(file, layer.name, { runs: dir, json: true }, io);
    expect(JSON.parse(io.out()).layers).toEqual([JSON.parse(JSON.stringify(explainLayer(layer)))]);
  });

  test("a wrong name, a file that is no measurement and a run that is not there are refused in one line", async () => {
    const io = testIo();
    const wrong = join(dir, "wrong.json");
    writeFileSync(wrong, "{");
    await expect(explainCommand(file, "plantd", { runs: dir }, io)).rejects.toThrow(/did you mean planted\?/);
    await expect(explainCommand(wrong, undefined, { runs: dir }, io)).rejects.toThrow(/which is neither/);
    await expect(explainCommand("nothing", undefined, { runs: dir }, io)).rejects.toThrow(/crh runs lists them/);
  });
});
