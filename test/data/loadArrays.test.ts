/** @file Any file of arrays is told by its content, with or without gzip; damage is one line. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import type { DataArray } from "../../src/data/array.ts";
import { decodeCifar } from "../../src/data/cifar.ts";
import { labelFileNames, labelsOf, loadArrays } from "../../src/data/loadArrays.ts";
import { encodeNpy } from "../../src/data/npy.ts";
import { encodeSafetensors } from "../../src/formats/safetensors.ts";
import { sharedPath } from "../shared.ts";
import { oneLineError } from "./cases.ts";
import { encodeIdx } from "./idxBytes.ts";

const floats: DataArray = { dtype: "float32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
const images: DataArray = { dtype: "uint8", shape: [2, 2, 2], data: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 255) };

/** n records whose pixel p has the value (7 i + p) % 251. */
function records(n: number, labels: (i: number) => number[]): Uint8Array {
  const size = 3072 + labels(0).length;
  const bytes = new Uint8Array(n * size);
  for (let i = 0; i < n; i++) {
    bytes.set(labels(i), i * size);
    for (let p = 0; p < 3072; p++) bytes[(i + 1) * size - 3072 + p] = (7 * i + p) % 251;
  }
  return bytes;
}

const files: Record<string, Uint8Array> = {
  npy: encodeNpy(floats),
  npz: zipSync({ "data.npy": encodeNpy(floats) }),
  safetensors: encodeSafetensors(
    new Map([["data", { dtype: "F32" as const, shape: [2, 3], data: floats.data as Float32Array }]]),
  ),
  idx: encodeIdx(floats),
};

describe("loadArrays", () => {
  for (const [format, bytes] of Object.entries(files))
    for (const packed of [false, true])
      test(`tells ${format}${packed ? " in gzip" : ""} by its content, whatever the name`, () => {
        const loaded = loadArrays(packed ? gzipSync(bytes) : bytes, { name: "inputs" });
        expect(loaded).toEqual({ format, arrays: new Map([["data", floats]]), isPixels: false });
      });

  test("takes arrays of bytes for pixels, and single rows of bytes not", () => {
    expect(loadArrays(encodeIdx(images), { name: "x" }).isPixels).toBe(true);
    expect(loadArrays(encodeNpy(images), { name: "x" }).isPixels).toBe(true);
    expect(loadArrays(encodeNpy({ ...images, shape: [8] }), { name: "x" }).isPixels).toBe(false);
  });

  test("reads CIFAR-10 and CIFAR-100 with their labels", () => {
    const ten = loadArrays(
      records(3, (i) => [9 - i]),
      { name: "x" },
    );
    expect([ten.format, ten.layout, ten.isPixels, ten.labels]).toEqual(["cifar", "NCHW", true, Int32Array.of(9, 8, 7)]);
    expect(ten.arrays.get("data")!.shape).toEqual([3, 3, 32, 32]);
    expect(ten.arrays.get("data")!.data[3072 + 5]).toBe(12);
    const hundred = records(2, (i) => [i + 18, 99 - i]);
    expect(loadArrays(hundred, { name: "x" }).labels).toEqual(Int32Array.of(99, 98));
    expect(loadArrays(hundred, { name: "x", labels: "coarse" }).labels).toEqual(Int32Array.of(18, 19));
    expect(decodeCifar(hundred)).toMatchObject({ kind: "cifar-100", classes: 100 });
  });

  test("reads bfloat16 as the same values in float32", () => {
    const data = { dtype: "BF16" as const, shape: [2], data: Uint16Array.of(0x3f80, 0xc049) };
    const { arrays } = loadArrays(encodeSafetensors(new Map([["w", data]])), { name: "x" });
    expect(arrays.get("w")).toEqual({ dtype: "float32", shape: [2], data: Float32Array.of(1, -3.140625) });
  });

  test.each([
    ["nothing", new Uint8Array(0), "x", /none of these/],
    [
      "text",
      new TextEncoder().encode('{"a": [1, 2]}'),
      "x.json",
      /^x.json: expected .npy, .npz, safetensors, IDX or CIFAR/,
    ],
    ["a pickle", Uint8Array.of(0x80, 2, 0x7d, 0x71), "x.pt", /got a Python pickle/],
    [
      "a cut CIFAR file",
      records(3, () => [1]).subarray(0, 9000),
      "test_batch.bin",
      /got 9000 bytes; the file is cut off/,
    ],
    [
      "a CIFAR file with a label that no class has",
      records(3, (i) => [5 * i]),
      "b.bin",
      /labels 0 to 9, got 10 in record 2/,
    ],
    ["a cut IDX file", encodeIdx(floats).subarray(0, 30), "x", /expected 36 bytes/],
    ["a cut safetensors file", files.safetensors!.subarray(0, 60), "x.safetensors", /^x.safetensors: expected/],
    ["gzip within gzip", gzipSync(gzipSync(files.npy!)), "x", /one layer of gzip/],
    ["a cut gzip file", gzipSync(files.npy!).subarray(0, 40), "x", /the end of the compressed data/],
  ])("refuses %s in one line", (_, bytes, name, message) => {
    expect(oneLineError(() => loadArrays(bytes, { name }))).toMatch(message);
  });

  test("bounds what gzip unpacks to", () => {
    const bomb = gzipSync(encodeNpy({ dtype: "uint8", shape: [1_000_000], data: new Uint8Array(1_000_000) }));
    expect(oneLineError(() => loadArrays(bomb, { name: "x", maxBytes: 1000 }))).toContain("at most 1000 bytes");
  });
});

