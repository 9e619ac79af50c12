/**
 * @file The sums of one layer over some batches in the form in which they leave the engine, and their conversion to
 * moments. Plain data, so that another thread can finish them.
 */
import { ArrayPool } from "../../linalg/arrayPool.ts";
import type { LayerMoments, Moments, Side, SideMoments } from "../moments.ts";
import { mergeNoise } from "../noiseSums.ts";
import { addClasses } from "./addClasses.ts";
import { addNoise } from "./addNoise.ts";
import type { SumProducts } from "./changeOfBasis.ts";
import { restoreColumns } from "./columnOrder.ts";
import { keepRows, noRows, type RowBatches, withKeptRows } from "./keptRows.ts";
import { addCrossMoments, addDeferred, type DeferredSums, deferredRows } from "./rowSpaceSums.ts";
import { addCentred, arraysOf, emptyRowSums, type RowSums, writeGram } from "./rowSums.ts";

/** Names of the graph outputs that hold one layer's sums, keyed by what they are. */
export type SumNames = Readonly<Record<string, string>>;

/** The results of an engine for a batch, by names of outputs. */
export type BatchOutputs = Readonly<Record<string, { readonly data: unknown }>>;

/** The unfinished form of Moments, over one group of samples. */
export type UnfinishedMoments = Omit<Moments, "layers"> & { readonly layers: LayerSums[] };

export interface LayerSums {
  /** Counts, norms, sums by class and of outputs; its other sums are still missing. */
  readonly layer: LayerMoments;
  /** By the names of addMomentNodes: ha, ga, han, gan, hb, gb, hbn, gbn. */
  readonly rows: Readonly<Record<string, RowSums>>;
  /** (dOut, dIn) sum g_b h_a^T; of a head (dOut, dOut) sum g_b h_b^T */
  readonly cross: Float64Array | undefined;
  /** Columns of h_a are in another order than those of W, which is corrected after the last batch. */
  readonly columnOrder: readonly [number, number] | undefined;
  /** Instead of sums, where rows are kept. */
  readonly kept: RowBatches | undefined;
  /** Sums of one side in other coordinates. */
  deferred: DeferredSums | undefined;
}

/** The sums of a side by kind of rows, and their names without the side. */
const KINDS = [
  { which: "h", suffix: "", sum: "hSum", gram: "hh" },
  { which: "g", suffix: "", sum: "gSum", gram: "gg" },
  { which: "h", suffix: "n", sum: "hnSum", gram: "hnhn" },
  { which: "g", suffix: "n", sum: "gnSum", gram: "gngn" },
] as const;

/**
 * Sums over no samples.
 *
 * @param layer without sums, updated as batches are added
 * @param options.cross whether there are sums of g h^T
 */
export function emptyLayerSums(
  layer: LayerMoments,
  {
    cross,
    columnOrder,
    keepsRows = false,
  }: {
    readonly cross: boolean;
    readonly columnOrder?: readonly [number, number] | undefined;
    readonly keepsRows?: boolean;
  },
): LayerSums {
  if (keepsRows) return { layer, rows: {}, cross: undefined, columnOrder, kept: noRows(), deferred: undefined };
  const rows: Record<string, RowSums> = {};
  for (const c of ["a", "b"] as const) {
    const d = layer[c]?.d;
    if (d !== undefined) for (const { which, suffix } of KINDS) rows[`${which}${c}${suffix}`] = emptyRowSums(d);
  }
  const crossed = cross ? new Float64Array(layer.b.d * (layer.a ?? layer.b).d) : undefined;
  return { layer, rows, cross: crossed, columnOrder, kept: undefined, deferred: undefined };
}

/**
 * Adds one batch to `sums` in place.
 *
 * @param outputs results of the instrumented graph, which are kept
 * @param names the layer's output names (addMomentNodes)
 * @param n rows of the batch
 * @param deferred receives the sums of a side in other coordinates
 * @param examples number of examples in the batch, for sums of noise
 */
export function addBatch(
  sums: LayerSums,
  outputs: BatchOutputs,
  names: SumNames,
  n: number,
  deferred?: DeferredSums,
  examples = n,
): void {
  const { layer } = sums;
  const found = (key: string) => outputs[names[key] ?? ""]?.data as Float32Array | undefined;
  const read = (key: string) => found(key)!;
  const scale = read("scale")[0]!;
  const ofH = { a: found("ha.scale")?.[0] ?? 1, b: found("hb.scale")?.[0] ?? 1 };
  const ofG = { a: scale * (found("ga.scale")?.[0] ?? 1), b: scale };
  layer.n += n;
  if (sums.kept !== undefined) {
    keepRows(sums.kept, read, scale);
    return;
  }
  const elsewhere = deferred && deferredRows(deferred);
  for (const c of ["a", "b"] as const) {
    const side = layer[c];
    if (side === undefined) continue;
    for (const { which, suffix } of KINDS) {
      const key = `${which}${c}${suffix}`;
      const [mean, gram, rest] = [read(`${key}.mean`), read(`${key}.gram`), read(`${key}.rest`)];
      const factor = suffix === "n" ? 1 : (which === "g" ? ofG : ofH)[c];
      addCentred(elsewhere?.[key] ?? sums.rows[key]!, { mean, gram, rest, n, scale: factor });
    }
    addNorms(side, c, read, { h: ofH[c], g: ofG[c] });
  }
  if (layer.labelled !== undefined) addClasses(layer.labelled, read, ofH);
  if (layer.noise !== undefined) addNoise(layer.noise, found, scale, examples);
  if (sums.cross === undefined) return;
  if (layer.a !== undefined) addCross(sums.cross, read, "cross.ba", "gb", "ha", n, scale * ofH.a);
  else addCross(sums.cross, read, "cross.b", "gb", "hb", n, scale * ofH.b);
}

