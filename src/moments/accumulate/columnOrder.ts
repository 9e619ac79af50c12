/**
 * @file Reorders everything indexed by the columns of h_a from the order inside the graph, (kernel positions,
 * channels), to PyTorch's (channels, kernel positions). Done once per measurement; in the graph it would be a transpose
 * of every (d, d) sum of every batch.
 */
import type { LayerMoments } from "../moments.ts";

/**
 * Reorders the sums over h_a and g_a of a layer, in place.
 *
 * @param order [kernel positions, channels]: column p * channels + c of the sums becomes c * positions + p
 */
export function restoreColumns(layer: LayerMoments, order: readonly [number, number]): void {
  const [positions, channels] = order;
  if (positions === 1 || channels === 1 || layer.a === undefined) return;
  const from = sourcesOf(order);
  const { a, gbHa } = layer;
  for (const vector of [a.hSum, a.gSum, a.hnSum, a.gnSum]) if (vector !== undefined) permuteColumns(vector, from);
  for (const square of [a.hh, a.gg, a.hnhn, a.gngn, a.gh]) {
    if (square === undefined) continue;
    permuteRows(square, from);
    permuteColumns(square, from);
  }
  if (gbHa !== undefined) permuteColumns(gbHa, from);
}

/** Reorders the columns of rows of h_a or g_a, in place. */
export function columnsOf(rows: Float32Array | Float64Array, order: readonly [number, number]): void {
  const [positions, channels] = order;
  if (positions > 1 && channels > 1) permuteColumns(rows, sourcesOf(order));
}

/** Index in the graph of each of PyTorch's columns. */
function sourcesOf([positions, channels]: readonly [number, number]): Uint32Array {
  return Uint32Array.from({ length: positions * channels }, (_, column) => {
    const [channel, position] = [Math.floor(column / positions), column % positions];
    return position * channels + channel;
  });
}

/** Sets column j of each row to column from[j]. */
function permuteColumns(data: Float32Array | Float64Array, from: Uint32Array): void {
  const d = from.length;
  const before = new Float64Array(d);
  for (let start = 0; start < data.length; start += d) {
    before.set(data.subarray(start, start + d));
    for (let j = 0; j < d; j++) data[start + j] = before[from[j]!]!;
  }
}

function permuteRows(data: Float64Array, from: Uint32Array): void {
  const d = from.length;
  const before = data.slice();
  for (let i = 0; i < d; i++) data.set(before.subarray(from[i]! * d, (from[i]! + 1) * d), i * d);
}
