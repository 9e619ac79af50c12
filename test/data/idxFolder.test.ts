import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { loadIdxFolder, unitPixels } from "../../src/data/idxFolder.ts";
import { sharedPath } from "../shared.ts";
import { oneLineError } from "./cases.ts";
import { encodeIdx } from "./idxBytes.ts";

/** The published mean and standard deviation of the training pixels have five digits. */
const PUBLISHED = 5e-6;

const images = (n: number, rows = 2, cols = 3): Uint8Array =>
  encodeIdx({
    dtype: "uint8",
    shape: [n, rows, cols],
    data: Uint8Array.from({ length: n * rows * cols }, (_, i) => i % 256),
  });
const labels = (...values: number[]): Uint8Array =>
  encodeIdx({ dtype: "uint8", shape: [values.length], data: Uint8Array.from(values) });

const small: Record<string, Uint8Array> = {
  "train-images-idx3-ubyte": images(4),
  "train-labels-idx1-ubyte": labels(0, 2, 1, 2),
  "t10k-images-idx3-ubyte": images(2),
  "t10k-labels-idx1-ubyte": labels(1, 0),
};
const load = (changes: Record<string, Uint8Array | undefined>, options = {}) => {
  const files = { ...small, ...changes };
  return loadIdxFolder((name) => files[name], options);
};

describe("loadIdxFolder", () => {
  test("gives pixels, labels, image shape and classes", () => {
    const { train, test: held, shape, d, classes } = load({});
    expect({ shape, d, classes }).toEqual({ shape: [2, 3], d: 6, classes: 3 });
    expect(train).toEqual({ n: 4, x: Uint8Array.from({ length: 24 }, (_, i) => i), y: Uint8Array.of(0, 2, 1, 2) });
    expect(held.y).toEqual(Uint8Array.of(1, 0));
  });

  test("finds the dotted spelling, and gzip by its bytes whatever the name", () => {
    for (const [rename, pack] of [
      [(name: string) => name.replace("-idx", ".idx"), false],
      [(name: string) => `${name}.gz`, true],
      [(name: string) => `${name.replace("-idx", ".idx")}.gz`, true],
      [(name: string) => name, true],
      [(name: string) => `${name}.gz`, false],
    ] as const) {
      const files = Object.fromEntries(
        Object.entries(small).map(([name, bytes]) => [rename(name), pack ? gzipSync(bytes) : bytes]),
      );
      expect(loadIdxFolder((name) => files[name])).toEqual(load({}));
    }
  });

  test("names the files it looked for when one is missing", () => {
    expect(oneLineError(() => load({ "t10k-labels-idx1-ubyte": undefined }))).toContain(
      "t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz or t10k-labels.idx1-ubyte or t10k-labels.idx1-ubyte.gz, got none",
    );
  });

  test("refuses images and labels of different number, and an empty set", () => {
    expect(oneLineError(() => load({ "train-labels-idx1-ubyte": labels(0, 1) }))).toContain(
      "4 train images and 2 labels",
    );
    oneLineError(() => load({ "t10k-images-idx3-ubyte": images(0), "t10k-labels-idx1-ubyte": labels() }));
  });

  test("refuses test images of another shape, and images without pixels", () => {
    expect(oneLineError(() => load({ "t10k-images-idx3-ubyte": images(2, 3, 2) }))).toContain("[2, 3], got [3, 2]");
    oneLineError(() => load({ "train-images-idx3-ubyte": images(4, 0), "t10k-images-idx3-ubyte": images(2, 0) }));
  });

  test("refuses labels outside the classes, of either half", () => {
    expect(oneLineError(() => load({ "t10k-labels-idx1-ubyte": labels(1, 3) }))).toContain("got 3 in t10k-labels");
    expect(oneLineError(() => load({}, { classes: 2 }))).toContain("expected labels 0 to 1, got 2 in train-labels");
    expect(load({}, { classes: 10 }).classes).toBe(10);
  });

  test("refuses swapped and cut files by name", () => {
    expect(oneLineError(() => load({ "train-images-idx3-ubyte": labels(1, 2, 0, 1) }))).toContain("swapped");
    const half = images(4).subarray(0, 20);
    expect(oneLineError(() => load({ "train-images-idx3-ubyte": half }))).toMatch(
      /^train-images-idx3-ubyte: expected 40/,
    );
    expect(oneLineError(() => load({ "train-images-idx3-ubyte": gzipSync(images(4)).subarray(0, 30) }))).toContain(
      "only its first 30 bytes",
    );
    const packed = { "train-images-idx3-ubyte": gzipSync(images(4)) };
    expect(oneLineError(() => load(packed, { maxBytes: 39 }))).toContain("at most 39 bytes");
    expect(load(packed, { maxBytes: 40 }).d).toBe(6);
  });
});

test("unitPixels maps 0..255 to [0, 1]", () => {
  expect(unitPixels(Uint8Array.of(0, 51, 255))).toEqual(Float32Array.of(0, 0.2, 1));
  oneLineError(() => unitPixels(new Uint8Array(2), new Float32Array(3)));
});

const mnist = sharedPath("data/mnist");

test.skipIf(mnist === undefined)("MNIST has 60000 + 10000 digits with the published mean and deviation", () => {
  const set = loadIdxFolder((name) => {
    const path = join(mnist!, name);
    return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
  });
  expect([set.train.n, set.test.n, set.shape, set.d, set.classes]).toEqual([60_000, 10_000, [28, 28], 784, 10]);
  expect(Array.from(set.train.y.subarray(0, 8))).toEqual([5, 0, 4, 1, 9, 2, 1, 3]);
  expect(Array.from(set.test.y.subarray(0, 4))).toEqual([7, 2, 1, 0]);
  let sum = 0;
  let squares = 0;
  for (const pixel of set.train.x) {
    sum += pixel / 255;
    squares += (pixel / 255) ** 2;
  }
  const mean = sum / set.train.x.length;
  expect(Math.abs(mean - 0.13066)).toBeLessThan(PUBLISHED);
  expect(Math.abs(Math.sqrt(squares / set.train.x.length - mean * mean) - 0.30811)).toBeLessThan(PUBLISHED);
});
