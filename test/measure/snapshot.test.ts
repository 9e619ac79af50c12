import { describe, expect, it } from "vitest";
import { ArrayPool } from "../../src/linalg/arrayPool.ts";
import { gram, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { alignment } from "../../src/measure/alignment/alignment.ts";
import { measureLayer } from "../../src/measure/measureLayer.ts";
import { type LayerSnapshot, type Snapshot, snapshot } from "../../src/measure/snapshot.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer, type LayerMoments, type Moments, mergeMoments, secondMoment } from "../../src/moments/moments.ts";
import { Random } from "../../src/random/random.ts";
import { layerCase, layerOf, momentsOf, normals } from "../moments/cases.ts";
import { projector } from "./matrices.ts";
import { plantedGroups } from "./plantedLayers.ts";

const layer = layerCase(1, 400, 6, 5);
const total = layerOf(layer);
const halves = [layerOf(layer, 0, 200), layerOf(layer, 200, 400)] as const;

/** Every number, null and text of a record, by its path. */
function leaves(value: unknown, path = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, entry]) => leaves(entry, `${path}.${key}`));
}

function expectJson(record: Snapshot): void {
  for (const [path, value] of leaves(record))
    expect(typeof value === "number" && !Number.isFinite(value), path).toBe(false);
  expect(JSON.parse(JSON.stringify(record))).toEqual(record);
}

