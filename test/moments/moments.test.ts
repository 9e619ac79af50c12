import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frobenius, matmul, matrix, trace, transpose } from "../../src/linalg/matrix.ts";
import { addRows } from "../../src/moments/addRows.ts";
import {
  emptyLayer,
  type LayerMoments,
  type Moments,
  mergeMoments,
  secondMoment,
  sideBlocks,
  sideNumbers,
} from "../../src/moments/moments.ts";
import { layerCase, layerOf, momentsOf, part } from "./cases.ts";

/** Sums of at most 600 products, in another order: some hundred eps of the largest term. */
const rounding = 1e-12;

function expectClose(x: ArrayLike<number>, y: ArrayLike<number>, tolerance = rounding): void {
  expect(x.length).toBe(y.length);
  let size = 1e-300;
  for (let i = 0; i < x.length; i++) size = Math.max(size, Math.abs(y[i]!));
  for (let i = 0; i < x.length; i++) expect(Math.abs(x[i]! - y[i]!) / size).toBeLessThan(tolerance);
}

function expectLayersClose(x: LayerMoments, y: LayerMoments): void {
  expect(x.n).toBe(y.n);
  for (const side of ["a", "b"] as const) {
    for (const key of sideBlocks) expectClose(x[side]![key]!, y[side]![key]!);
    for (const key of sideNumbers) expectClose([x[side]![key]], [y[side]![key]]);
  }
  expectClose(x.gbHa!, y.gbHa!);
}