describe("labels beside images", () => {
  test("have the name of the images with another word", () => {
    expect(labelFileNames("t10k-images-idx3-ubyte.gz")).toEqual([
      "t10k-labels-idx1-ubyte.gz",
      "t10k-labels-idx1-ubyte",
    ]);
    expect(labelFileNames("train-images.idx3-ubyte")).toEqual([
      "train-labels.idx1-ubyte",
      "train-labels.idx1-ubyte.gz",
    ]);
    expect(labelFileNames("/data/x/images-idx3")).toEqual(["/data/x/labels-idx1", "/data/x/labels-idx1.gz"]);
    expect(labelFileNames("x.npy")).toEqual([]);
  });

  test("are class indices, one per sample", () => {
    const load = (array: DataArray) => loadArrays(encodeNpy(array), { name: "y" });
    const int64: DataArray = { dtype: "int64", shape: [3, 1], data: BigInt64Array.of(0n, 2n, 1n) };
    expect(labelsOf(load(int64), "y", 3)).toEqual(Int32Array.of(0, 2, 1));
    expect(labelsOf(load({ dtype: "float64", shape: [2], data: Float64Array.of(3, 0) }), "y", 2)).toEqual(
      Int32Array.of(3, 0),
    );
    expect(oneLineError(() => labelsOf(load(int64), "y", 4))).toContain("expected 4 labels");
    const bad = (value: number) => load({ dtype: "float32", shape: [2], data: Float32Array.of(0, value) });
    for (const value of [-1, 0.5, Number.NaN, 1e20])
      expect(oneLineError(() => labelsOf(bad(value), "y", 2))).toContain("class indices");
    expect(oneLineError(() => labelsOf(loadArrays(zipSync({}), { name: "y" }), "y", 1))).toContain("one array");
  });
});

const cifar = sharedPath("data/cifar-10-original-subset");
test.skipIf(cifar === undefined)("the original CIFAR-10 test subset has its 761 images and official labels", () => {
  const read = (name: string) => new Uint8Array(readFileSync(join(cifar!, name)));
  const loaded = loadArrays(read("test_batch.bin.gz"), { name: "test_batch.bin.gz" });
  expect([loaded.format, loaded.arrays.get("data")!.shape]).toEqual(["cifar", [761, 3, 32, 32]]);
  expect([...loaded.labels!.subarray(0, 5)]).toEqual([3, 8, 8, 0, 6]); // cat, ship, ship, airplane, frog
});

const mnist = sharedPath("data/mnist");
test.skipIf(mnist === undefined)("MNIST's test images find their labels", () => {
  const name = "t10k-images-idx3-ubyte.gz";
  const loaded = loadArrays(new Uint8Array(readFileSync(join(mnist!, name))), { name });
  expect([loaded.arrays.get("data")!.shape, loaded.isPixels]).toEqual([[10_000, 28, 28], true]);
  const beside = labelFileNames(name)[0]!;
  const labels = labelsOf(
    loadArrays(new Uint8Array(readFileSync(join(mnist!, beside))), { name: beside }),
    beside,
    10_000,
  );
  expect([...labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
});
