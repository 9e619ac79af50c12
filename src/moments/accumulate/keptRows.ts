/**
 * @file Rows kept instead of sums, batch by batch: rows of h in float32; for g_a = W^T g_b (docs/theory.md Eq. 5) only
 * counts and norms.
 */
import type { KeptRows, LayerMoments, SideMoments } from "../moments.ts";
import { columnsOf } from "./columnOrder.ts";

/** Rows by batch, in order, and the numbers of the rows of g_a. */
export interface RowBatches {
  readonly ha: (Float32Array | Float64Array)[];
  readonly hb: (Float32Array | Float64Array)[];
  readonly gb: Float64Array[];
  readonly ga: RowNumbers[];
}

/** Sum, count and norms of rows x. */
export interface RowNumbers {
  /** (d) sum x */
  readonly sum: Float64Array;
  /** Number of nonzero rows. */
  readonly kept: number;
  /** sum |x|^2 and sum |x|^4 */
  readonly squares: number;
  readonly fourths: number;
}

export function noRows(): RowBatches {
  return { ha: [], hb: [], gb: [], ga: [] };
}

/**
 * @param read the batch's `ha.rows`, `hb.rows`, `gb.rows`, `ga.scale`, `ga.norms` and `ga.sum`, which are kept. @param
 *   scale scale of the gradients
 */
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

/** Concatenates batches; a single batch is not copied. */
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