describe("addRows", () => {
  it("holds the sums of its definition, entry by entry", () => {
    const layer = layerCase(1, 50, 5, 3);
    const moments = layerOf(layer);
    const ga = matmul(matrix(50, 3, layer.rows.gb), layer.W).data;
    for (const [side, d, h, g] of [
      ["a", 5, layer.rows.ha, ga],
      ["b", 3, layer.rows.hb, layer.rows.gb],
    ] as const) {
      const sums = moments[side]!;
      const norm = (v: ArrayLike<number>, i: number): number => {
        let square = 0;
        for (let j = 0; j < d; j++) square += v[i * d + j]! ** 2;
        return Math.sqrt(square);
      };
      const direct = (term: (i: number) => number): number =>
        Array.from({ length: 50 }, (_, i) => term(i)).reduce((x, y) => x + y, 0);
      const unit = (v: ArrayLike<number>, i: number, j: number): number =>
        norm(v, i) === 0 ? 0 : v[i * d + j]! / norm(v, i);
      for (let p = 0; p < d; p++) {
        expect(sums.hSum![p]).toBeCloseTo(
          direct((i) => h[i * d + p]!),
          10,
        );
        expect(sums.gnSum![p]).toBeCloseTo(
          direct((i) => unit(g, i, p)),
          10,
        );
        for (let q = 0; q < d; q++) {
          expect(sums.hh![p * d + q]).toBeCloseTo(
            direct((i) => h[i * d + p]! * h[i * d + q]!),
            8,
          );
          expect(sums.gngn![p * d + q]).toBeCloseTo(
            direct((i) => unit(g, i, p) * unit(g, i, q)),
            10,
          );
          expect(sums.gh![p * d + q]).toBeCloseTo(
            direct((i) => g[i * d + p]! * h[i * d + q]!),
            8,
          );
        }
      }
      expect([sums.keptH, sums.keptG]).toEqual([50, 43]);
      expect(sums.h4).toBeCloseTo(
        direct((i) => norm(h, i) ** 4),
        4,
      );
      expect(sums.g2).toBeCloseTo(
        direct((i) => norm(g, i) ** 2),
        8,
      );
    }
    for (let p = 0; p < 3; p++)
      for (let q = 0; q < 5; q++) {
        let sum = 0;
        for (let i = 0; i < 50; i++) sum += layer.rows.gb[i * 3 + p]! * layer.rows.ha[i * 5 + q]!;
        expect(moments.gbHa![p * 5 + q]).toBeCloseTo(sum, 8);
      }
  });

  it("H_b = W H_a W^T and G_a = W^T G_b W (Eq. 6), to rounding", () => {
    const layer = layerCase(2, 600, 6, 9);
    const { a, b, n } = layerOf(layer) as Required<LayerMoments>;
    const raw = (side: typeof a, which: "H" | "G") => secondMoment(side, which, "raw", n)!;
    expectClose(raw(b, "H").data, matmul(matmul(layer.W, raw(a, "H")), transpose(layer.W)).data);
    expectClose(raw(a, "G").data, matmul(matmul(transpose(layer.W), raw(b, "G")), layer.W).data);
  });

  it("float32 rows are summed in float64, and g_a may be given", () => {
    const layer = layerCase(3, 30, 4, 4);
    const single = {
      ha: Float32Array.from(layer.rows.ha),
      hb: Float32Array.from(layer.rows.hb),
      gb: Float32Array.from(layer.rows.gb),
    };
    const fromSingle = emptyLayer("x", "linear", 4, 4, layer.W);
    addRows(fromSingle, single);
    const fromDouble = emptyLayer("x", "linear", 4, 4);
    const [ha, hb, gb] = [single.ha, single.hb, single.gb].map((rows) => Float64Array.from(rows)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    addRows(fromDouble, { ha, hb, gb, ga: matmul(matrix(30, 4, gb), layer.W).data });
    expectLayersClose(fromSingle, fromDouble);
    expect(fromSingle.a!.hh).toEqual(fromDouble.a!.hh);
  });

  it("an attention head takes side b alone", () => {
    const head = emptyLayer("head", "head", 4, 4);
    addRows(head, { hb: new Float64Array(8).fill(1), gb: new Float64Array(8).fill(2) });
    expect(head.a).toBeUndefined();
    expect([head.n, head.b.h2, head.b.gh![0]]).toEqual([2, 8, 4]);
  });

  it("refuses rows that do not fit, and leaves the layer as it was", () => {
    const layer = emptyLayer("fc", "linear", 3, 2);
    const before = structuredClone(layer);
    const of = (n: number): Float64Array => new Float64Array(n);
    const cases: [Parameters<typeof addRows>[1], string][] = [
      [{ hb: of(5), gb: of(4) }, "expected hb of fc to be (n, 2), got 5 values"],
      [{ hb: of(4), gb: of(4) }, "expected ha for fc, got none"],
      [{ ha: of(6), hb: of(4), gb: of(4) }, "expected ga or the weights of fc"],
      [{ ha: of(6), hb: of(4), gb: of(6), ga: of(6) }, "expected gb of fc to be (2, 2), got 6 values"],
      [
        { ha: Float64Array.of(1, 2, 3, 4, Number.NaN, 6), hb: of(4), gb: of(4), ga: of(6) },
        "finite numbers in ha of fc, got NaN in row 1",
      ],
    ];
    for (const [rows, message] of cases) expect(() => addRows(layer, rows)).toThrow(message);
    expect(layer).toEqual(before);
    expect(() => emptyLayer("fc", "linear", 3, 2, matrix(3, 2))).toThrow("expected W of fc to be (2, 3), got (3, 2)");
    expect(() => emptyLayer("fc", "linear", 0, 2)).toThrow(RangeError);
  });
});

describe("mergeMoments", () => {
  it("shards merged in any order equal the whole", () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.nat(300), { minLength: 1, maxLength: 4 }), (seed, cuts) => {
        const layer = layerCase(seed, 300, 4, 6);
        const ends = [0, ...cuts.sort((x, y) => x - y), 300];
        const shards = ends.slice(1).map((end, k) => momentsOf([layerOf(layer, ends[k], end)], `shard ${k}`));
        const whole = layerOf(layer);
        const forwards = shards.reduce((x, y) => mergeMoments(x, y));
        const backwards = shards.reduceRight((x, y) => mergeMoments(y, x));
        expectLayersClose(forwards.layers[0]!, whole);
        expectLayersClose(backwards.layers[0]!, whole);
        expect(forwards.source).toBe(backwards.source);
      }),
      { numRuns: 25 },
    );
  });

  it("is commutative, bit for bit", () => {
    const layer = layerCase(5, 90, 3, 4);
    const [x, y] = [momentsOf([layerOf(layer, 0, 40)]), momentsOf([layerOf(layer, 40, 90)])];
    expect(mergeMoments(x, y)).toEqual(mergeMoments(y, x));
  });

  it("moments over no samples change nothing, blocks included", () => {
    const layer = layerCase(6, 20, 3, 4);
    const full = layerOf(layer);
    delete full.b.gh;
    delete full.gbHa;
    const empty = momentsOf([emptyLayer("layers.0", "linear", 3, 4)]);
    expect(mergeMoments(momentsOf([full]), empty)).toEqual(momentsOf([full]));
    expect(mergeMoments(empty, momentsOf([full]))).toEqual(momentsOf([full]));
    expect(mergeMoments(empty, empty)).toEqual(empty);
  });

  it("a block that one part lacks is absent, because its sum would be wrong", () => {
    const layer = layerCase(7, 20, 3, 4);
    const [x, y] = [layerOf(layer, 0, 10), layerOf(layer, 10, 20)];
    delete x.a;
    delete y.b.gngn;
    const merged = mergeMoments(momentsOf([x]), momentsOf([y])).layers[0]!;
    expect([merged.a, merged.b.gngn]).toEqual([undefined, undefined]);
    expect(merged.b.hh).toBeDefined();
  });

  it("shares no memory with its arguments", () => {
    const layer = layerCase(8, 10, 2, 2);
    const x = momentsOf([layerOf(layer)]);
    const empty = momentsOf([emptyLayer("layers.0", "linear", 2, 2)]);
    const merged = mergeMoments(x, empty);
    addRows(merged.layers[0]!, part(layer, 0, 5));
    expect(x).toEqual(momentsOf([layerOf(layer)]));
  });

  it("names the layer and what differs", () => {
    const layer = layerCase(9, 10, 2, 3);
    const x = momentsOf([layerOf(layer)]);
    const changed = (change: (layer: LayerMoments, moments: Moments) => void): Moments => {
      const y = structuredClone(x);
      change(y.layers[0]!, y);
      return y;
    };
    const cases: [Moments, string][] = [
      [changed((y) => Object.assign(y, { name: "other" })), "one name for layer layers.0, got layers.0 and other"],
      [changed((y) => Object.assign(y, { dOut: 4 })), "one dOut for layer layers.0, got 3 and 4"],
      [changed((y) => Object.assign(y, { kind: "conv" })), "one kind for layer layers.0"],
      [changed((y) => y.W!.data.fill(0)), "the same weights in layer layers.0"],
      [changed((_, y) => Object.assign(y, { step: 11 })), "one step, got 10 and 11"],
      [changed((_, y) => Object.assign(y, { objective: "nll" })), "one objective, got mse and nll"],
      [changed((_, y) => y.layers.pop()), "the same layers, got 1 and 0 of them"],
    ];
    for (const [y, message] of cases) expect(() => mergeMoments(x, y)).toThrow(message);
  });
});