function addNorms(
  side: SideMoments,
  c: Side,
  read: (key: string) => Float32Array,
  scale: { readonly h: number; readonly g: number },
): void {
  side.keptH += read(`h${c}.kept`)[0]!;
  side.keptG += read(`g${c}.kept`)[0]!;
  side.h2 += read(`h${c}.norm2`)[0]! * scale.h ** 2;
  side.h4 += read(`h${c}.norm4`)[0]! * scale.h ** 4;
  side.g2 += read(`g${c}.norm2`)[0]! * scale.g ** 2;
  side.g4 += read(`g${c}.norm4`)[0]! * scale.g ** 4;
}

/**
 * chosen: sums of |h|^4 below which float32 loses rows of usual spread; its range is 2^-149 to 2^128.
 */
const LEAST_FOURTH_POWER = 2 ** -100;

/**
 * Whether squares of a batch's activations, or of gradients with respect to outputs, underflow or overflow in float32,
 * so that they must be measured with `rescaled`. Rows of zeros are in range; so is NaN, which no factor can repair.
 *
 * @param outputs and names as for addBatch
 */
export function isOutOfRange(outputs: BatchOutputs, names: SumNames): boolean {
  const read = (key: string) => outputs[names[key] ?? ""]?.data as Float32Array | undefined;
  return (["ha", "hb", "ga"] as const).some((key) => {
    const fourth = read(`${key}.norm4`)?.[0];
    if (fourth === undefined || (fourth >= LEAST_FOURTH_POWER && fourth < Number.POSITIVE_INFINITY)) return false;
    const entries = [read(`${key}.mean`)!, read(`${key}.rest`)!];
    if (fourth < LEAST_FOURTH_POWER) return entries.some((values) => values.some((value) => value !== 0));
    return entries[0]!.every(Number.isFinite);
  });
}

/**
 * The moments of a layer.
 *
 * @param sums consumed
 * @param memory source of arrays
 * @param crossed whether to compute the sums of g h^T of each side of a map
 */
export async function finishSums(
  sums: LayerSums,
  products: SumProducts,
  {
    memory = new ArrayPool(),
    crossed = true,
  }: { readonly memory?: ArrayPool | undefined; readonly crossed?: boolean } = {},
): Promise<LayerMoments> {
  if (sums.kept !== undefined) return withKeptRows(sums.layer, sums.kept, sums.columnOrder);
  const layer: LayerMoments = { ...sums.layer };
  for (const c of ["a", "b"] as const) {
    const side = sums.layer[c];
    if (side === undefined) continue;
    const whole: SideMoments = { ...side };
    for (const { which, suffix, sum, gram } of KINDS) {
      const rows = sums.rows[`${which}${c}${suffix}`]!;
      whole[sum] = rows.sum;
      whole[gram] = writeGram(rows, memory.acquire(side.d * side.d));
    }
    layer[c] = whole;
  }
  if (sums.cross !== undefined && layer.a === undefined) layer.b.gh = sums.cross;
  if (sums.cross !== undefined && layer.a !== undefined) layer.gbHa = sums.cross;
  if (sums.columnOrder !== undefined) restoreColumns(layer, sums.columnOrder);
  if (sums.deferred !== undefined) await addDeferred(layer, sums.deferred, products);
  if (crossed && layer.gbHa !== undefined) await addCrossMoments(layer, products, memory);
  return layer;
}

/**
 * The data of a layer for pairs of neighbouring maps (PairHalves), before its sums are finished.
 *
 * @param groups the layer's sums over disjoint groups of the samples, unchanged
 */
export function pairSums(groups: readonly LayerSums[]) {
  const { layer, columnOrder } = groups[0]!;
  const { name, W, bias } = layer;
  const noises = groups.flatMap((group) => group.layer.noise ?? []);
  const added = (arrays: readonly (Float64Array | undefined)[]) =>
    arrays.every((array) => array !== undefined)
      ? arrays.reduce((x, y) => x.map((value, i) => value + y[i]!), new Float64Array(arrays[0]!.length))
      : undefined;
  const gbHa = noises.length > 0 ? added(groups.map(({ cross }) => cross)) : undefined;
  if (gbHa && columnOrder && layer.a) restoreColumns({ ...layer, a: { ...layer.a }, gbHa }, columnOrder);
  const gSum = added(groups.map(({ rows }) => rows.gb?.sum));
  return {
    name,
    b: gSum ? { gSum } : {},
    ...(W && { W }),
    ...(bias && { bias }),
    ...(gbHa && { gbHa }),
    ...(noises.length > 0 && { noise: noises.reduce(mergeNoise) }),
  };
}

/** The arrays of the sums, for transfer to another thread. */
export function arraysOfLayer({ rows, cross, kept, deferred }: LayerSums): (Float32Array | Float64Array)[] {
  const all = [...Object.values(rows), ...(deferred ? Object.values(deferredRows(deferred)) : [])];
  const ofRows = kept ? [...kept.ha, ...kept.hb, ...kept.gb] : [];
  return [...all.flatMap(arraysOf), ...(cross ? [cross] : []), ...ofRows];
}

/**
 * sum g h^T = C + n m_g m_h^T + r_g m_h^T + m_g r_h^T, of rows g and h that were divided by factors with product
 * `scale`.
 */
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
