/** @file Symmetric products inside a graph by blocks of columns; blocks above the diagonal are omitted. */
import { int } from "./graph.ts";
import type { GraphBuilder } from "./graphBuilder.ts";

/**
 * Adds the lower blocks of left^T right, which is symmetric.
 *
 * @param left (n, d), as `right`: the rows x themselves on both sides for sum x x^T
 * @param cuts bounds of the blocks of the d columns, from 0 to d
 * @returns the blocks on and below the diagonal, concatenated in row-major order of the blocks, each in row-major order
 */
export function addLowerProduct(builder: GraphBuilder, left: string, right: string, cuts: readonly number[]): string {
  const widths = cuts.slice(1).map((end, i) => end - cuts[i]!);
  const product = (x: string, y: string) => builder.op("Gemm", [x, y], { transA: int(1) });
  if (widths.length === 1) return product(left, right);
  const split = (rows: string) =>
    builder.ops("Split", [rows, builder.ints(widths)], { axis: int(1) }, { outputs: widths.length });
  const lefts = split(left);
  const rights = right === left ? lefts : split(right);
  const blocks = lefts.flatMap((x, i) => rights.slice(0, i + 1).map((y) => product(x, y)));
  // Blocks of one width need no Reshape: half as many nodes, and the engine's preparation takes seconds for many nodes.
  const flat = builder.ints([-1]);
  const parts = new Set(widths).size === 1 ? blocks : blocks.map((block) => builder.op("Reshape", [block, flat]));
  return builder.op("Concat", parts, { axis: int(0) });
}
