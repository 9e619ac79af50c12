/** @file Arrays fit a model's input where that is unambiguous; elsewhere the error names both shapes and the cure. */
import { describe, expect, test } from "vitest";
import type { DataArray } from "../../src/data/array.ts";
import { type FitOptions, fitArray, type InputDeclaration } from "../../src/data/fitArray.ts";
import { oneLineError } from "./cases.ts";

const bytes = (...shape: number[]): DataArray => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return { dtype: "uint8", shape, data: Uint8Array.from({ length: size }, (_, i) => i % 256) };
};
const input = (shape?: InputDeclaration["shape"], dtype = "float32"): InputDeclaration =>
  shape === undefined ? { name: "x", dtype } : { name: "x", dtype, shape };
const all = (array: DataArray, to: InputDeclaration, options?: FitOptions) => {
  const fitted = fitArray(array, to, options);
  return { ...fitted.rows(0, fitted.n), steps: fitted.steps };
};

describe("shapes", () => {
  test.each([
    ["as they are", [2, 3, 4, 5], ["N", 3, 4, 5], [2, 3, 4, 5]],
    ["with free extents", [2, 3, 4, 5], [1, 3, undefined, "w"], [2, 3, 4, 5]],
    ["channels moved to the front", [2, 4, 5, 3], ["N", 3, 4, 5], [2, 3, 4, 5]],
    ["channels moved to the back", [2, 3, 4, 5], ["N", 4, 5, 3], [2, 4, 5, 3]],
    ["a channel axis added", [2, 4, 5], ["N", 1, 4, 5], [2, 1, 4, 5]],
    ["a channel axis added behind", [2, 4, 5], ["N", 4, 5, 1], [2, 4, 5, 1]],
    ["a channel axis dropped", [2, 1, 4, 5], ["N", 4, 5], [2, 4, 5]],
    ["flattened", [2, 4, 5], ["N", 20], [2, 20]],
    ["flattened to a free extent", [2, 4, 5], ["N", "d"], [2, 20]],
    ["folded up", [2, 20], ["N", 1, 4, 5], [2, 1, 4, 5]],
    ["one number a sample", [2], ["N", 1], [2, 1]],
  ] as const)("%s: %j for %j", (_, shape, declared, expected) => {
    expect(all(bytes(...shape), input(declared)).shape).toEqual(expected);
  });

  test("are taken as they come where the model declares none", () => {
    expect(all(bytes(2, 4, 5), input()).shape).toEqual([2, 4, 5]);
  });

  test("that move keep each value with its place", () => {
    const front = all(bytes(1, 2, 2, 3), input(["N", 3, 2, 2]));
    expect([...front.data]).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
    const there = fitArray(bytes(2, 2, 4, 3), input(["N", 3, 2, 4])).rows(1, 2);
    const back = all({ dtype: "float32", shape: [1, 3, 2, 4], data: there.data }, input(["N", 2, 4, 3]));
    expect([...back.data]).toEqual([...bytes(2, 2, 4, 3).data.subarray(24)]);
  });

  test.each([
    [
      [2, 3, 4, 5],
      ["N", 3, 5, 5],
      "input x: expected shape (n, 3, 5, 5), got (2, 3, 4, 5); pass samples as the model takes them",
    ],
    [[3, 4, 5], ["N", 3, 4, 5], "input x: expected shape (n, 3, 4, 5), got (3, 4, 5); put samples along a first axis"],
    [[2, 7], ["N", 8], "input x: expected shape (n, 8), got (2, 7); pass samples as the model takes them"],
    [[0, 8], ["N", 8], "input x: expected samples along the first axis, got shape (0, 8); pass at least one sample"],
    [[], ["N"], "input x: expected samples along the first axis, got shape (); pass at least one sample"],
    [[2, 3], [], "input x: expected shape (), got (2, 3); pass samples as the model takes them"],
  ] as const)("%j do not fit %j", (shape, declared, message) => {
    expect(oneLineError(() => fitArray(bytes(...shape), input(declared)))).toBe(message);
  });

  test("are not guessed", () => {
    const options: FitOptions = { layout: "NHWC" };
    expect(oneLineError(() => fitArray(bytes(1, 5, 4, 5), input(["N", "a", 5, "b"])))).toContain("NCHW or NHWC");
    expect(all(bytes(1, 5, 4, 5), input(["N", "a", 5, "b"]), options).shape).toEqual([1, 5, 5, 4]);
  });
});