describe("secondMoment", () => {
  it("paper moments are centred, of unit rows, and symmetric exactly", () => {
    const layer = layerCase(10, 200, 7, 5);
    const { b } = layerOf(layer);
    const G = secondMoment(b, "G", "paper", 200)!;
    expect(transpose(G)).toEqual(G);
    const mean = b.gnSum!.map((value) => value / b.keptG);
    expect(trace(G)).toBeCloseTo(1 - mean.reduce((sum, value) => sum + value * value, 0), 12);
  });

  it("writes into the memory it is given, whatever was there", () => {
    const { b } = layerOf(layerCase(11, 50, 3, 40));
    const into = matrix(40, 40, new Float64Array(1600).fill(Number.NaN));
    for (const convention of ["paper", "raw"] as const) {
      expect(secondMoment(b, "G", convention, 50, { into })).toBe(into);
      expect(into).toEqual(secondMoment(b, "G", convention, 50));
    }
  });

  it("rows that all point the same way have the paper moment zero, not rounding", () => {
    const layer = emptyLayer("x", "linear", 3, 3);
    const row = [0.1, 0.7, -0.3];
    const rows = Float64Array.from({ length: 300 }, (_, k) => row[k % 3]! * (1 + Math.floor(k / 3)));
    addRows(layer, { ha: rows, hb: rows, gb: rows, ga: rows });
    expect(frobenius(secondMoment(layer.b, "H", "paper", 100)!)).toBe(0);
    expect(frobenius(secondMoment(layer.b, "H", "raw", 100)!)).toBeGreaterThan(0);
  });

  it("is undefined without its blocks or without rows", () => {
    const layer = emptyLayer("x", "linear", 2, 2);
    expect(secondMoment(layer.b, "H", "raw", 0)).toBeUndefined();
    expect(secondMoment(layer.b, "G", "paper", 0)).toBeUndefined();
    addRows(layer, {
      ha: new Float64Array(4),
      hb: new Float64Array(4).fill(1),
      gb: new Float64Array(4),
      ga: new Float64Array(4),
    });
    expect(secondMoment(layer.b, "G", "paper", 2)).toBeUndefined();
    expect(secondMoment(layer.b, "G", "raw", 2)).toEqual(matrix(2, 2));
    delete layer.b.hnSum;
    expect(secondMoment(layer.b, "H", "paper", 2)).toBeUndefined();
  });
});
