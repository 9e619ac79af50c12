/**
 * @file Sums of rows x and of x x^T over some batches, in little memory: x x^T by lower blocks, with the last batch
 * kept in float32 as it left the engine until another batch arrives. Plain data, so that another thread can finish
 * them.
 */
import { mirrorLower } from "../../linalg/triangleTiles.ts";
import { lowerLength, lowerSegments, type Segment } from "./lowerBlocks.ts";

/** Centred sums of the rows of one batch, divided by `scale` (docs/theory.md Eq. 10). */
export interface CentredSums {
  /** (d) m, about the mean */
  readonly mean: Float32Array;
  /** C = sum (x - m)(x - m)^T, its lower blocks */
  readonly gram: Float32Array;
  /** (d) r = sum (x - m) */
  readonly rest: Float32Array;
  readonly n: number;
  readonly scale: number;
}

export interface RowSums {
  /** (d) sum x */
  readonly sum: Float64Array;
  /** lower blocks of sum x x^T over all batches except the last; undefined if there are none */
  lower: Float64Array | undefined;
  last: CentredSums | undefined;
}

export function emptyRowSums(d: number): RowSums {
  return { sum: new Float64Array(d), lower: undefined, last: undefined };
}

/** Adds a batch; its arrays are kept without copying. */
export function addCentred(sums: RowSums, batch: CentredSums): void {
  const { mean, rest, n, scale } = batch;
  const { sum } = sums;
  for (let i = 0; i < sum.length; i++) sum[i]! += scale * (n * mean[i]! + rest[i]!);
  settle(sums);
  sums.last = batch;
}

/** The arrays of the sums, for transfer to another thread. */
export function arraysOf({ sum, lower, last }: RowSums): (Float32Array | Float64Array)[] {
  return [sum, ...(lower ? [lower] : []), ...(last ? [last.mean, last.gram, last.rest] : [])];
}

/** Writes sum x x^T to `into` (d, d), both triangles. */
export function writeGram(sums: RowSums, into: Float64Array): Float64Array {
  const d = sums.sum.length;
  if (sums.lower !== undefined) settle(sums);
  const { lower, last } = sums;
  if (lower !== undefined)
    for (const { row, from, to, at } of lowerSegments(d)) into.set(lower.subarray(at, at + to - from), row * d + from);
  else if (last !== undefined)
    for (const segment of lowerSegments(d)) writeRun(into, segment.row * d + segment.from, last, segment);
  else into.fill(0);
  mirrorLower(into, d);
  return into;
}

/** Adds the last batch to the earlier ones. */
function settle(sums: RowSums): void {
  const { last } = sums;
  if (last === undefined) return;
  const d = sums.sum.length;
  const before = sums.lower;
  const lower = before ?? new Float64Array(lowerLength(d));
  for (const segment of lowerSegments(d)) writeRun(lower, segment.at, last, segment, before);
  sums.lower = lower;
  sums.last = undefined;
}

/**
 * Entries from to to - 1 of a row of C + n m m^T + r m^T + m r^T, which begin at `at` in C, times the square of the
 * scale, behind those of `before` at the same place.
 */
function writeRun(
  into: Float64Array,
  start: number,
  { gram, mean, rest, n, scale }: CentredSums,
  { row, from, to, at }: Segment,
  before?: Float64Array,
): void {
  const square = scale * scale;
  const whole = n * mean[row]! + rest[row]!;
  const m = mean[row]!;
  for (let j = from; j < to; j++) {
    const value = square * (gram[at + j - from]! + whole * mean[j]! + m * rest[j]!);
    const k = start + j - from;
    into[k] = before === undefined ? value : before[k]! + value;
  }
}