describe("measureLayer", () => {
  it("relates H, G and Z of each side in each convention", async () => {
    const { alignment: found } = await measureLayer(total);
    for (const convention of ["paper", "raw"] as const)
      for (const side of ["a", "b"] as const) {
        const H = secondMoment(total[side]!, "H", convention, 400)!;
        const G = secondMoment(total[side]!, "G", convention, 400)!;
        const Z = gram(layer.W, side);
        const values = found[convention][side]!;
        expect(values.rga.value).toBeCloseTo(alignment(H, G).value!, 13);
        expect(values.rwa.value).toBeCloseTo(alignment(H, Z).value!, 13);
        expect(values.gwa.value).toBeCloseTo(alignment(G, Z).value!, 13);
        expect(values.rga.noise).toBeNull();
      }
  });

  it("counts the samples behind each number, and what the paper convention leaves out", async () => {
    const found = await measureLayer(total);
    expect(found.samples).toBe(400);
    expect(found.droppedRows).toEqual({ a: 57, b: 57 });
    expect(found.droppedActivationRows).toEqual({ a: 0, b: 0 });
    const { paper, raw } = found.alignment;
    expect([paper.b.rga.n, paper.b.rwa.n, paper.b.gwa.n, raw.b.rga.n]).toEqual([343, 400, 343, 400]);
    expect([found.ranks.paper.b.G.n, found.ranks.raw.b.G.n]).toEqual([343, 400]);
  });

  it("takes the noise from the halves", async () => {
    const { alignment: found } = await measureLayer(total, halves);
    const [first, second] = [(await measureLayer(halves[0])).alignment, (await measureLayer(halves[1])).alignment];
    for (const convention of ["paper", "raw"] as const)
      for (const side of ["a", "b"] as const)
        for (const relation of ["rga", "rwa", "gwa"] as const) {
          const [x, y] = [first, second].map((half) => half[convention][side]![relation].value!) as [number, number];
          expect(found[convention][side]![relation].noise).toBeCloseTo(Math.abs(x - y) / 2, 13);
        }
    expect(found.paper.a!.gwa.value).toBe((await measureLayer(total)).alignment.paper.a!.gwa.value);
  });

  it("is the same in memory that was used before, one layer after the other", async () => {
    const other = layerOf(layerCase(2, 300, 6, 5));
    const pool = new ArrayPool();
    for (const each of [total, other, total])
      expect(await measureLayer(each, halves, "standard", { pool })).toEqual(await measureLayer(each, halves));
  });

  it("finds what was planted: W of rank 5, H_a of rank 2, all of raw G_a along one direction, means", async () => {
    const random = new Random(5);
    const n = 300;
    const W = projector(random, 5, 8);
    const ha = matmul(matrix(n, 2, normals(random, 2 * n)), matrix(2, 8, normals(random, 16)));
    const gb = Float64Array.from({ length: n * 8 }, (_, k) => (k % 8 === 3 ? 2 : 0));
    const planted = emptyLayer("x", "linear", 8, 8, W);
    addRows(planted, { ha: ha.data, hb: matmul(ha, transpose(W)).data, gb });
    const found = await measureLayer(planted);
    expect(found.ranks.raw.a!.H.numerical).toBe(2);
    expect(found.ranks.paper.b.H.numerical).toBe(2);
    expect(found.ranks.raw.a!.G.numerical).toBe(1);
    expect(found.ranks.raw.b.G.stable).toBeCloseTo(1, 12);
    expect(found.ranks.weights).toMatchObject({ numerical: 5, dimension: 8 });
    expect(found.meanRatio.b.g.value).toBeCloseTo(1, 12);
    expect(found.meanRatio.a!.h.value!).toBeLessThan(0.05);
    // Gradients that all point the same way have no covariance: a status, not the alignment of rounding errors.
    expect(found.ranks.paper.b.G.status).toBe("zero-matrix");
    expect(found.alignment.paper.a!.rga).toMatchObject({ value: null, status: "zero-matrix" });
  });

  it("weights have the rank of the smaller Gram matrix", async () => {
    const { weights: wide } = (await measureLayer(layerOf(layerCase(2, 20, 9, 4)))).ranks;
    const { weights: tall } = (await measureLayer(layerOf(layerCase(2, 20, 4, 9)))).ranks;
    expect([wide.numerical, wide.dimension, wide.n]).toEqual([4, 4, 0]);
    expect([tall.numerical, tall.dimension]).toEqual([4, 4]);
  });

  it("an attention head has side b and RGA alone", async () => {
    const head = emptyLayer("attn.0[2]", "head", 3, 3);
    const random = new Random(1);
    addRows(head, { hb: normals(random, 60), gb: normals(random, 60) });
    const found = await measureLayer(head);
    expect([found.alignment.paper.a, found.ranks.raw.a, found.meanRatio.a]).toEqual([null, null, null]);
    expect(found.alignment.paper.b.rga.value).not.toBeNull();
    expect(found.alignment.paper.b.rwa).toMatchObject({ value: null, status: "missing-moments", n: 20 });
    expect(found.ranks.weights.status).toBe("missing-moments");
  });

  it("a scalar output has undefined alignments on side b and values on side a", async () => {
    const found = await measureLayer(layerOf(layerCase(3, 50, 4, 1)));
    for (const relation of ["rga", "rwa", "gwa"] as const)
      expect(found.alignment.paper.b[relation]).toMatchObject({ value: null, status: "undefined-1x1" });
    expect(found.alignment.paper.a!.rwa.value).not.toBeNull();
    expect(found.ranks.raw.b.H.numerical).toBe(1);
  });

  it("says what is missing, too little or not finite", async () => {
    const status = async (change: (layer: LayerMoments) => void) => {
      const changed = structuredClone(total);
      change(changed);
      return await measureLayer(changed);
    };
    const withoutG = await status(({ b }) => {
      delete b.gg;
      delete b.gnSum;
      delete b.gSum;
    });
    expect(withoutG.alignment.raw.b.rga.status).toBe("missing-moments");
    expect(withoutG.alignment.paper.b.gwa.status).toBe("missing-moments");
    expect(withoutG.alignment.raw.b.rwa.value).not.toBeNull();
    expect(withoutG.meanRatio.b.g.status).toBe("missing-moments");

    const one = await measureLayer(layerOf(layer, 0, 1));
    expect(one.alignment.raw.a!.rga).toMatchObject({ value: null, status: "too-few-samples", n: 1 });
    expect(one.ranks.paper.b.H.status).toBe("too-few-samples");
    const empty = await measureLayer(emptyLayer("x", "linear", 6, 5, layer.W));
    expect(empty.alignment.paper.a!.rga).toMatchObject({ value: null, status: "too-few-samples", n: 0 });

    const diverged = await status(({ b }) => b.hh!.fill(Number.NaN));
    expect(diverged.alignment.raw.b.rwa).toMatchObject({ value: null, cosine: null, null: null, status: "not-finite" });
    expect(diverged.ranks.raw.b.H.status).toBe("not-finite");
  });

  it("gradients that are all zero are dead in all conventions, and so is the layer", async () => {
    const zero = emptyLayer("x", "linear", 6, 5, layer.W);
    addRows(zero, { ...layer.rows, gb: new Float64Array(layer.rows.gb.length) });
    const found = await measureLayer(zero);
    for (const convention of ["paper", "covariance", "raw"] as const)
      expect(found.alignment[convention].b.rga).toMatchObject({ value: null, status: "dead" });
    expect(found.dead).toEqual(["no-gradient"]);
    expect((await measureLayer(total)).dead).toBeUndefined();
    expect(found.droppedRows).toEqual({ a: 400, b: 400 });
    expectJson(await snapshot(momentsOf([zero])));
  });
});

