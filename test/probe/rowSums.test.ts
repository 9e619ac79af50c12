/**
 * @file Sums of rows from centred ones of their batches (docs/theory.md Eq. 10), against plain float64 sums of the
 * rows.
 */
import { describe, expect, test } from "vitest";
import { lowerLength, lowerSegments } from "../../src/moments/accumulate/lowerBlocks.ts";
import {
  addCentred,
  arraysOf,
  type CentredSums,
  emptyRowSums,
  writeGram,
} from "../../src/moments/accumulate/rowSums.ts";
import { Random } from "../../src/random/random.ts";

/** Rounding of float32 sums of some rows, of the largest entry. */
const FLOAT32 = 2e-6;

const n = 5;

/** Rows with a mean, and their sums as the engine gives them: about a vector near the mean, divided by `scale`. */
function batchOf(d: number, scale: number, random: Random): { rows: number[][]; sums: CentredSums } {
  const rows = Array.from({ length: n }, () => Array.from({ length: d }, () => scale * (1 + random.normal())));
  const mean = Float32Array.from({ length: d }, () => 1 + 0.1 * random.normal());
  const centred = rows.map((row) => row.map((value, j) => value / scale - mean[j]!));
  const rest = Float32Array.from({ length: d }, (_, j) => centred.reduce((sum, row) => sum + row[j]!, 0));
  const gram = new Float32Array(lowerLength(d)).fill(Number.NaN);
  for (const { row, from, to, at } of lowerSegments(d))
    for (let j = from; j < to; j++) gram[at + j - from] = centred.reduce((sum, x) => sum + x[row]! * x[j]!, 0);
  return { rows, sums: { mean, gram, rest, n, scale } };
}

describe.each([
  ["in one block", 40],
  ["in blocks of one width", 256],
  ["in blocks of two widths", 257],
])("%s", (_, d) => {
  test.each([0, 1, 2, 3])("of %i batches", (count) => {
    const random = new Random(d + count);
    const batches = Array.from({ length: count }, (_, i) => batchOf(d, 2 ** (i - 1), random));
    const sums = emptyRowSums(d);
    for (const batch of batches) addCentred(sums, batch.sums);
    expect(arraysOf(sums)).toHaveLength([1, 4, 5, 5][count]!);
    const found = writeGram(sums, new Float64Array(d * d).fill(7));
    const rows = batches.flatMap((batch) => batch.rows);
    for (let i = 0; i < d; i++) {
      const sum = rows.reduce((total, row) => total + row[i]!, 0);
      expect(Math.abs(sums.sum[i]! - sum)).toBeLessThanOrEqual(FLOAT32 * n * 4);
      for (let j = 0; j < d; j += 3) {
        const product = rows.reduce((total, row) => total + row[i]! * row[j]!, 0);
        if (Math.abs(found[i * d + j]! - product) > FLOAT32 * n * 16 || found[i * d + j] !== found[j * d + i])
          expect.fail(`entry ${i}, ${j}: expected ${product}, got ${found[i * d + j]} and ${found[j * d + i]}`);
      }
    }
  });
});
