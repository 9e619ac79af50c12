/**
 * @file Rows instead of sums: for few rows, n rows of d values take less memory than (d, d) sums and hold the same
 * information. They leave the graph in float32. Of g_a = W^T g_b (docs/theory.md Eq. 5) only the squared norms and the
 * sum leave it.
 */
import { int } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import type { Measurable } from "../maps/linearMap.ts";

/** chosen: a map with more rows has too many for its products, whatever its width. */
const MOST_ROWS = 8192;
/**
 * chosen: cost of a multiplication of rows, in float64, relative to one of sums, in float32, including the later
 * measures.
 */
const ROW_COST = 1.7;
/** Symmetric sums of a side, of which little more than half is computed: H and G, of plain and of normalized rows. */
const SUMS = 4 * 0.56;

/**
 * Whether rows of a map are kept: where products of all pairs of rows take no longer than sums. They then take less
 * memory too.
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
 * @returns names of `ha.rows`, `hb.rows`, `gb.rows` (an Identity of each, since one may already be an input or an
 *   output); for ga divided by its largest entry `ga.scale`: `ga.norms` (n), the squared norms, and `ga.sum` (1, dIn)
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
