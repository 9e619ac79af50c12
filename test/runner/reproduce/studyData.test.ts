/** @file Which folder a study reads, given one folder for all studies. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { dataOf } from "../../../src/runner/reproduce/studyData.ts";
import { studies } from "../../../src/studies/studies.ts";
import type { Study, StudyData } from "../../../src/studies/study.ts";

const root = mkdtempSync(join(tmpdir(), "crh-study-data-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function folder(name: string, ...files: string[]): string {
  for (const file of files) {
    const path = join(root, name, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "");
  }
  return join(root, name);
}

const needing = (needsData?: StudyData) => ({ name: "theory/1", needsData }) as Study;
const images = "data_batch_1.bin.gz";
const all = folder("all", "mnist/train-images-idx3-ubyte.gz", `cifar10/${images}`, "tinyshakespeare/input.txt");
const cifar = folder("cifar", images, "batches.meta.txt");

describe("the data of a study", () => {
  it.each([
    ["MNIST", "mnist"],
    ["CIFAR10", "cifar10"],
    ["text", "tinyshakespeare"],
  ] as const)("%s lies in a folder of all sets under the name that fetching it gives", (set, name) => {
    expect(dataOf(needing(set), all)).toBe(join(all, name));
  });

  it("lies in the folder itself too", () => {
    expect(dataOf(needing("CIFAR10"), cifar)).toBe(cifar);
    const text = folder("text", "books.txt");
    expect(dataOf(needing("text"), text)).toBe(text);
  });

  it.each(["text", "MNIST"] as const)("is never taken from another set: %s is not in CIFAR's folder", (set) => {
    expect(() => dataOf(needing(set), cifar)).toThrow(
      /^reproduce: expected a folder with .* for theory\/1, got .*cifar;/,
    );
  });

  it("is nothing where the study needs none, whatever the folder", () => {
    expect(dataOf(needing(), join(root, "none"))).toBeUndefined();
  });

  it("is named by every study as a set that can be fetched", () => {
    for (const study of studies) if (study.needsData !== undefined) expect(() => dataOf(study, all)).not.toThrow();
  });
});
