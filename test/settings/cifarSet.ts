/** @file A small set of coloured images in CIFAR's records. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/random/random.ts";

/** CIFAR records of ten classes that differ in brightness per channel, with noise. */
export function records(n: number, seed: number): Uint8Array {
  const random = new Random(seed);
  const bytes = new Uint8Array(n * 3073);
  for (let i = 0; i < n; i++) {
    const label = i % 10;
    bytes[i * 3073] = label;
    for (let k = 0; k < 3072; k++) {
      const channel = Math.floor(k / 1024);
      const level = [label % 3, Math.floor(label / 3) % 3, Math.floor(label / 9)][channel]!;
      bytes[i * 3073 + 1 + k] = 40 + 70 * level + 30 * random.uniform();
    }
  }
  return bytes;
}

/** A folder with 120 training and 40 test images. */
export function writeCifarSet(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "data_batch_1.bin"), records(120, 1));
  writeFileSync(join(folder, "test_batch.bin"), records(40, 2));
}
