/**
 * @file A small labelled image set in the layout of MNIST, made from a seed: each class lights up its own stripe, with
 * noise.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "fflate";
import { Random } from "../../src/random/random.ts";
import { encodeIdx } from "../data/idxBytes.ts";

export interface IdxSetOptions {
  readonly train?: number;
  readonly test?: number;
  /** Extent of the square images. */
  readonly side?: number;
  readonly classes?: number;
}

/** The four files by name. */
export function idxSet({ train = 120, test = 45, side = 4, classes = 3 }: IdxSetOptions = {}): Map<string, Uint8Array> {
  const random = new Random(11);
  const files = new Map<string, Uint8Array>();
  for (const [part, n] of [
    ["train", train],
    ["t10k", test],
  ] as const) {
    const y = Uint8Array.from({ length: n }, (_, i) => i % classes);
    const d = side * side;
    const x = Uint8Array.from({ length: n * d }, (_, i) => {
      const lit = (i % d) % classes === y[Math.floor(i / d)];
      return random.below(100) + (lit ? 150 : 0);
    });
    files.set(`${part}-images-idx3-ubyte`, encodeIdx({ dtype: "uint8", shape: [n, side, side], data: x }));
    files.set(`${part}-labels-idx1-ubyte`, encodeIdx({ dtype: "uint8", shape: [n], data: y }));
  }
  return files;
}

/** Writes the files into a folder, plain or packed under names that end in .gz. */
export function writeIdxSet(folder: string, files: ReadonlyMap<string, Uint8Array>, packed = false): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of files)
    writeFileSync(join(folder, packed ? `${name}.gz` : name), packed ? gzipSync(bytes) : bytes);
}
