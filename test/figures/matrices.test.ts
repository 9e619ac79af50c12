import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { colourIndices, colourLimit, divergingPalette, levels } from "../../src/figures/diverging.ts";
import { entries, maxEntries } from "../../src/figures/entries.ts";
import { standaloneSvg } from "../../src/figures/figure.ts";
import { layerMatrices } from "../../src/figures/layerMatrices.ts";
import { averageDown, matrices } from "../../src/figures/matrices.ts";
import { crc32, encodePng } from "../../src/figures/png.ts";
import { type Matrix, matrix, trace } from "../../src/linalg/matrix.ts";
import type { LayerMoments } from "../../src/moments/moments.ts";
import { plantedMoments, plantedSide } from "./planted.ts";
import { expectClean, rowsOf, textsOf } from "./svg.ts";

const H = matrix(2, 2, [3, 1, 1, 1]);
const G = matrix(2, 2, [6, 2, 2, 2]);
const W = matrix(2, 2, [1, 0, 1, 1]);
const small: LayerMoments = {
  name: "small",
  kind: "linear",
  dIn: 2,
  dOut: 2,
  n: 100,
  a: plantedSide(H, G),
  b: plantedSide(G, H),
  W,
};

test("matrices are divided by their mean diagonal entry", () => {
  const [a, b] = layerMatrices(small).sides;
  expect([...a!.H!.data]).toEqual([1.5, 0.5, 0.5, 0.5]);
  expect([...b!.G!.data]).toEqual([1.5, 0.5, 0.5, 0.5]);
  for (const Z of [a!.Z!, b!.Z!]) expect(trace(Z)).toBeCloseTo(2, 12);
});

test("the picture of a 2 x 2 layer stays as it was reviewed, its table holds the upper triangles", async () => {
  const figure = matrices(layerMatrices(small))!;
  expectClean(figure);
  expect(figure.panels).toHaveLength(6);
  expect(rowsOf(figure.csv)).toHaveLength(6);
  expect(rowsOf(figure.csv)[1]).toEqual({ side: "a", i: "0", j: "1", H: "0.5", G: "0.5", Z: "0.6667" });
  await expect(standaloneSvg(figure.svg)).toMatchFileSnapshot("snapshots/matrices.svg");
});

test("a head shows H and G of its output alone; without any moments there is no figure", () => {
  const { a: _a, W: _W, ...head } = small;
  expect(matrices(layerMatrices({ ...head, kind: "head" }))!.panels).toHaveLength(2);
  const empty = { d: 2, keptH: 0, keptG: 0, h2: 0, h4: 0, g2: 0, g4: 0 };
  const nothing = layerMatrices({ name: "x", kind: "head", dIn: 2, dOut: 2, n: 0, b: empty });
  expect(matrices(nothing)).toBeUndefined();
  expect(entries(nothing)).toBeUndefined();
});

test("zero and not finite matrices are left out", () => {
  const zero = layerMatrices({ ...small, a: plantedSide(matrix(2, 2), matrix(2, 2, [Number.NaN, 0, 0, 1])) });
  expect(zero.sides[0]).toMatchObject({ H: undefined, G: undefined });
  expectClean(matrices(zero)!);
});

test("averaging down keeps the mean of every block, the last blocks being smaller", () => {
  const A: Matrix = matrix(
    5,
    5,
    Array.from({ length: 25 }, (_, k) => k),
  );
  const down = averageDown(A, 3);
  expect(down.rows).toBe(3);
  expect([...down.data]).toEqual([3, 5, 6.5, 13, 15, 16.5, 20.5, 22.5, 24]);
  expect(averageDown(A, 5)).toBe(A);
});

test("the colour scale is symmetric: zero is white, ends are the largest sizes", () => {
  const palette = divergingPalette();
  expect([...palette.subarray(127 * 3, 128 * 3)]).toEqual([255, 255, 255]);
  expect([...colourIndices(Float64Array.from([-2, -1, 0, 0.5, 1, 9]), 1)]).toEqual([0, 0, 127, 191, 254, 254]);
  expect(levels).toBe(palette.length / 3);
  expect(colourLimit(new Float64Array(4))).toBe(1);
  expect(colourLimit(Float64Array.from([-3, 1, 1, 2]))).toBe(3);
  expect(colourLimit(Float64Array.from({ length: 1001 }, (_, k) => k))).toBe(990);
});

test("a PNG holds its chunks with right checksums and the pixels given", () => {
  const pixels = Uint8Array.from([0, 1, 2, 2, 1, 0]);
  const png = encodePng(3, 2, pixels, Uint8Array.from([0, 0, 0, 255, 255, 255, 9, 8, 7]));
  const view = new DataView(png.buffer);
  const chunks = new Map<string, Uint8Array>();
  for (let at = 8; at < png.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    expect(crc32(png.subarray(at + 4, at + 8 + length))).toBe(view.getUint32(at + 8 + length));
    chunks.set(type, png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  expect([...chunks.keys()]).toEqual(["IHDR", "PLTE", "IDAT", "IEND"]);
  expect([...inflateSync(chunks.get("IDAT")!)]).toEqual([0, 0, 1, 2, 0, 2, 1, 0]);
  expect(crc32(new TextEncoder().encode("IEND"))).toBe(0xae426082); // the four bytes that end every PNG
  expect(() => encodePng(3, 3, pixels, new Uint8Array(3))).toThrow("encodePng: expected 3 x 3 indices, got 6");
});

test("entries: proportional matrices correlate perfectly, diagonal and off-diagonal are told apart", async () => {
  const figure = entries(layerMatrices(small))!;
  expectClean(figure);
  expect(textsOf(figure.svg)).toContain("backward (a), correlation 1.000");
  expect(textsOf(figure.svg)).toContain("entry of H, side a (mean diagonal 1)");
  expect(textsOf(figure.legend!)).toEqual(["diagonal", "off-diagonal"]);
  expect(
    rowsOf(figure.csv)
      .slice(0, 3)
      .map(({ i, j, H: h }) => [i, j, h]),
  ).toEqual([
    ["0", "0", "1.5"],
    ["1", "1", "0.5"],
    ["0", "1", "0.5"],
  ]);
  await expect(standaloneSvg(figure.svg)).toMatchFileSnapshot("snapshots/entries.svg");
});

test("entries of wide layers are thinned evenly, always to the same pairs i < j", () => {
  const layer = layerMatrices(plantedMoments(["wide"], 120).layers[0]!);
  const figure = entries(layer)!;
  const rows = rowsOf(figure.csv);
  expect(rows).toHaveLength(2 * maxEntries);
  const off = rows.filter(({ side, i, j }) => side === "a" && i !== j).map(({ i, j }) => [Number(i), Number(j)]);
  expect(off.every(([i, j]) => i! < j! && j! < 120)).toBe(true);
  expect(new Set(off.map(String)).size).toBe(maxEntries - 120);
  expect(entries(layer)).toEqual(figure);
});