describe("values", () => {
  test("of pixels become [0, 1], other bytes stay numbers", () => {
    expect([...all(bytes(1, 3), input(), { isPixels: true }).data]).toEqual([0, 1, 2].map((b) => Math.fround(b / 255)));
    expect([...all(bytes(1, 3), input(), { isPixels: true, pixels: "raw" }).data]).toEqual([0, 1, 2]);
    expect([...all(bytes(1, 3), input(["N", 3], "int64"), { isPixels: true }).data]).toEqual([0n, 1n, 2n]);
    expect(all(bytes(1, 3), input(), { isPixels: true }).steps).toEqual(["scaled bytes to [0, 1]"]);
  });

  test("are normalized per channel, before or after the move alike", () => {
    const normalize = { mean: [0.1, 0.2, 0.3], std: [1, 2, 4] };
    const x = bytes(2, 2, 2, 3);
    const expected = (i: number, c: number) =>
      Math.fround((x.data[i] as number) / 255 / normalize.std[c]! - normalize.mean[c]! / normalize.std[c]!);
    const back = all(x, input(["N", 2, 2, 3]), { isPixels: true, normalize });
    for (const [i, value] of [...back.data].entries()) expect(value).toBeCloseTo(expected(i, i % 3), 6);
    const front = all(x, input(["N", 3, 2, 2]), { isPixels: true, normalize });
    expect(front.data[4]).toBeCloseTo(expected(1, 1), 6);
    const nchw = all(bytes(1, 3, 2, 2), input(["N", 12]), { layout: "NCHW", normalize: { mean: [0, 4, 8], std: [1] } });
    expect([...nchw.data]).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
    const gray = all(bytes(1, 2, 2), input(["N", 1, 2, 2]), { normalize: { mean: [1], std: [2] } });
    expect([...gray.data]).toEqual([-0.5, 0, 0.5, 1]);
  });

  test("of whole-number inputs are checked, as indices are", () => {
    const x: DataArray = { dtype: "float32", shape: [2, 2], data: Float32Array.of(0, 1, 2, 0.5) };
    for (const dtype of ["int64", "int32", "uint8"])
      expect(oneLineError(() => all(x, input(["N", 2], dtype)))).toMatch(/whole numbers.*got 0.5 in sample 1/);
    const wide: DataArray = { dtype: "int64", shape: [1], data: BigInt64Array.of(2n ** 40n) };
    expect(oneLineError(() => all(wide, input(["N"], "int32")))).toContain("got 1099511627776 in sample 0");
    expect(all(wide, input(["N"], "int64")).data).toEqual(wide.data);
    expect(fitArray(x, input(["N", 2], "int64")).rows(0, 1).data).toEqual(BigInt64Array.of(0n, 1n));
  });

  test("must be finite", () => {
    const x: DataArray = { dtype: "float16", shape: [2], data: Uint16Array.of(0x3c00, 0x7c00) };
    expect(oneLineError(() => all(x, input(["N"])))).toContain("finite numbers, got Infinity in sample 1");
  });

  test.each([
    [{ mean: [0.5, 0.5], std: [1] }, "expected 1 or 3 numbers"],
    [{ mean: [0.5], std: [0] }, "positive standard deviations, got 0"],
    [{ mean: [Number.NaN], std: [1] }, "got NaN"],
    [{ mean: [], std: [1] }, "got none"],
  ])("refuse the normalization %j", (normalize, message) => {
    expect(oneLineError(() => fitArray(bytes(1, 3, 2, 2), input(), { normalize }))).toContain(message);
  });

  test("refuse types that have no meaning here", () => {
    expect(oneLineError(() => fitArray(bytes(1, 3), input(undefined, "string")))).toContain("got string");
    expect(oneLineError(() => fitArray(bytes(1, 3), input(undefined, "float16")))).toContain("cast the model first");
    const floats: DataArray = { dtype: "float32", shape: [1], data: Float32Array.of(1) };
    expect(oneLineError(() => fitArray(floats, input(), { pixels: "unit" }))).toContain("expected bytes");
    expect(
      oneLineError(() => fitArray(floats, input(["N"], "int64"), { normalize: { mean: [0], std: [1] } })),
    ).toContain("float input to normalize");
  });
});
