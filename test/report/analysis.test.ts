import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { ruleInWords } from "../../src/measure/alignment/judge.ts";
import type { LayerMoments } from "../../src/moments/moments.ts";
import { drawable, spreadOrder } from "../../src/report/chosenLayers.ts";
import { type AnalysisReport, renderReport } from "../../src/report/report.ts";
import {
  alignmentValue,
  asHead,
  layerNames6,
  plantedAnalysis,
  plantedMoments,
  plantedRun,
  plantedSnapshot,
  plantedTransformer,
} from "../figures/planted.ts";

const page = (data: AnalysisReport) => parseHTML(renderReport(data)).document;
const textOf = (data: AnalysisReport) => page(data).querySelector("main")!.textContent!;
const manyNames = (count: number) => Array.from({ length: count }, (_, i) => `blocks.${i}.proj`);
const factsOf = (data: AnalysisReport) =>
  Object.fromEntries(
    [...page(data).querySelectorAll(".facts div")].map((fact) => [
      fact.querySelector("dt")!.textContent,
      fact.querySelector("dd")!.textContent,
    ]),
  );

test("the head of an analysis names files, objective, samples and results, and nothing of a training", () => {
  const data = plantedAnalysis();
  expect(factsOf(data)).toEqual({
    model: "resnet20.onnx",
    inputs: "images.npy",
    targets: "labels.npy",
    objective: "mse",
    samples: "3,000",
    loss: "0.92",
    accuracy: "91.70 %",
    layers: "6 maps",
    measured: "2026-03-01 10:20 UTC",
    took: "24.3 s",
    versions: "crh-lab 0.1.0, ONNX Runtime 1.30.0, Node 20.19.0",
  });
  const { title, body } = page(data);
  expect(title).toBe("resnet20 · crh-lab");
  expect(body.getAttribute("data-run")).toBe("resnet20");
  expect(body.querySelector("#reproduce pre")!.textContent).toBe("crh analyze resnet20.onnx --inputs images.npy");
});

test("an analysis has no words about steps, runs, seeds or values at the start, but for the rule and what is not known", () => {
  const { body } = page(plantedAnalysis());
  for (const part of body.querySelectorAll("script, #equations")) part.remove();
  const rule = ruleInWords.slice(1);
  expect(body.textContent).toContain(rule);
  const rest = body.textContent!.replaceAll(rule, "").replaceAll("Values before training are unknown.", "");
  expect(rest).not.toMatch(/\b(steps?|seed|runs?|start|initial|earlier|training|undefined|NaN|null,)\b/);
  expect(body.querySelectorAll("i.start")).toHaveLength(0);
});

test("moments made elsewhere: files read, step where they have one, no model", () => {
  const { model: _model, inputs: _inputs, targets: _targets, ...rest } = plantedAnalysis().analysis;
  const captures = Array.from({ length: 9 }, (_, i) => `shard-${i}.safetensors`);
  const facts = factsOf({
    ...plantedAnalysis(),
    analysis: { ...rest, captures },
    snapshots: [plantedSnapshot(20_000, layerNames6)],
  });
  expect(facts["read from"]).toBe("shard-0.safetensors, shard-1.safetensors, shard-2.safetensors and 6 more");
  expect(facts.step).toBe("20,000");
  expect(facts).not.toHaveProperty("model");
});

test("a measurement that was stopped says how far it came", () => {
  const data = plantedAnalysis();
  const stopped = { ...data, analysis: { ...data.analysis, plannedSamples: 10_000 } };
  expect(factsOf(stopped).samples).toBe("3,000 of 10,000");
  expect(textOf(stopped)).toContain("6 maps measured on 3,000 of 10,000 samples (stopped before the end)");
});

test("an analysis has numbered figures of the network, then of each layer", () => {
  const document = page(plantedAnalysis());
  const titles = (selector: string) => [...document.querySelectorAll(selector)].map((heading) => heading.textContent);
  expect(titles("#figures figure h3")).toEqual([
    "Figure 1. The six alignments of every layer, by depth",
    "Figure 2. Rank of the representation against its alignment",
  ]);
  expect(titles("article.chosen figure h4")).toEqual([
    "Figure 3. H, G and Z",
    "Figure 4. Entries of H against entries of G",
    "Figure 5. Expressivity against plasticity of neurons",
    "Figure 6. Neurons that have become one",
    "Figure 8. Power laws between H, G and Z",
  ]);
  const [depth] = document.querySelectorAll("#figures figure");
  expect(depth!.querySelector("details summary")!.textContent).toBe("With plain second moments (raw)");
  expect(depth!.querySelectorAll("[data-name]")).toHaveLength(2);
});

