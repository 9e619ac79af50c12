/**
 * @file Rows in place of sums: where all rows of a map are fewer than the values of one of its sides, n rows of d values are less than d x d
 * sums and say the same. They leave the graph in float32 and are joined in float64.
 */
import type { KeptRows, LayerMoments, SideMoments } from "../moments/moments.ts";
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { columnsOf } from "./columnOrder.ts";
import type { Measurable } from "./linearMap.ts";

/** chosen: products of all pairs of rows, of which a measure holds some, take 128 MB each. */
const MOST_ROWS = 4096;

/** chosen: times as many values as rows from which rows take less memory and time than sums. */
const LEAST_SHARE = 2;

const KEYS = ["ha", "ga", "hb", "gb"] as const;

/** Whether rows are kept of a map. @param rows of all batches */
export function keepsRows({ dOut, input }: Measurable, rows: number): boolean {
  return input !== undefined && rows <= MOST_ROWS && LEAST_SHARE * rows <= Math.max(dOut, input.dIn);
}

/**
 * Names of the outputs that hold a batch's rows.
 *
 * @param sides names of the rows: ha, ga, hb, gb. An Identity of each, since one may be an input, or an output already
 */
export function outputRows(builder: GraphBuilder, sides: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(KEYS.map((key) => [`${key}.rows`, builder.op("Identity", [sides[key]!])]));
}

/** Rows by batch, in order. */
export type RowBatches = Record<(typeof KEYS)[number], Float64Array[]>;

export function noRows(): RowBatches {
  return { ha: [], ga: [], hb: [], gb: [] };
}

export function keepRows(batches: RowBatches, read: (key: string) => Float32Array, scale: number): void {
  for (const key of KEYS) {
    const factor = key.startsWith("g") ? scale : 1;
    batches[key].push(Float64Array.from(read(`${key}.rows`), (value) => factor * value));
  }
}

/** The layer with its rows, the sums of rows and the numbers. @param columnOrder as restoreColumns has it */
export function withKeptRows(
  layer: LayerMoments,
  batches: RowBatches,
  columnOrder: readonly [number, number] | undefined,
): LayerMoments {
  const rows: KeptRows = {
    ha: joined(batches.ha),
    ga: joined(batches.ga),
    hb: joined(batches.hb),
    gb: joined(batches.gb),
  };
  if (columnOrder !== undefined) for (const key of ["ha", "ga"] as const) columnsOf(rows[key], columnOrder);
  return { ...layer, rows, a: sideOf(layer.a!, rows.ha, rows.ga), b: sideOf(layer.b, rows.hb, rows.gb) };
}

function joined(batches: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(batches.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const batch of batches) {
    all.set(batch, at);
    at += batch.length;
  }
  return all;
}

function sideOf({ d }: SideMoments, h: Float64Array, g: Float64Array): SideMoments {
  const [ofH, ofG] = [numbersOf(h, d), numbersOf(g, d)];
  return {
    d,
    hSum: ofH.sum,
    gSum: ofG.sum,
    keptH: ofH.kept,
    keptG: ofG.kept,
    h2: ofH.squares,
    h4: ofH.fourths,
    g2: ofG.squares,
    g4: ofG.fourths,
  };
}

function numbersOf(rows: Float64Array, d: number) {
  const sum = new Float64Array(d);
  let [kept, squares, fourths] = [0, 0, 0];
  for (let start = 0; start < rows.length; start += d) {
    let square = 0;
    for (let j = 0; j < d; j++) {
      const value = rows[start + j]!;
      sum[j]! += value;
      square += value * value;
    }
    if (square > 0) kept++;
    squares += square;
    fourths += square * square;
  }
  return { sum, kept, squares, fourths };
}
