/**
 * @file Storage of symmetric sums while they accumulate: by blocks of columns, without the blocks above the diagonal.
 * This saves almost half of the products and of the engine's output.
 */

/**
 * chosen: with narrower blocks the extra time per entry exceeds the saving (docs/log.md).
 */
const NARROWEST = 128;
/** chosen: with 8 blocks a matrix takes 9/16 of the products, with 16 it would be 17/32. */
const MOST_BLOCKS = 8;

/** The cuts of d columns: ascending from 0 to d. */
export function lowerCuts(d: number): number[] {
  const count = Math.max(1, Math.min(MOST_BLOCKS, Math.floor(d / NARROWEST)));
  return Array.from({ length: count + 1 }, (_, i) => Math.round((d * i) / count));
}

/** Entries (row, from) to (row, to - 1) of a matrix; the first is at index `at` of its lower blocks. */
export interface Segment {
  readonly row: number;
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

/** The lower triangle of a (d, d) matrix as runs of entries that are contiguous in the result of addLowerProduct. */
export function* lowerSegments(d: number): Iterable<Segment> {
  const cuts = lowerCuts(d);
  let block = 0;
  for (let i = 1; i < cuts.length; i++)
    for (let j = 1; j <= i; j++) {
      const [top, from, width] = [cuts[i - 1]!, cuts[j - 1]!, cuts[j]! - cuts[j - 1]!];
      for (let row = top; row < cuts[i]!; row++)
        yield { row, from, to: Math.min(cuts[j]!, row + 1), at: block + (row - top) * width };
      block += (cuts[i]! - top) * width;
    }
}

/** Number of entries of all lower blocks of a (d, d) matrix. */
export function lowerLength(d: number): number {
  const cuts = lowerCuts(d);
  return cuts.slice(1).reduce((sum, end, i) => sum + (end - cuts[i]!) * end, 0);
}
