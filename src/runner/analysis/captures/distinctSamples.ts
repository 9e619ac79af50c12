/**
 * @file Detects files of the same samples. Counting samples twice would make standard errors too small.
 */
import type { Moments } from "../../../moments/moments.ts";

export class DistinctSamples {
  private readonly seen = new Map<string, string>();

  /**
   * @param moments of all samples of the file
   * @throws RangeError naming two files whose sums of norms agree to the last bit in every layer
   */
  add(path: string, { layers }: Moments): void {
    if (layers.every(({ n }) => n === 0)) return;
    const numbers = layers.map(({ n, b: { h2, h4, g2, g4 } }) => [n, h2, h4, g2, g4].join(" ")).join("; ");
    const other = this.seen.get(numbers);
    if (other !== undefined)
      throw new RangeError(
        `ingest: expected every shard once, got the same samples in ${other} and ${path}; leave one of them out`,
      );
    this.seen.set(numbers, path);
  }
}
