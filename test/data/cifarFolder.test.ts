import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { channelScale, loadCifarFolder } from "../../src/data/cifarFolder.ts";
import { sharedPath } from "../shared.ts";

/** Records whose pixels are all the record's number. */
function records(labels: readonly (readonly number[])[], first = 0): Uint8Array {
  const size = 3072 + labels[0]!.length;
  const bytes = new Uint8Array(labels.length * size);
  labels.forEach((label, i) => {
    bytes.set(label, i * size);
    bytes.fill(first + i, i * size + label.length, (i + 1) * size);
  });
  return bytes;
}

const folder = (files: Record<string, Uint8Array>) => (name: string) => files[name];
const two = records([[3], [9]]);
const names = (text: string) => new TextEncoder().encode(text);

describe("a folder of CIFAR files", () => {
  test("any subset in the official order, plain and packed, with the names of the classes", () => {
    const set = loadCifarFolder(
      folder({
        "data_batch_4.bin.gz": gzipSync(records([[1]], 40)),
        "data_batch_2.bin": records([[0], [7]], 20),
        "test_batch.bin": gzipSync(two),
        "batches.meta.txt": names("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n"),
      }),
    );
    expect(set).toMatchObject({ kind: "cifar-10", classes: 10, names: [..."abcdefghij"] });
    expect(set.files).toEqual(["data_batch_2.bin", "data_batch_4.bin.gz", "test_batch.bin"]);
    expect(Array.from(set.train.y)).toEqual([0, 7, 1]);
    expect([0, 3072, 6144, 9215].map((i) => set.train.x[i])).toEqual([20, 21, 40, 40]);
    expect([set.train.n, set.test.n]).toEqual([3, 2]);
  });

  test("CIFAR-100 with fine or coarse labels", () => {
    const files = folder({
      "train.bin": records([
        [3, 99],
        [19, 0],
      ]),
      "test.bin": records([[0, 50]]),
    });
    expect(loadCifarFolder(files)).toMatchObject({
      kind: "cifar-100",
      classes: 100,
      train: { y: Uint8Array.of(99, 0) },
    });
    expect(loadCifarFolder(files, { labels: "coarse" })).toMatchObject({
      classes: 20,
      train: { y: Uint8Array.of(3, 19) },
    });
  });

  test.each([
    ["nothing", {}, "cifar folder: expected data_batch_1.bin .. and test_batch.bin, or"],
    [
      "no training file",
      { "test_batch.bin": two },
      "cifar folder: expected a training file data_batch_1.bin (or .gz), got none",
    ],
    [
      "no test file",
      { "train.bin": records([[1, 1]]) },
      "cifar folder: expected a test file test.bin (or .gz), got none",
    ],
    [
      "a cut file",
      { "data_batch_1.bin": two, "test_batch.bin": two.subarray(0, 6000) },
      "test_batch.bin: expected whole CIFAR records of 3073 bytes, got 6000 bytes",
    ],
    [
      "an empty file",
      { "data_batch_1.bin": new Uint8Array(0), "test_batch.bin": two },
      "data_batch_1.bin: expected whole CIFAR records",
    ],
    [
      "a cut gzip",
      { "data_batch_1.bin.gz": gzipSync(two).subarray(0, 20), "test_batch.bin": two },
      "data_batch_1.bin.gz: expected the end of the compressed data",
    ],
    [
      "a label out of range",
      { "data_batch_1.bin": records([[1], [10]]), "test_batch.bin": two },
      "data_batch_1.bin: expected labels 0 to 9, got 10 in record 1",
    ],
    [
      "a fine label out of range",
      { "train.bin": records([[1, 100]]), "test.bin": records([[0, 0]]) },
      "train.bin: expected labels 0 to 99, got 100 in record 0",
    ],
    [
      "too few names",
      { "data_batch_1.bin": two, "test_batch.bin": two, "batches.meta.txt": names("a\nb") },
      "batches.meta.txt: expected the names of 10 classes, got 2",
    ],
  ] as [string, Record<string, Uint8Array>, string][])("refuses %s in one line", (_, files, line) => {
    expect(() => loadCifarFolder(folder(files))).toThrow(line);
    expect(() => loadCifarFolder(folder(files))).toThrow(/^[^\n]*$/);
  });
});

test("mean and deviation of each channel", () => {
  const x = Uint8Array.of(0, 255, 10, 10, 51, 51, 255, 255, 20, 20, 51, 51);
  const { mean, sd } = channelScale(x, { channels: 3, pixels: 2 });
  expect(mean).toEqual([0.75, 15 / 255, 0.2].map((value) => expect.closeTo(value, 12)));
  expect(sd).toEqual([Math.sqrt(3) / 4, 5 / 255, 1].map((value) => expect.closeTo(value, 12)));
});

const original = sharedPath("data/cifar-10-original-subset");
test.skipIf(original === undefined)("the original pixels have about the published means and deviations", () => {
  const set = loadCifarFolder((name) => {
    try {
      return readFileSync(join(original!, name));
    } catch {
      return undefined;
    }
  });
  expect([set.train.n, set.test.n, set.names?.[9]]).toEqual([7292, 761, "truck"]);
  const { mean, sd } = channelScale(set.train.x, { channels: 3, pixels: 1024 });
  const far = (values: readonly number[], published: readonly number[]) =>
    Math.max(...values.map((value, c) => Math.abs(value - published[c]!)));
  expect(far(mean, [0.4914, 0.4822, 0.4465])).toBeLessThan(0.01);
  expect(far(sd, [0.247, 0.2435, 0.2616])).toBeLessThan(0.01);
});
