/**
 * @file Rows in place of sums: where all rows of a map are few beside the values of its sides, n rows of d values are less than (d, d) sums
 * and say the same. They leave the graph in float32; of g_a = W^T g_b (docs/theory.md Eq. 5) alone their squared norms and their sum.
 */
import type { KeptRows, LayerMoments, SideMoments } from "../../moments/moments.ts";
import { int } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import { columnsOf } from "../maps/columnOrder.ts";
import type { Measurable } from "../maps/linearMap.ts";

/** chosen: a map of more rows has too many for its products, whatever its width. */
const MOST_ROWS = 8192;
/** chosen: multiplications of rows, in float64, in the time of one of sums, in float32, and of what measures do with them. */
const ROW_COST = 1.7;
/** Symmetric sums of a side of which a little more than half is computed: H and G, of plain and of normalized rows. */
const SUMS = 4 * 0.56;

/**
 * Whether rows are kept of a map: where products of all pairs of rows take no longer than sums. They take less memory then.
 *
 * @param rows n of all batches. Products take n^2 (d + d' / 2 ..) multiplications (relationsFromRows), sums n (d^2 + d'^2)
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
 * @returns names of `ha.rows`, `hb.rows`, `gb.rows` (an Identity of each, since one may be an input, or an output already); of ga divided by
 *   its largest entry `ga.scale` `ga.norms` (n), their squared norms, and `ga.sum` (1, dIn)
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

/** Rows by batch, in order, and what is known of those of g_a. */
export interface RowBatches {
  readonly ha: (Float32Array | Float64Array)[];
  readonly hb: (Float32Array | Float64Array)[];
  readonly gb: Float64Array[];
  readonly ga: RowNumbers[];
}

/** Numbers of rows x. */
export interface RowNumbers {
  /** (d) sum x */
  readonly sum: Float64Array;
  /** Rows that are not zero. */
  readonly kept: number;
  /** sum |x|^2 and sum |x|^4 */
  readonly squares: number;
  readonly fourths: number;
}

export function noRows(): RowBatches {
  return { ha: [], hb: [], gb: [], ga: [] };
}

/** @param read the outputs of `outputRows`, which are kept. @param scale of the gradients */
export function keepRows(batches: RowBatches, read: (key: string) => Float32Array, scale: number): void {
  batches.ha.push(read("ha.rows"));
  batches.hb.push(read("hb.rows"));
  batches.gb.push(Float64Array.from(read("gb.rows"), (value) => scale * value));
  const factor = scale * read("ga.scale")[0]!;
  const sum = Float64Array.from(read("ga.sum"), (value) => factor * value);
  batches.ga.push({ sum, ...numbersOfNorms(Float64Array.from(read("ga.norms"), (square) => factor ** 2 * square)) });
}

/** The layer with its rows, the sums of rows and the numbers. @param columnOrder as restoreColumns has it */
export function withKeptRows(
  layer: LayerMoments,
  batches: RowBatches,
  columnOrder: readonly [number, number] | undefined,
): LayerMoments {
  const rows: KeptRows = { ha: joined(batches.ha), hb: joined(batches.hb), gb: joined(batches.gb) };
  const a = sideOf(layer.a!, numbersOf(rows.ha, layer.dIn), batches.ga.reduce(added));
  if (columnOrder !== undefined) for (const each of [rows.ha, a.hSum!, a.gSum!]) columnsOf(each, columnOrder);
  const b = sideOf(layer.b, numbersOf(rows.hb, layer.dOut), numbersOf(rows.gb, layer.dOut));
  return { ...layer, rows, a, b };
}

/** Behind one another; one batch is taken as it is. */
function joined<Values extends Float32Array | Float64Array>(batches: readonly Values[]): Values {
  const [first] = batches;
  if (batches.length === 1) return first!;
  const all = new (first!.constructor as new (length: number) => Values)(
    batches.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const batch of batches) {
    all.set(batch, at);
    at += batch.length;
  }
  return all;
}

function added(x: RowNumbers, y: RowNumbers): RowNumbers {
  return {
    sum: x.sum.map((value, j) => value + y.sum[j]!),
    kept: x.kept + y.kept,
    squares: x.squares + y.squares,
    fourths: x.fourths + y.fourths,
  };
}

function sideOf({ d }: SideMoments, h: RowNumbers, g: RowNumbers): SideMoments {
  return {
    d,
    hSum: h.sum,
    gSum: g.sum,
    keptH: h.kept,
    keptG: g.kept,
    h2: h.squares,
    h4: h.fourths,
    g2: g.squares,
    g4: g.fourths,
  };
}

/** @param rows (n, d) */
export function numbersOf(rows: Float32Array | Float64Array, d: number): RowNumbers {
  const sum = new Float64Array(d);
  const norms = new Float64Array(rows.length / d);
  for (let i = 0; i < norms.length; i++)
    for (let j = 0; j < d; j++) {
      const value = rows[i * d + j]!;
      sum[j]! += value;
      norms[i]! += value * value;
    }
  return { sum, ...numbersOfNorms(norms) };
}

function numbersOfNorms(norms: Float64Array): Omit<RowNumbers, "sum"> {
  let [kept, squares, fourths] = [0, 0, 0];
  for (const square of norms) {
    if (square > 0) kept++;
    squares += square;
    fourths += square * square;
  }
  return { kept, squares, fourths };
}
