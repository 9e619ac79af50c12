import { expect, test } from "vitest";
import { alignmentsByDepth } from "../../src/figures/alignmentsByDepth.ts";
import { standaloneSvg } from "../../src/figures/figure.ts";
import { layerLabels } from "../../src/figures/layerLabels.ts";
import { alignment } from "../../src/measure/alignment/alignment.ts";
import { otherHeads } from "../../src/measure/network/headBaselines.ts";
import { secondMoment } from "../../src/moments/moments.ts";
import { alignmentValue, plantedSnapshot, plantedTransformer } from "./planted.ts";
import { expectClean, rowsOf, textsOf } from "./svg.ts";

const three = () => plantedSnapshot(1000, ["conv1", "layer1.0.conv1", "fc"]);
const many = (count: number) =>
  plantedSnapshot(
    0,
    Array.from({ length: count }, (_, i) => `model.layers.${i}.self_attn.q_proj`),
  );

test("the picture of a small transformer stays as it was reviewed", async () => {
  const { snapshot, moments } = plantedTransformer();
  const figure = alignmentsByDepth(snapshot, { baseline: otherHeads(moments.layers, "G") })!;
  expectClean(figure);
  await expect(standaloneSvg(figure.svg)).toMatchFileSnapshot("snapshots/alignmentsByDepth.svg");
});

test("a panel per side names every layer, in order of execution", () => {
  const figure = alignmentsByDepth(three())!;
  expectClean(figure);
  expect(figure.panels).toHaveLength(2);
  const titles = ["backward (a)", "forward (b)"];
  for (const [i, panel] of figure.panels.entries()) {
    const texts = textsOf(panel);
    expect(texts[0]).toBe(titles[i]);
    expect(texts.filter((text) => /conv|fc/.test(text))).toEqual(["conv1", "layer1.0.conv1", "fc"]);
  }
  expect(textsOf(figure.legend!)).toEqual(["RGA H ∝ G", "RWA H ∝ Z", "GWA G ∝ Z", "chance (null)", "± noise"]);
});

test("the table holds every alignment in the convention asked for", () => {
  const snapshot = three();
  for (const convention of ["paper", "raw"] as const) {
    const rows = rowsOf(alignmentsByDepth(snapshot, { convention })!.csv);
    expect(rows).toHaveLength(18);
    const { value, noise } = snapshot.layers[1]!.alignment[convention].b.gwa;
    expect(rows.find((row) => row.order === "1" && row.side === "b" && row.relation === "gwa")).toEqual({
      ...{ order: "1", layer: "layer1.0.conv1", kind: "linear", side: "b", relation: "gwa", convention },
      ...{ alignment: String(value), noise: String(noise), null: "0.16", samples: "3000" },
      ...{ otherHeadsMedian: "", otherHeadsMin: "", otherHeadsMax: "" },
    });
  }
});

test("heads have a panel of their own, a row per attention layer", () => {
  const figure = alignmentsByDepth(plantedTransformer({ blocks: 3, heads: 4 }).snapshot)!;
  expectClean(figure);
  expect(figure.panels).toHaveLength(3);
  const heads = figure.panels[2]!;
  expect(heads).toContain('aria-label="RGA of 12 attention heads in 3 layers, in order of execution"');
  // with its title
  for (const block of [0, 1, 2]) expect(textsOf(heads)).toContain(`block ${block}blocks.${block}.attn.MatMul_1`);
  expect(heads.match(/<title>block 1, head \d RGA 0\.\d+ ± 0\.010, chance 0\.120</g)).toHaveLength(4);
  expect(figure.panels[0]).not.toContain("MatMul_1");
  expect(rowsOf(figure.csv).filter((row) => row.kind === "head")).toHaveLength(12);
});

test("the baseline of a head is H of that head with G of each other head of its layer", () => {
  const { moments, snapshot } = plantedTransformer({ blocks: 2, heads: 3 });
  const heads = moments.layers.filter(({ name }) => name.startsWith("blocks.1.attn"));
  const of = (i: number, which: "H" | "G") => secondMoment(heads[i]!.b, which, "paper", heads[i]!.n)!;
  const others = [0, 2].map((j) => alignment(of(1, "H"), of(j, "G")).value!);
  const found = otherHeads(moments.layers, "G");
  expect(found.size).toBe(6);
  const { median, low, high, count } = found.get("blocks.1.attn.MatMul_1[1]")!;
  expect(median).toBeCloseTo((others[0]! + others[1]!) / 2, 12);
  expect(low).toBeCloseTo(Math.min(...others), 13);
  expect(high).toBeCloseTo(Math.max(...others), 13);
  expect(count).toBe(2);
  const figure = alignmentsByDepth(snapshot, { baseline: found })!;
  const row = rowsOf(figure.csv).find(({ layer }) => layer === "blocks.1.attn.MatMul_1[1]")!;
  expect(Number(row.otherHeadsMedian)).toBeCloseTo(median, 12);
  expect(textsOf(figure.legend!).at(-1)).toBe("H with G of the other heads: median, range");
});

test("a head that is alone in its layer has no baseline", () => {
  expect(otherHeads(plantedTransformer({ heads: 1 }).moments.layers, "G").size).toBe(0);
});

test("150 layers are all named and stay small; of 1000 some are named", () => {
  const names = (count: number) =>
    textsOf(alignmentsByDepth(many(count))!.panels[0]!).filter((text) => /q_proj/.test(text)).length;
  expect(names(150)).toBe(150);
  const thousand = names(1000);
  expect(thousand).toBeGreaterThan(200);
  expect(thousand).toBeLessThan(500);
  const figure = alignmentsByDepth(many(150))!;
  expectClean(figure);
  expect(figure.panels.join("").length).toBeLessThan(600_000);
});

test("labels keep the end of a name, or both ends where layers would look alike", () => {
  const names = ["fc1", "model.layers.11.self_attn.q_proj"];
  expect(layerLabels(names, 26)).toEqual(["fc1", "…11.self_attn.q_proj"]);
  const alike = ["encoder.layers.0.attention.out", "decoder.layers.0.attention.out"];
  const labels = layerLabels(alike, 20);
  expect(new Set(labels).size).toBe(2);
  for (const label of labels) expect([...label].length).toBeLessThanOrEqual(20);
});

test("statuses leave gaps, a side without values leaves its panel out", () => {
  const snapshot = three();
  snapshot.layers[1]!.alignment.paper.b.rga = { ...alignmentValue(0), value: null, status: "constant-matrix" };
  for (const layer of snapshot.layers) layer.alignment.paper.a = null;
  const figure = alignmentsByDepth(snapshot)!;
  expectClean(figure);
  expect(figure.panels).toHaveLength(1);
  expect(rowsOf(figure.csv)).toHaveLength(9);
});

test("one layer, or none, has no depth", () => {
  expect(alignmentsByDepth(plantedSnapshot(0, ["fc"]))).toBeUndefined();
  expect(alignmentsByDepth(plantedSnapshot(0, []))).toBeUndefined();
});

test("names from outside are escaped, also where a pointer is told them", () => {
  const name = `<script>alert("x")</script>&[0]`;
  const { snapshot } = plantedTransformer();
  for (const layer of snapshot.layers) layer.name = `${layer.name}${name}`;
  const figure = alignmentsByDepth(snapshot)!;
  expectClean(figure);
  expect(figure.svg).toContain("&lt;script&gt;");
});
