/**
 * @file Rows in place of sums: where all rows of a map are few beside the values of its sides, n rows of d values are
 * less than (d, d) sums and say the same. They leave the graph in float32; of g_a = W^T g_b (docs/theory.md Eq. 5)
 * alone their squared norms and their sum.
 */
import { int } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import type { Measurable } from "../maps/linearMap.ts";

/** chosen: a map of more rows has too many for its products, whatever its width. */
const MOST_ROWS = 8192;
/**
 * chosen: multiplications of rows, in float64, in the time of one of sums, in float32, and of what measures do with
 * them.
 */
const ROW_COST = 1.7;
/** Symmetric sums of a side of which a little more than half is computed: H and G, of plain and of normalized rows. */
const SUMS = 4 * 0.56;

/**
 * Whether rows are kept of a map: where products of all pairs of rows take no longer than sums. They take less memory
 * then.
 *
 * @param rows n of all batches. Products take n^2 (d + d' / 2 ..) multiplications (relationsFromRows), sums n (d^2 +
 *   d'^2)
 */
export function keepsRows({ dOut, input }: Measurable, rows: number): boolean {
  if (input === undefined || rows > MOST_ROWS) return false;
  const { dIn } = input;
  const products = dIn / 2 + 1.5 * Math.min(dIn, dOut) + 2 * dOut;
  return ROW_COST * rows * products <= SUMS * (dIn ** 2 + dOut ** 2);
}

/** Memory of a map's rows. */
export function bytesOfRows({ dOut, dIn }: { readonly dOut: number; readonly dIn: number }, rows: number): number {
  return rows * (4 * dIn + (4 + 8) * dOut);
}

/**
 * Adds the outputs that hold a batch's rows.
 *
 * @param sides names of the rows: ha, hb, gb, and ga
 * @returns names of `ha.rows`, `hb.rows`, `gb.rows` (an Identity of each, since one may be an input, or an output
 *   already); of ga divided by its largest entry `ga.scale` `ga.norms` (n), their squared norms, and `ga.sum` (1, dIn)
 */
export function outputRows(
  builder: GraphBuilder,
  sides: Readonly<Record<"ha" | "hb" | "gb" | "ga", string>>,
  { ones, largestEntry }: { readonly ones: string; readonly largestEntry: (rows: string) => string },
): Record<string, string> {
  const scale = largestEntry(sides.ga);
  const ga = builder.op("Div", [sides.ga, scale]);
  return {
    ...Object.fromEntries(
      (["ha", "hb", "gb"] as const).map((key) => [`${key}.rows`, builder.op("Identity", [sides[key]])]),
    ),
    "ga.scale": scale,
    "ga.norms": builder.op("ReduceSumSquare", [ga, builder.ints([1])], { keepdims: int(0) }),
    "ga.sum": builder.op("Gemm", [ones, ga]),
  };
}
