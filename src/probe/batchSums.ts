/**
 * @file Puts the centred sums of one batch back together in float64 and adds them to a layer's moments. Of symmetric sums only the
 * lower triangle is added up; `completeSums` mirrors it once, behind the last batch.
 */
import { mirrorLower } from "../linalg/tiles.ts";
import type { LayerMoments, Side, SideMoments } from "../moments/moments.ts";
import type { Tensor } from "../onnx/tensor.ts";
import { addClasses } from "./classNodes.ts";
import type { DeferredSums } from "./deferredSums.ts";
import { lowerSegments } from "./lowerBlocks.ts";
import type { SumNames } from "./momentNodes.ts";
import type { RowSums } from "./turnedSums.ts";

/**
 * Adds one batch to `layer` in place: of (d, d) sums of one kind of rows the lower triangle alone.
 *
 * @param outputs results of the instrumented graph
 * @param names the layer's output names (addMomentNodes)
 * @param n rows of the batch
 * @param deferred where the sums of a side go that are of other coordinates
 */
export function addBatch(
  layer: LayerMoments,
  outputs: Readonly<Record<string, Tensor>>,
  names: SumNames,
  n: number,
  deferred?: DeferredSums,
): void {
  const read = (key: string) => outputs[names[key]!]!.data as Float32Array;
  const scale = read("scale")[0]!;
  layer.n += n;
  if (layer.a !== undefined) addSide(layer.a, "a", read, n, scale, deferred);
  addSide(layer.b, "b", read, n, scale, deferred);
  if (layer.labelled !== undefined) addClasses(layer.labelled, read);
  if (layer.gbHa !== undefined) addCross(layer.gbHa, read, "cross.ba", "gb", "ha", n, scale);
  else if (layer.b.gh !== undefined) addCross(layer.b.gh, read, "cross.b", "gb", "hb", n, scale);
}

function addSide(
  side: SideMoments,
  c: Side,
  read: (key: string) => Float32Array,
  n: number,
  scale: number,
  deferred: DeferredSums | undefined,
): void {
  const other = deferred?.side === c ? deferred : undefined;
  const plain = { h: { sum: side.hSum!, gram: side.hh! }, g: { sum: side.gSum!, gram: side.gg! } };
  const normalized = { h: { sum: side.hnSum!, gram: side.hnhn! }, g: { sum: side.gnSum!, gram: side.gngn! } };
  for (const which of ["h", "g"] as const) {
    const elsewhere = which === (c === "a" ? "g" : "h") ? other : undefined;
    addGram(elsewhere?.plain ?? plain[which], read, `${which}${c}`, n, which === "g" ? scale : 1);
    addGram(elsewhere?.normalized ?? normalized[which], read, `${which}${c}n`, n);
  }
  side.keptH += read(`h${c}.kept`)[0]!;
  side.keptG += read(`g${c}.kept`)[0]!;
  side.h2 += read(`h${c}.norm2`)[0]!;
  side.h4 += read(`h${c}.norm4`)[0]!;
  side.g2 += read(`g${c}.norm2`)[0]! * scale ** 2;
  side.g4 += read(`g${c}.norm4`)[0]! * scale ** 4;
}

/**
 * sum x = n m + r and sum x x^T = C + n m m^T + r m^T + m r^T   (docs/theory.md Eq. 10), of rows that were divided by `scale`.
 */
function addGram({ sum, gram }: RowSums, read: (key: string) => Float32Array, key: string, n: number, scale = 1): void {
  const m = read(`${key}.mean`);
  const r = read(`${key}.rest`);
  const C = read(`${key}.gram`);
  const d = sum.length;
  const square = scale * scale;
  for (let i = 0; i < d; i++) sum[i]! += scale * (n * m[i]! + r[i]!);
  for (const { row, from, to, at } of lowerSegments(d)) {
    const whole = n * m[row]! + r[row]!;
    const mi = m[row]!;
    for (let j = from; j < to; j++) gram[row * d + j]! += square * (C[at + j - from]! + whole * m[j]! + mi * r[j]!);
  }
}

/** Mirrors the lower triangles that `addBatch` has added up, in place. */
export function completeSums({ a, b }: LayerMoments): void {
  for (const side of a === undefined ? [b] : [a, b])
    for (const gram of [side.hh, side.gg, side.hnhn, side.gngn]) if (gram !== undefined) mirrorLower(gram, side.d);
}

/** sum g h^T = C + n m_g m_h^T + r_g m_h^T + m_g r_h^T, of rows g that were divided by `scale`. */
function addCross(
  cross: Float64Array,
  read: (key: string) => Float32Array,
  key: string,
  g: string,
  h: string,
  n: number,
  scale: number,
): void {
  const C = read(key);
  const [mg, rg] = [read(`${g}.mean`), read(`${g}.rest`)];
  const [mh, rh] = [read(`${h}.mean`), read(`${h}.rest`)];
  const columns = mh.length;
  for (let i = 0; i < mg.length; i++) {
    const row = i * columns;
    const whole = n * mg[i]! + rg[i]!;
    const mi = mg[i]!;
    for (let j = 0; j < columns; j++) cross[row + j]! += scale * (C[row + j]! + whole * mh[j]! + mi * rh[j]!);
  }
}
