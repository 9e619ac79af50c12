/**
 * @file How symmetric sums are held while they are added up: by blocks of columns, of which those above the diagonal
 * are left out, which is about half of the products and of what leaves the engine.
 */

/**
 * chosen: products of narrower blocks take more time an entry than the blocks above the diagonal would cost
 * (docs/log.md).
 */
const NARROWEST = 128;
/** chosen: with 8 blocks a matrix takes 9/16 of its products, with 16 it would be 17/32. */
const MOST_BLOCKS = 8;

/** Where d columns are cut: from 0 to d, ascending. */
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

/** The lower triangle of a (d, d) matrix as runs of entries that follow one another in what addLowerProduct gives. */
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

/** Entries of all lower blocks of a (d, d) matrix. */
export function lowerLength(d: number): number {
  const cuts = lowerCuts(d);
  return cuts.slice(1).reduce((sum, end, i) => sum + (end - cuts[i]!) * end, 0);
}
