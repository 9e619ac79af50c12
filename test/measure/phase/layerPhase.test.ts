import { describe, expect, it } from "vitest";
import { eigh } from "../../../src/linalg/eigh.ts";
import { gram, matmul, transpose } from "../../../src/linalg/matrix.ts";
import { strongestRelations } from "../../../src/measure/alignment/strongestRelations.ts";
import { singularSystem } from "../../../src/measure/laws/liveSubspace.ts";
import { measureLayer } from "../../../src/measure/measureLayer.ts";
import { layerPhase, strengths } from "../../../src/measure/phase/layerPhase.ts";
import { emptyLayer } from "../../../src/moments/moments.ts";
import { Random } from "../../../src/random/random.ts";
import { gaussian } from "../matrices.ts";
import { type PlantedRow, plantedExponents, plantedLayer } from "../plantedLayers.ts";

const planted = async (row: PlantedRow) => {
  const layer = plantedLayer({ row, d: 36, rank: 12, seed: 1 });
  return { layer, alignment: (await measureLayer(layer, [], "economy")).alignment };
};
const exponent = (value: number) => ({ value, interval: [value - 0.05, value + 0.05] as const });
const unknown = { value: null, interval: null, status: "flat-spectrum" };
const exponentsOf = (row: PlantedRow) => {
  const { Ha, Ga, Hb, Gb } = plantedExponents(row)!;
  const sides = {
    a: { hg: unknown, hz: exponent(Ha), gz: exponent(Ga) },
    b: { hg: unknown, hz: exponent(Hb), gz: exponent(Gb) },
  };
  return { raw: sides, paper: sides, covariance: sides };
};

describe("the phase of a layer from its moments", () => {
  it("is the planted one in both conventions, which are one for rows of equal norm", async () => {
    for (const row of ["b", "f", "5", "6", "8", "9"] as const) {
      const { layer, alignment } = await planted(row);
      const found = layerPhase(layer, alignment, { exponents: exponentsOf(row) })!;
      expect(found.label).toBe(row);
      expect(found.paper.label).toBe(row);
    }
    for (const row of ["crh", "2", "3"] as const) {
      const { layer, alignment } = await planted(row);
      expect(layerPhase(layer, alignment)!.label).toBe(row);
    }
  });

  it("is open where the layer started as it is", async () => {
    const { layer, alignment } = await planted("6");
    expect(layerPhase(layer, alignment, { exponents: exponentsOf("6"), initial: alignment })!.label).toBe("undecided");
  });

  it("speaks of whole matrices without a projection", async () => {
    const { layer, alignment } = await planted("f");
    const evidence = layerPhase(layer, alignment, { exponents: exponentsOf("f"), project: false })!.evidence;
    expect(evidence.some((line) => line.includes("lies in the live subspace of W"))).toBe(false);
    expect(
      layerPhase(layer, alignment)!.evidence.some((line) => line.includes("H_a lies in the live subspace of W")),
    ).toBe(true);
  });

  it("is not asked of heads and of layers without weights", async () => {
    const head = emptyLayer("head", "head", 4, 4);
    expect(layerPhase(head, (await measureLayer(head)).alignment)).toBeNull();
    const { layer, alignment } = await planted("6");
    const { W: _, ...without } = layer;
    expect(layerPhase(without, alignment)).toBeNull();
  });

  it("is plain JSON", async () => {
    const { layer, alignment } = await planted("none");
    const found = layerPhase(layer, alignment)!;
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });
});

describe("singular vectors of W", () => {
  it("are the eigenvectors of Z on both sides, for tall and wide weights", () => {
    for (const [dOut, dIn] of [
      [9, 5],
      [5, 9],
    ] as const) {
      const W = gaussian(new Random(3), dOut, dIn);
      const { a, b } = singularSystem(W);
      for (const [side, { values, vectors }] of [
        ["a", a],
        ["b", b],
      ] as const) {
        expect(values).toHaveLength(5);
        const all = eigh(gram(W, side)).values;
        values.forEach((value, k) => {
          expect(value / all[k]!).toBeCloseTo(1, 10);
        });
        const inner = matmul(transpose(vectors), vectors);
        for (let i = 0; i < 5; i++)
          for (let j = 0; j < 5; j++) expect(inner.data[i * 5 + j]).toBeCloseTo(i === j ? 1 : 0, 10);
        const diagonal = matmul(matmul(transpose(vectors), gram(W, side)), vectors);
        values.forEach((value, k) => {
          expect(diagonal.data[k * 6]! / value).toBeCloseTo(1, 10);
        });
      }
    }
  });
});

describe("the strongest relations", async () => {
  const { alignment } = await planted("9");
  const raw = { a: alignment.raw.a!, b: alignment.raw.b };

  it("are backward GWA and forward RWA in phase 9, as expected at small decay", async () => {
    const found = strongestRelations(raw);
    expect(found.a).toMatchObject({ relation: "gwa", initial: null, rise: null, rose: null });
    expect(found.a!.value).toBeCloseTo(1, 6);
    expect(found.b!.relation).toBe("rwa");
    expect(found.asExpected).toEqual({ a: true, b: true });
    expect(strongestRelations((await planted("5")).alignment.raw).asExpected).toEqual({ a: false, b: false });
  });

  it("say what rose most, which need not be the strongest", () => {
    const lower = (by: Record<string, number>) =>
      Object.fromEntries(
        Object.entries(raw.b).map(([k, v]) => [k, { ...v, value: v.value! - by[k]! }]),
      ) as typeof raw.b;
    const found = strongestRelations(raw, { a: null, b: lower({ rga: 0.4, rwa: 0.1, gwa: 0.2 }) });
    expect(found.b).toMatchObject({ relation: "rwa", rose: "rga" });
    expect(found.b!.rise).toBeCloseTo(0.1, 12);
    expect(found.a!.rise).toBeNull();
  });

  it("are unknown for a side without values", () => {
    const missing = { value: null, cosine: null, null: null, noise: null, n: 0, status: "missing-moments" as const };
    const found = strongestRelations({ a: null, b: { rga: missing, rwa: missing, gwa: missing } });
    expect(found).toEqual({ a: null, b: null, asExpected: { a: null, b: null } });
    expect(strengths({ a: raw.a, b: { rga: missing, rwa: missing, gwa: missing } })["b.rga"]).toBeNull();
  });
});
