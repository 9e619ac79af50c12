/** @file Relations from rows against those from (d, d) sums of the same rows, over random shapes. */
import { describe, expect, test } from "vitest";
import { matmul, matrix, transpose } from "../../../src/linalg/matrix.ts";
import { multiplyHere } from "../../../src/linalg/products.ts";
import { mapWeights } from "../../../src/measure/alignment/mapWeights.ts";
import { weightSums } from "../../../src/measure/alignment/weightSums.ts";
import { measureLayer } from "../../../src/measure/measureLayer.ts";
import { keepRows, noRows, numbersOf, withKeptRows } from "../../../src/moments/accumulate/keptRows.ts";
import { addRows } from "../../../src/moments/addRows.ts";
import { bareLayer, emptyLayer, type LayerMoments, mergeAllLayers } from "../../../src/moments/moments.ts";
import { Random } from "../../../src/random/random.ts";

/** Rounding of float64 sums, of both ways. */
const TOLERANCE = 1e-9;

interface Case {
  readonly dIn: number;
  readonly dOut: number;
  readonly counts: readonly number[];
  /** Added to every activation, so that the mean is most of the second moment. */
  readonly mean?: number;
  /** Places of rows whose activations, and whose gradients, are zero. */
  readonly empty?: readonly number[];
  /** Blocks on the diagonal of W, zeros beside them. */
  readonly blocks?: number;
}

/** The same rows as sums and as rows, group by group. */
async function both({ dIn, dOut, counts, mean = 0, empty = [], blocks = 1 }: Case, seed: number) {
  const random = new Random(seed);
  const normal = (rows: number, cols: number, shift = 0) => {
    const values = new Float32Array(rows * cols);
    random.fillNormal(values);
    return matrix(
      rows,
      cols,
      Float64Array.from(values, (value) => value + shift),
    );
  };
  const W = normal(dOut, dIn);
  for (let i = 0; i < dOut; i++)
    for (let j = 0; j < dIn; j++)
      if (Math.floor((i * blocks) / dOut) !== Math.floor((j * blocks) / dIn)) W.data[i * dIn + j] = 0;
  let row = 0;
  const groups = counts.map((n) => {
    const [h, gb] = [normal(n, dIn, mean), normal(n, dOut)];
    for (let i = 0; i < n; i++, row++) {
      if (!empty.includes(row)) continue;
      h.data.fill(0, i * dIn, (i + 1) * dIn);
      gb.data.fill(0, i * dOut, (i + 1) * dOut);
    }
    const [hb, ga] = [matmul(h, transpose(W)), matmul(gb, W)];
    const summed = emptyLayer("map", "linear", dIn, dOut, W);
    addRows(summed, { ha: h.data, hb: hb.data, gb: gb.data, ga: ga.data });
    const batches = noRows();
    const all = { ha: h.data, hb: hb.data, gb: gb.data, ga: ga.data };
    for (const key of ["ha", "hb", "gb"] as const) batches[key].push(all[key]);
    batches.ga.push(numbersOf(all.ga, dIn));
    const kept = withKeptRows({ ...bareLayer("map", "linear", dIn, dOut, W), n }, batches, undefined);
    return { summed, kept };
  });
  const measured = (all: LayerMoments[]) => measureLayer(mergeAllLayers(all), all, "economy");
  return {
    sums: await measured(groups.map(({ summed }) => summed)),
    rows: await measured(groups.map(({ kept }) => kept)),
  };
}

/** Every number of x beside that of y. */
function expectEqual(x: unknown, y: unknown, path = ""): void {
  if (typeof x === "number" && typeof y === "number")
    expect(Math.abs(x - y), `${path}: ${x} and ${y}`).toBeLessThanOrEqual(TOLERANCE * Math.max(1, Math.abs(x)));
  else if (x !== null && typeof x === "object") {
    expect(Object.keys(y as object).sort(), path).toEqual(Object.keys(x).sort());
    for (const [key, value] of Object.entries(x))
      expectEqual(value, (y as Record<string, unknown>)[key], `${path}.${key}`);
  } else expect(y, path).toEqual(x);
}

describe("rows in place of sums", () => {
  test.each<[string, Case]>([
    ["fewer rows than values on both sides", { dIn: 30, dOut: 21, counts: [4, 5, 3] }],
    ["fewer on one side", { dIn: 5, dOut: 40, counts: [7, 6] }],
    ["more rows than values", { dIn: 6, dOut: 4, counts: [20, 11] }],
    ["more rows than a block of them", { dIn: 7, dOut: 5, counts: [300, 400, 420], empty: [3, 600], mean: 3 }],
    ["W of blocks, longer in", { dIn: 40, dOut: 10, counts: [9, 12], blocks: 10, mean: 1 }],
    ["W of blocks, longer out", { dIn: 12, dOut: 36, counts: [9, 12], blocks: 12 }],
    ["one group, which tells no error", { dIn: 12, dOut: 9, counts: [5] }],
    ["large means", { dIn: 24, dOut: 18, counts: [5, 5, 5], mean: 30 }],
    ["rows of zeros", { dIn: 16, dOut: 20, counts: [5, 4, 5], empty: [0, 6, 13] }],
    ["a map to one value", { dIn: 17, dOut: 1, counts: [4, 4] }],
    ["one row", { dIn: 8, dOut: 6, counts: [1] }],
    ["dead rows alone", { dIn: 8, dOut: 6, counts: [2, 2], empty: [0, 1, 2, 3] }],
  ])("say what sums say: %s", async (_, given) => {
    for (const seed of [1, 2]) {
      const { sums, rows } = await both(given, seed);
      expectEqual(sums, rows);
    }
  });

  test("the larger Z is never formed, and its norm is that of the smaller", async () => {
    const W = matrix(
      3,
      5,
      Float64Array.from({ length: 15 }, (_, i) => Math.sin(i + 1)),
    );
    const found = await weightSums(multiplyHere, mapWeights(W));
    const norm = Math.hypot(...matmul(transpose(W), W).data);
    expect(found.a.norm).toBeCloseTo(norm, 12);
    expect(found.b.norm).toBeCloseTo(norm, 12);
    expect(found.a.sum).toBeCloseTo(
      matmul(transpose(W), W).data.reduce((x, y) => x + y, 0),
      12,
    );
  });

  test("gradients come back times the scales that they were divided by", () => {
    const batches = noRows();
    const outputs: Record<string, readonly number[]> = {
      "ha.rows": [7, 2],
      "hb.rows": [1],
      "gb.rows": [3],
      "ga.scale": [2],
      "ga.norms": [0.25],
      "ga.sum": [0.5, 0.1],
    };
    keepRows(batches, (key) => Float32Array.from(outputs[key]!), 4);
    expect(batches.gb[0]).toEqual(Float64Array.of(12));
    expect(batches.ha[0]).toEqual(Float32Array.of(7, 2));
    expect(batches.ga[0]).toMatchObject({ kept: 1, squares: 16, fourths: 256 });
    expect(batches.ga[0]!.sum[0]).toBe(4);
  });
});
