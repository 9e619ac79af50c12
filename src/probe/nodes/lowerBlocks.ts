/**
 * @file Gram matrices inside the graph by blocks of columns, of which those above the diagonal are left out: about half of the products
 * and of what leaves the graph.
 */
import { int } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";

/** chosen: products of narrower blocks take more time an entry than the blocks above the diagonal would cost (docs/log.md). */
const NARROWEST = 128;
/** chosen: with 8 blocks a matrix takes 9/16 of its products, with 16 it would be 17/32. */
const MOST_BLOCKS = 8;

/** Where d columns are cut: from 0 to d, ascending. */
function bounds(d: number): number[] {
  const count = Math.max(1, Math.min(MOST_BLOCKS, Math.floor(d / NARROWEST)));
  return Array.from({ length: count + 1 }, (_, i) => Math.round((d * i) / count));
}

/**
 * Adds the lower blocks of left^T right, which is symmetric.
 *
 * @param left (n, d), as `right`: the rows x themselves on both sides for sum x x^T
 * @returns the blocks on and below the diagonal one behind the other, row of blocks by row of blocks, each in row-major order
 */
export function addLowerProduct(builder: GraphBuilder, left: string, right: string, d: number): string {
  const cuts = bounds(d);
  const widths = cuts.slice(1).map((end, i) => end - cuts[i]!);
  const product = (x: string, y: string) => builder.op("Gemm", [x, y], { transA: int(1) });
  if (widths.length === 1) return product(left, right);
  const split = (rows: string) =>
    builder.ops("Split", [rows, builder.ints(widths)], { axis: int(1) }, { outputs: widths.length });
  const lefts = split(left);
  const rights = right === left ? lefts : split(right);
  const blocks = lefts.flatMap((x, i) => rights.slice(0, i + 1).map((y) => product(x, y)));
  // Blocks of one width follow one another as they are: half as many nodes, by whose number the engine prepares a graph for seconds.
  const flat = builder.ints([-1]);
  const parts = new Set(widths).size === 1 ? blocks : blocks.map((block) => builder.op("Reshape", [block, flat]));
  return builder.op("Concat", parts, { axis: int(0) });
}

/** Entries (row, from) to (row, to - 1) of a matrix; the first is at index `at` of its lower blocks. */
export interface Segment {
  readonly row: number;
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

/** The lower triangle of a (d, d) matrix as runs of entries that follow one another in what addLowerGram gives. */
export function* lowerSegments(d: number): Iterable<Segment> {
  const cuts = bounds(d);
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
  const cuts = bounds(d);
  return cuts.slice(1).reduce((sum, end, i) => sum + (end - cuts[i]!) * end, 0);
}