test("skipped nodes stand in a table, a row per reason; none is said too", () => {
  const data = plantedAnalysis();
  const node = (i: number) => ({ node: `/blocks.${i}/MatMul`, reason: "both operands depend on the data" });
  data.snapshots[0]!.skipped = [
    ...Array.from({ length: 20 }, (_, i) => node(i)),
    { node: "Gather", reason: "a lookup" },
  ];
  const document = page(data);
  const rows = [...document.querySelectorAll("table.skipped tbody tr")];
  expect(rows.map((row) => row.querySelectorAll("th,td")[1]!.textContent)).toEqual(["20", "1"]);
  expect(rows[0]!.querySelector("th")!.textContent).toBe("both operands depend on the data");
  expect(rows[0]!.querySelectorAll("code")).toHaveLength(20);
  expect(rows[0]!.querySelector("summary")!.textContent).toBe("and 12 more");
  expect(document.querySelector("#summary")!.textContent).toContain("21 nodes could not be measured: see the reasons.");
  expect(textOf(plantedAnalysis())).toContain("Nothing was left out.");
});

test("ranks that were not measured give a sentence", () => {
  const data = plantedAnalysis();
  const rank = { ...data.snapshots[0]!.layers[0]!.ranks!.weights, status: "not-measured" as const };
  const none = { ...rank, numerical: null, stable: null, participation: null };
  for (const layer of data.snapshots[0]!.layers) {
    const sides = { a: { H: none, G: none }, b: { H: none, G: none } };
    layer.ranks = { paper: sides, covariance: sides, raw: sides, weights: none };
  }
  expect(textOf(data)).toContain("Ranks were not measured: cost economy leaves them out.");
  for (const layer of data.snapshots[0]!.layers) delete (layer as { ranks?: unknown }).ranks;
  expect(textOf(data)).toContain("Ranks were not measured: cost economy leaves them out.");
});

test("without moments, and of nothing, there are sentences", () => {
  const { moments: _moments, ...rest } = plantedAnalysis();
  expect(textOf(rest)).toContain("The moments were not kept, and matrices cannot be drawn without them.");
  const nothing = textOf({ ...rest, snapshots: [], config: {} });
  expect(nothing).toContain("Nothing was measured.");
  expect(nothing).toContain("No layer was measured, so there is no table.");
  const one = textOf(plantedAnalysis({ names: ["fc"] }));
  expect(one).toContain("There is one layer; the table above holds its values.");
});

test("heads are counted apart from maps and compared with the other heads", () => {
  const { snapshot, moments } = plantedTransformer({ blocks: 2, heads: 3 });
  const text = textOf({ ...plantedAnalysis(), snapshots: [snapshot], moments });
  expect(text).toContain("4 maps and 6 attention heads measured on 3,000 samples");
  expect(text).toMatch(/relation hold in \d of 4 layers/);
  expect(text).toContain("Attention heads: RGA holds in 0 of 6; median 0.55 (null 0.12).");
  expect(text).toContain("aligns with its own gradient, not with a direction that all heads of the layer share");
  const { moments: _moments, ...bare } = plantedAnalysis();
  expect(textOf({ ...bare, snapshots: [snapshot] })).not.toContain("the other heads");
});

test("many layers: tables folded, the summary by relation, a page below 4 MB", () => {
  const names = manyNames(150);
  const data = plantedAnalysis({ names, d: 256 });
  data.snapshots[0]!.layers = data.snapshots[0]!.layers.map((layer, i) => (i % 5 === 4 ? asHead(layer, 0.6) : layer));
  const html = renderReport(data);
  expect(html.length).toBeLessThan(4e6);
  const { document } = parseHTML(html);
  for (const table of document.querySelectorAll("table.alignments")) expect(table.closest("details")).not.toBeNull();
  expect(document.querySelector("#summary")!.textContent).toMatch(/Not holding: backward RGA in \d+ of 120, /);
  expect(document.querySelectorAll("article.layer")).toHaveLength(150);
  const packed = document.querySelectorAll("article.layer script.packed").length;
  const left = [...document.querySelectorAll("article.layer .missing")].filter((one) =>
    /are left out/.test(one.textContent!),
  );
  expect(packed).toBeGreaterThan(5);
  expect(left.length + packed + 1).toBeGreaterThanOrEqual(150); // heads have little to draw
}, 60_000);

