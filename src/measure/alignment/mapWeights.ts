/**
 * @file The weights of a map as the factor of row products. Where most of W is zero, only its other entries are
 * visited: W of a depthwise convolution has the channels as blocks on its diagonal.
 */
import type { Matrix } from "../../linalg/matrix.ts";
import type { Multiply } from "../../linalg/products.ts";
import { blocksOf, columnsOf, productOf, type Rows } from "./rowProducts.ts";

/** W (dOut, dIn), and its nonzero entries where they are few. */
export interface MapWeights {
  readonly W: Matrix;
  readonly entries: Entries | undefined;
}

/** Row by row: the entries of row i are at starts[i] to starts[i + 1] - 1. */
interface Entries {
  readonly starts: Uint32Array;
  readonly columns: Uint32Array;
  readonly values: Float64Array;
}

/** chosen: a product of dense matrices is as fast as a sparse one that visits an eighth of the entries. */
const MOST_ENTRIES = 1 / 8;

export function mapWeights(W: Matrix): MapWeights {
  const { rows, cols, data } = W;
  let count = 0;
  for (const value of data) if (value !== 0) count++;
  if (count > MOST_ENTRIES * data.length) return { W, entries: undefined };
  const [starts, columns, values] = [new Uint32Array(rows + 1), new Uint32Array(count), new Float64Array(count)];
  let at = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const value = data[i * cols + j]!;
      if (value === 0) continue;
      columns[at] = j;
      values[at++] = value;
    }
    starts[i + 1] = at;
  }
  return { W, entries: { starts, columns, values } };
}

/** Some rows (dIn) times W^T: (to - from, dOut). */
export async function timesTransposed(
  multiply: Multiply,
  x: Rows,
  [from, to]: readonly [number, number],
  { W, entries }: MapWeights,
): Promise<Float64Array> {
  const count = to - from;
  const all = new Float64Array(count * W.rows);
  if (entries !== undefined) {
    for (let i = 0; i < count; i++) intoRow(all, i * W.rows, x, from + i, entries);
    return all;
  }
  const X = columnsOf(x, from, to);
  const weights: Rows = { n: W.rows, width: W.cols, data: W.data };
  for (const [first, last] of blocksOf(W.rows)) {
    const some = last - first;
    const part = await productOf(multiply, X, columnsOf(weights, first, last), W.cols, count, some);
    for (let i = 0; i < count; i++) all.set(part.subarray(i * some, (i + 1) * some), i * W.rows + first);
  }
  return all;
}

/** Some rows (dOut) times W: (to - from, dIn). */
export async function timesWeights(
  multiply: Multiply,
  x: Rows,
  [from, to]: readonly [number, number],
  { W, entries }: MapWeights,
): Promise<Float64Array> {
  const count = to - from;
  if (entries === undefined) return await productOf(multiply, columnsOf(x, from, to), W.data, W.rows, count, W.cols);
  const all = new Float64Array(count * W.cols);
  for (let i = 0; i < count; i++) addRow(all, i * W.cols, x, from + i, entries);
  return all;
}

/** W x */
export function timesVector(weights: MapWeights, x: Float64Array): Float64Array {
  const { rows, cols, data } = weights.W;
  const out = new Float64Array(rows);
  if (weights.entries !== undefined) intoRow(out, 0, { n: 1, width: cols, data: x }, 0, weights.entries);
  else for (let i = 0; i < rows; i++) out[i] = dot(data, i * cols, x);
  return out;
}

/** W^T x */
export function timesColumn(weights: MapWeights, x: Float64Array): Float64Array {
  const { rows, cols, data } = weights.W;
  const out = new Float64Array(cols);
  if (weights.entries !== undefined) addRow(out, 0, { n: 1, width: rows, data: x }, 0, weights.entries);
  else for (let i = 0; i < rows; i++) addTimes(out, x[i]!, data, i * cols);
  return out;
}

/** Row i of x times W^T. */
function intoRow(out: Float64Array, to: number, x: Rows, i: number, { starts, columns, values }: Entries): void {
  const { data, width } = x;
  const row = i * width;
  for (let o = 0; o + 1 < starts.length; o++) {
    let sum = 0;
    for (let at = starts[o]!; at < starts[o + 1]!; at++) sum += values[at]! * data[row + columns[at]!]!;
    out[to + o] = sum;
  }
}

/** Adds row i of x times W. */
function addRow(out: Float64Array, to: number, x: Rows, i: number, { starts, columns, values }: Entries): void {
  const { data, width } = x;
  const row = i * width;
  for (let o = 0; o < width; o++) {
    const value = data[row + o]!;
    for (let at = starts[o]!; at < starts[o + 1]!; at++) out[to + columns[at]!]! += value * values[at]!;
  }
}

function dot(data: Float64Array, start: number, x: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += data[start + j]! * x[j]!;
  return sum;
}

function addTimes(out: Float64Array, factor: number, data: Float64Array, start: number): void {
  for (let j = 0; j < out.length; j++) out[j]! += factor * data[start + j]!;
}

/** |W W^T|^2 from entries, for rows that share few columns. */
export function gramSquaresOf({ W, entries }: MapWeights): number | undefined {
  if (entries === undefined || W.rows > W.cols) return undefined;
  const { starts, columns, values } = entries;
  const byColumn: { row: number; value: number }[][] = Array.from({ length: W.cols }, () => []);
  for (let row = 0; row < W.rows; row++)
    for (let at = starts[row]!; at < starts[row + 1]!; at++) byColumn[columns[at]!]!.push({ row, value: values[at]! });
  const Z = new Float64Array(W.rows * W.rows);
  for (const shared of byColumn)
    for (const x of shared) for (const y of shared) Z[x.row * W.rows + y.row]! += x.value * y.value;
  return Z.reduce((sum, value) => sum + value * value, 0);
}
