/**
 * @file The direct path from the user's arrays to moments: float64, row by row, for any dtype of the rows. It is the
 * readable reference for the sums computed in a graph.
 */
import { matmul, matrix } from "../linalg/matrix.ts";
import { addGram, addProducts } from "../linalg/products.ts";
import type { LayerMoments, SideMoments } from "./moments.ts";

export type Rows = Float32Array | Float64Array;

/** The rows of one layer: n samples, one per row, row-major. A head (no side a) takes only hb and gb. */
export interface LayerRows {
  /** (n, dIn) input activations */
  ha?: Rows;
  /** (n, dOut) output activations */
  hb: Rows;
  /** (n, dOut) gradient of the per-sample loss with respect to hb */
  gb: Rows;
  /** (n, dIn) gradient through this map only; g_a = W^T g_b (theory.md Eq. 5) if not given */
  ga?: Rows;
}

/** Rows converted at a time. chosen: 256 rows keep the buffers below 2 MB at d = 784. */
const chunk = 256;

/**
 * Adds the rows of one batch to the sums of a layer (theory.md Eqs. 2, 3, 8, 9); missing blocks stay absent.
 *
 * @param layer updated in place; `emptyLayer` makes one
 * @param rows  (n, dIn) and (n, dOut) arrays; samples of a batch with a mean loss need their gradients multiplied by n
 * @throws RangeError if the arrays disagree in n, a value is not finite, or g_a is needed and the layer has no W;
 *   the layer is then unchanged
 *
 * Sums in float64. O(n d^2) for each matrix block present.
 */
export function addRows(layer: LayerMoments, rows: LayerRows): void {
  const n = countRows(layer, rows);
  for (let start = 0; start < n; start += chunk) {
    const count = Math.min(chunk, n - start);
    const take = (from: Rows, d: number): Float64Array =>
      new Float64Array(from.subarray(start * d, (start + count) * d));
    const gb = take(rows.gb, layer.dOut);
    addSide(layer.b, take(rows.hb, layer.dOut), gb, count);
    if (!layer.a || !rows.ha) continue;
    const ha = take(rows.ha, layer.dIn);
    const ga = rows.ga ? take(rows.ga, layer.dIn) : matmul(matrix(count, layer.dOut, gb), layer.W!).data;
    addSide(layer.a, ha, ga, count);
    if (layer.gbHa) addProducts(layer.gbHa, gb, ha, count, layer.dOut, layer.dIn);
  }
  layer.n += n;
}

/**
 * The number of rows, after checking all arrays.
 *
 * @throws RangeError as `addRows`
 */
export function countRows(layer: LayerMoments, rows: LayerRows): number {
  const { name, dIn, dOut } = layer;
  const n = rows.hb.length / dOut;
  if (!Number.isInteger(n))
    throw new RangeError(
      `addRows: expected hb of ${name} to be (n, ${dOut}), got ${rows.hb.length} values; pass whole rows`,
    );
  if (layer.a && !rows.ha) throw new RangeError(`addRows: expected ha for ${name}, got none; pass (${n}, ${dIn})`);
  if (layer.a && !rows.ga && !layer.W)
    throw new RangeError(
      `addRows: expected ga or the weights of ${name}, got neither; g_a = W^T g_b needs one of them`,
    );
  const expected = { ha: dIn, hb: dOut, gb: dOut, ga: dIn };
  for (const key of ["ha", "hb", "gb", "ga"] as const) {
    const values = rows[key];
    if (!values) continue;
    const d = expected[key];
    if (values.length !== n * d)
      throw new RangeError(`addRows: expected ${key} of ${name} to be (${n}, ${d}), got ${values.length} values`);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new RangeError(
        `addRows: expected finite numbers in ${key} of ${name}, got ${values[bad]} in row ${Math.floor(bad / d)}`,
      );
  }
  return n;
}

function addSide(side: SideMoments, h: Float64Array, g: Float64Array, n: number): void {
  const d = side.d;
  if (side.gh) addProducts(side.gh, g, h, n, d, d);
  addVector(side.hSum, h, n, d);
  addVector(side.gSum, g, n, d);
  if (side.hh) addGram(side.hh, h, n, d);
  if (side.gg) addGram(side.gg, g, n, d);
  const H = normalize(h, n, d);
  const G = normalize(g, n, d);
  side.keptH += H.kept;
  side.keptG += G.kept;
  side.h2 += H.squares;
  side.h4 += H.fourths;
  side.g2 += G.squares;
  side.g4 += G.fourths;
  addVector(side.hnSum, H.unit, H.kept, d);
  addVector(side.gnSum, G.unit, G.kept, d);
  if (side.hnhn) addGram(side.hnhn, H.unit, H.kept, d);
  if (side.gngn) addGram(side.gngn, G.unit, G.kept, d);
}

function addVector(sum: Float64Array | undefined, rows: Float64Array, n: number, d: number): void {
  if (!sum) return;
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) sum[j]! += rows[i * d + j]!;
}

/**
 * The nonzero rows divided by their norm, packed to the front, with the sums of |v|^2 and |v|^4 over all rows.
 */
function normalize(
  rows: Float64Array,
  n: number,
  d: number,
): { unit: Float64Array; kept: number; squares: number; fourths: number } {
  const unit = new Float64Array(n * d);
  let kept = 0;
  let squares = 0;
  let fourths = 0;
  for (let i = 0; i < n; i++) {
    let square = 0;
    for (let j = 0; j < d; j++) square += rows[i * d + j]! ** 2;
    squares += square;
    fourths += square * square;
    if (square === 0) continue;
    const norm = Math.sqrt(square);
    for (let j = 0; j < d; j++) unit[kept * d + j] = rows[i * d + j]! / norm;
    kept++;
  }
  return { unit, kept, squares, fourths };
}