test("a run of many layers stays below 4 MB", () => {
  expect(renderReport(plantedRun({ d: 100, names: manyNames(120) })).length).toBeLessThan(4e6);
}, 60_000);

test("where not all can be drawn, layers are spread over the depth, the penultimate first", () => {
  expect(spreadOrder(0)).toEqual([]);
  expect(spreadOrder(1)).toEqual([0]);
  expect(spreadOrder(9).slice(0, 4)).toEqual([7, 0, 3, 5]);
  expect([...spreadOrder(20)].sort((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test("matrices of more than 2048 rows, and those of sampled coordinates, are not drawn", () => {
  const [layer] = plantedMoments(["fc"], 8).layers;
  expect(drawable(layer!)).toBe(true);
  expect(drawable({ ...layer!, dIn: 5000 })).toBe(false);
  expect(drawable({ ...layer!, dIn: 2048, dOut: 2048 })).toBe(false); // 2 * 2048^3 multiplications
  const sample = { of: 100, coordinates: new Uint32Array(8) };
  expect(drawable({ ...layer!, b: { ...layer!.b, sample }, a: { ...layer!.a!, sample } })).toBe(false);
});

test("layers that are too large for a picture are named, or said to be all", () => {
  const data = plantedAnalysis();
  const grown = (layer: LayerMoments) => ({ ...layer, dIn: 4096, dOut: 4096 });
  const { layers, ...moments } = data.moments!;
  const some = { ...moments, layers: layers.map((layer, i) => (i % 2 === 1 ? grown(layer) : layer)) };
  const large = [...page({ ...data, moments: some }).querySelectorAll("article.layer")].filter((article) =>
    article.textContent!.includes("too large for its matrices to be drawn"),
  );
  expect(large.map((article) => article.getAttribute("data-layer"))).toEqual(["layers.1", "layers.3", "layers.5"]);
  const text = textOf({ ...data, moments: { ...moments, layers: layers.map(grown) } });
  expect(text).toContain("Every layer is too large for its matrices to be drawn.");
});

test("a relation that is too weak is called so where there is nothing to compare with", () => {
  const data = plantedAnalysis({ names: ["fc"] });
  const { a } = data.snapshots[0]!.layers[0]!.alignment.paper;
  Object.assign(a!, { rga: alignmentValue(0.5), rwa: alignmentValue(0.95), gwa: alignmentValue(0.15) });
  const summary = page(data).querySelector("#summary")!.textContent!;
  expect(summary).toContain("backward RGA 0.500 (too weak)");
  expect(summary).toContain("backward GWA 0.150 (chance level)");
  expect(summary).not.toContain("backward RWA 0.950");
  const cells = page(data).querySelectorAll("#alignments table td");
  expect([...cells].slice(0, 3).map((cell) => cell.classList.contains("holds"))).toEqual([false, true, false]);
});

test("whatever comes from the data is escaped", () => {
  const evil = `</title></style></script><script>alert(1)</script><img src=x onerror=alert(2)>"'&`;
  const data = plantedAnalysis({ names: [evil, `${evil}[0]`, `${evil}[1]`, ...manyNames(12)], d: 6 });
  const layers = data.snapshots[0]!.layers;
  for (const i of [1, 2]) layers[i] = asHead(layers[i]!, 0.5);
  data.analysis = {
    ...data.analysis,
    ...{ title: evil, model: evil, inputs: [evil], targets: [evil, evil], captures: [evil], argv: [evil] },
    ...{ measuredAt: evil, versions: { crh: evil, node: evil, onnxruntime: evil } },
  };
  data.config = { [evil]: evil };
  data.notes = [evil];
  data.snapshots[0]!.objective = evil;
  data.snapshots[0]!.skipped = [{ node: evil, reason: evil }];
  const html = renderReport(data);
  expect(html).not.toContain("<script>alert");
  expect(html).not.toContain("<img");
  const { document } = parseHTML(html);
  expect(document.querySelectorAll("script:not([type])")).toHaveLength(1);
  expect(document.querySelectorAll("[onerror]")).toHaveLength(0);
  expect(document.querySelector("h1")!.textContent).toBe(evil);
});