describe("snapshot", () => {
  const moments = momentsOf([total]);

  it("is not touched by a group of no samples, with which there is no noise from one other", async () => {
    const { W, rows } = layer;
    const gb = rows.gb.map((value, k) => (k % W.rows === 0 ? 0 : value)); // a direction that no gradient has
    const flat = { W, rows: { ...rows, gb } };
    const parts = [layerOf(flat, 0, 200), layerOf(flat, 200, 400), layerOf(flat, 0, 0)].map((part) =>
      momentsOf([part]),
    );
    const [first, second, empty] = parts as [Moments, Moments, Moments];
    const all = momentsOf([layerOf(flat)]);
    const noise = (record: Snapshot) => {
      const [{ alignment, irrelevant }] = record.layers as [LayerSnapshot];
      return [alignment.paper.a!.rga.noise, irrelevant!.b.noise];
    };
    const halved = await snapshot(all, { groups: [first, second] });
    expect(noise(halved)).toEqual([expect.any(Number), expect.any(Number)]);
    expect(await snapshot(all, { groups: [first, second, empty] })).toEqual(halved);
    expect(noise(await snapshot(first, { groups: [first, empty] }))).toEqual([null, null]);
    expect(await snapshot(first, { groups: [first, empty] })).toEqual(await snapshot(first, { groups: [first] }));
  });

  it("is a record that JSON holds exactly", async () => {
    const record = await snapshot(moments, {
      groups: [momentsOf([halves[0]]), momentsOf([halves[1]])],
      loss: 0.25,
      accuracy: 0.5,
      skipped: [{ node: "pool", reason: "not linear" }],
    });
    expect(record).toMatchObject({
      schema: "crh-lab/snapshot@1",
      step: 10,
      loss: { mean: 0.25 },
      accuracy: 0.5,
      samples: 400,
      objective: "mse",
    });
    expect(Object.keys(record.layers[0]!)).toEqual([
      "name",
      "kind",
      "dIn",
      "dOut",
      "samples",
      "groups",
      "alignment",
      "ranks",
      "plasticity",
      "spectra",
      "neuronBasis",
      "meanRatio",
      "droppedRows",
      "droppedActivationRows",
      "strongest",
      "effectiveRows",
      "clusters",
      "exponents",
      "irrelevant",
      "phase",
    ]);
    expect(record.layers[0]!.alignment.paper.a!.rga.noise).not.toBeNull();
    expectJson(record);
  });

  it("holds null for a loss that is not finite, and nothing that is NaN", async () => {
    const diverged = structuredClone(moments);
    for (const side of [diverged.layers[0]!.a!, diverged.layers[0]!.b]) {
      for (const block of [side.hh, side.gnSum, side.gngn]) block!.fill(Number.NaN);
      side.gg!.fill(Number.POSITIVE_INFINITY);
      side.h2 = Number.NaN;
    }
    diverged.layers[0]!.W!.data.fill(Number.NaN);
    const record = await snapshot(diverged, { loss: Number.NaN, accuracy: Number.NaN });
    expect(record.loss.mean).toBeNull();
    expect(record).not.toHaveProperty("accuracy");
    expectJson(record);
    expectJson(await snapshot(diverged, { cost: "full" }));
  });

  it("has alignments alone at the lowest cost, and at the highest what takes longest", async () => {
    const least = (await snapshot(moments, { cost: "economy" })).layers[0]!;
    const most = (await snapshot(moments, { cost: "full" })).layers[0]!;
    for (const key of ["spectra", "exponents", "phase", "plasticity"]) expect(least).not.toHaveProperty(key);
    expect(least.ranks.paper.b.H.status).toBe("not-measured");
    expect(most.spectra!.raw.b.H).toHaveProperty("tailExponent");
    expect((await snapshot(moments)).layers[0]!.spectra!.raw.b.H).not.toHaveProperty("tailExponent");
  });

  it("knows how a network was trained, where it began and how it was before", async () => {
    const [before, after] = halves.map((half) => ({ ...momentsOf([half]), step: 5 }));
    const found = (
      await snapshot(after!, {
        initial: await snapshot(before!),
        previous: before!,
        training: { lr: 0.1, decay: 1e-3 },
      })
    ).layers[0]!;
    const { gwa } = (await snapshot(before!)).layers[0]!.alignment.raw.a!;
    expect(found.strongest!.raw.a!.relation === "gwa" ? found.strongest!.raw.a!.initial : gwa.value).toBe(gwa.value);
    expect(found.strongest!.raw.a!.rise).not.toBeNull();
    expect(found.change!.since).toBe(5);
    expect(found.change!.raw.a!.H.value).toBeGreaterThan(0);
    expect(found.residuals!.stationarity.value).toBeGreaterThan(0);
    expectJson(await snapshot(after!, { previous: before!, training: { lr: 0.1, decay: 1e-3 } }));
  });

  it("takes the bias of a map from its means", async () => {
    const moved = structuredClone(total);
    const shift = [0.5, -0.25, 1];
    shift.forEach((value, i) => {
      moved.b.hSum![i]! += value * moved.n;
    });
    const training = { lr: 0.1, decay: 1e-3 };
    expect((await snapshot(momentsOf([total]), { training })).layers[0]!.residuals!.bias).toBeNull();
    expect((await snapshot(momentsOf([moved]), { training })).layers[0]!.residuals!.bias).not.toBeNull();
  });

  it("measures exponents of layers that are not too wide, from groups of samples where they are given", async () => {
    const groups = plantedGroups({ row: "8", d: 20, seed: 1, samples: 4000 }, 8).map((group) => momentsOf([group]));
    const all = groups.reduce((x, y) => mergeMoments(x, y));
    const wide = momentsOf([emptyLayer("wide", "head", 1, 1100)]);
    expect((await snapshot(wide)).layers[0]!.exponents!.raw.b.hg.status).toBe("not-measured");
    const record = await snapshot(all, { groups });
    const { hg, hz } = record.layers[0]!.exponents!.raw.b;
    expect(hg.value!).toBeCloseTo(2, 1);
    expect(hz.interval![0]).toBeLessThan(2);
    expectJson(record);
    const dead = momentsOf([emptyLayer("dead", "linear", 3, 4, matrix(4, 3))]);
    addRows(dead.layers[0]!, { ha: new Float64Array(30), hb: new Float64Array(40), gb: new Float64Array(40) });
    expectJson(await snapshot(dead, { cost: "full" }));
  });

  it("wants halves of the same layers", async () => {
    const other = structuredClone(moments);
    other.layers[0]!.name = "other";
    await expect(snapshot(moments, { groups: [moments, other] })).rejects.toThrow(
      "expected layer layers.0 in every part of the samples, got other",
    );
    await expect(snapshot(moments, { groups: [moments, momentsOf([])] })).rejects.toThrow("got none in its place");
    expect(await snapshot(momentsOf([]))).toMatchObject({ samples: 0, layers: [], loss: { mean: null } });
  });
});
