/** @file Sums of squared gradients of weights over examples, a batch added (docs/theory.md Eq. 122). */
import type { NoiseSums } from "../noiseSums.ts";
import { lowerSegments } from "./lowerBlocks.ts";

/**
 * Adds one batch in place.
 *
 * @param read outputs by the names of addNoiseNodes; undefined if there is none
 * @param scale factor by which the rows of g were divided
 */
export function addNoise(
  sums: NoiseSums,
  read: (key: string) => Float32Array | undefined,
  scale: number,
  examples: number,
): void {
  sums.examples += examples;
  for (const side of ["a", "b"] as const) {
    const blocks = sums[side];
    if (blocks === undefined) continue;
    const { width, sum } = blocks;
    const found = read(`noise.${side}`)!;
    const ofRows = read(`noise.${side}.scale`)?.[0] ?? 1;
    const square = ((scale * ofRows) / sums.losses) ** 2;
    if (sum.length === width * width) {
      for (const { row, from, to, at } of lowerSegments(width))
        for (let j = from; j < to; j++) {
          const value = square * found[at + j - from]!;
          sum[row * width + j]! += value;
          if (j !== row) sum[j * width + row]! += value;
        }
      continue;
    }
    for (let start = 0; start < sum.length; start += width * width)
      for (let i = 0; i < width; i++)
        for (let j = 0; j <= i; j++) {
          const value = square * found[start + i * width + j]!;
          sum[start + i * width + j]! += value;
          if (j !== i) sum[start + j * width + i]! += value;
        }
  }
}
