/**
 * @file Moments: the sums over samples from which every measure is computed (theory.md Eqs. 2, 3, 9), and how they
 * merge.
 *
 * Sides: `a` is the input of a linear map h_b = W h_a, `b` its output. h are activations, g = +dl/dh the gradients of
 * the per-sample loss. Each sum exists for plain rows (h, g) and for rows divided by their norm (hn, gn), where rows of
 * norm zero are left out and counted. All sums are float64, those of v v^T exactly symmetric. Nothing here knows which
 * network or file the rows came from.
 */

import { ArrayPool } from "../linalg/arrayPool.ts";
import { type Matrix, matrix, trace } from "../linalg/matrix.ts";
import type { Edges } from "./edges.ts";
import { emptyLabelledSums, type LabelledSums, mergeLabelledSums } from "./labelledSums.ts";
import { emptyNoise, mergeNoise, type NoiseSums } from "./noiseSums.ts";

export type Side = "a" | "b";

/** How a second moment is formed of its rows (theory.md Eqs. 2, 3, 8, 83); `secondMoment` says how. */
export const conventions = ["paper", "covariance", "raw"] as const;
export type Convention = (typeof conventions)[number];

/** Coordinates of a side, chosen at random, that stand for all of them (theory.md Eq. 77). */
export interface CoordinateSample {
  /** Values of a whole row. */
  readonly of: number;
  /** The chosen ones, ascending. */
  readonly coordinates: Uint32Array;
}

/** The sums of one side of a layer, d values per row. A block that is absent was not captured. */
export interface SideMoments {
  d: number;
  /** Present where only some coordinates were summed; d is their number. Norms are of whole rows. */
  sample?: CoordinateSample;
  /** (d, d) entries of Z on these coordinates, instead of the layer's W; not a sum over samples */
  z?: Float64Array;
  /** (d) sum h */
  hSum?: Float64Array;
  /** (d, d) sum h h^T */
  hh?: Float64Array;
  /** (d) sum g */
  gSum?: Float64Array;
  /** (d, d) sum g g^T */
  gg?: Float64Array;
  /** (d) sum h/|h| over the keptH rows with |h| > 0 */
  hnSum?: Float64Array;
  /** (d, d) sum h h^T / |h|^2 over the same rows */
  hnhn?: Float64Array;
  /** (d) sum g/|g| over the keptG rows with |g| > 0 */
  gnSum?: Float64Array;
  /** (d, d) sum g g^T / |g|^2 over the same rows */
  gngn?: Float64Array;
  /** (d, d) sum g h^T */
  gh?: Float64Array;
  /** Rows with |h| > 0, and with |g| > 0. */
  keptH: number;
  keptG: number;
  /** Sums of |h|^2, |h|^4, |g|^2, |g|^4. */
  h2: number;
  h4: number;
  g2: number;
  g4: number;
}

/** "head" (an attention head) and "block" (the output of a block of convolutions by channel) have side b alone. */
export type LayerKind = "linear" | "conv" | "head" | "block";

/** Name of a layer in records, and its kind. */
export interface NamedLayer {
  readonly name: string;
  readonly kind: LayerKind;
}

/** Whether a layer is a linear map with weights; heads and blocks are only outputs. */
export function isMap({ kind }: { readonly kind: LayerKind }): boolean {
  return kind === "linear" || kind === "conv";
}

/** The rows of a map with weights, one per sample, row-major; the rows of g_a are W^T g_b. */
export interface KeptRows {
  /** (n, dIn) */
  readonly ha: Float32Array | Float64Array;
  /** (n, dOut) */
  readonly hb: Float32Array | Float64Array;
  readonly gb: Float64Array;
}

/** The sums of one linear map, or of one attention head or block (side b alone), over n samples. */
export interface LayerMoments {
  name: string;
  kind: LayerKind;
  dIn: number;
  dOut: number;
  n: number;
  a?: SideMoments;
  b: SideMoments;
  /** (dOut, dIn) sum g_b h_a^T; absent, like W, for a layer with sampled coordinates */
  gbHa?: Float64Array;
  /** Instead of matrices of sums. */
  rows?: KeptRows;
  /** (dOut, dIn) weights */
  W?: Matrix;
  /** (dOut) h_b - W h_a; absent if there is none, or it was not captured */
  bias?: Float64Array;
  /** Squared gradients of the weights, on values shared with a neighbouring map. */
  noise?: NoiseSums;
  /** Sums by class, for the last map of a classifier. */
  labelled?: LabelledSums;
  /** Gradients of the network's outputs, if requested. */
  outputGradients?: OutputGradients;
}

/** Sum over samples and outputs k of (df_k/dh_b)(df_k/dh_b)^T (theory.md Eq. 72). */
export interface OutputGradients {
  /** (dOut, dOut) */
  sum: Float64Array;
  /** Whether every output was differentiated; otherwise random directions were used. */
  exact: boolean;
}

/** The sums of all layers of a network at one step of its training. */
export interface Moments {
  step: number;
  objective: string;
  source: string;
  layers: LayerMoments[];
  /** Edges between maps, if they were determined. */
  edges?: Edges;
  /** The losses of these samples, if known. */
  losses?: LossSum;
}

/** Sum of losses, whose number may differ from that of a layer's rows. */
export interface LossSum {
  readonly count: number;
  readonly sum: number;
}

export const vectorBlocks = ["hSum", "gSum", "hnSum", "gnSum"] as const;
export const symmetricBlocks = ["hh", "gg", "hnhn", "gngn"] as const;
export const matrixBlocks = [...symmetricBlocks, "gh"] as const;
export const sideBlocks = [...vectorBlocks, ...matrixBlocks] as const;
export const sideNumbers = ["keptH", "keptG", "h2", "h4", "g2", "g4"] as const;

/**
 * A layer over no samples, every sum present and zero.
 *
 * @param kind "head" and "block" have only side b, because they are not linear maps with inputs
 * @param W (dOut, dIn)
 * @throws RangeError if a dimension is not an integer >= 1, or W has another shape
 */
export function emptyLayer(name: string, kind: LayerKind, dIn: number, dOut: number, W?: Matrix): LayerMoments {
  const layer = bareLayer(name, kind, dIn, dOut, W);
  for (const side of layer.a ? [layer.a, layer.b] : [layer.b]) {
    for (const block of vectorBlocks) side[block] = new Float64Array(side.d);
    for (const block of matrixBlocks) side[block] = new Float64Array(side.d ** 2);
  }
  if (layer.a) layer.gbHa = new Float64Array(dOut * dIn);
  return layer;
}

/** As `emptyLayer`, with counts and norms only. */
export function bareLayer(name: string, kind: LayerKind, dIn: number, dOut: number, W?: Matrix): LayerMoments {
  for (const d of [dIn, dOut])
    if (!Number.isSafeInteger(d) || d < 1)
      throw new RangeError(
        `emptyLayer: expected dimensions of at least 1 for ${name}, got dIn = ${dIn}, dOut = ${dOut}`,
      );
  if (W && (W.rows !== dOut || W.cols !== dIn))
    throw new RangeError(
      `emptyLayer: expected W of ${name} to be (${dOut}, ${dIn}), got (${W.rows}, ${W.cols}); pass (dOut, dIn)`,
    );
  const layer: LayerMoments = { name, kind, dIn, dOut, n: 0, b: bareSide(dOut) };
  if (isMap({ kind })) layer.a = bareSide(dIn);
  if (W) layer.W = W;
  return layer;
}

/** A new bare layer like a given one, sharing its weights. */
export function cloneEmpty(layer: LayerMoments): LayerMoments {
  const another: LayerMoments = { ...layer, b: { ...layer.b } };
  if (layer.a) another.a = { ...layer.a };
  if (layer.noise) another.noise = emptyNoise(layer.noise);
  if (layer.labelled) another.labelled = emptyLabelledSums(layer.labelled.classes, layer.dIn, layer.dOut);
  if (layer.outputGradients)
    another.outputGradients = { sum: new Float64Array(layer.outputGradients.sum.length), exact: true };
  return another;
}

/** A side of d values over no samples, with counts and norms only. */
export function bareSide(d: number): SideMoments {
  return { d, keptH: 0, keptG: 0, h2: 0, h4: 0, g2: 0, g4: 0 };
}

/** The arrays of a layer's sums; weights, and sums by class or of outputs, are not among them. */
export function sumsOf({ a, b, gbHa }: LayerMoments): Float64Array[] {
  const sides = a ? [a, b] : [b];
  return [...sides.flatMap((side) => sideBlocks.flatMap((key) => side[key] ?? [])), ...(gbHa ? [gbHa] : [])];
}

/** Bytes of the sums of some layers, without weights. */
export function bytesOf(layers: readonly LayerMoments[]): number {
  return layers.flatMap(sumsOf).reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Separator of the sources of merged moments, each named once, in alphabetical order. */
const sourceSeparator = " + ";

/**
 * Sum of two sets of moments of the same network at the same step.
 *
 * @returns new moments; neither argument is changed or shared. A block is present where both sides have it, because a
 *   sum over part of the samples would be wrong; a layer over no samples changes nothing. W may be present in only one
 *   of the two.
 * @throws RangeError naming what differs: step, objective, or a layer's name, kind, shape or weights
 *
 * Commutative, and associative up to the rounding of float64 sums.
 */
export function mergeMoments(x: Moments, y: Moments): Moments {
  for (const key of ["step", "objective"] as const)
    if (x[key] !== y[key])
      throw new RangeError(
        `mergeMoments: expected one ${key}, got ${x[key]} and ${y[key]}; merge shards of one capture`,
      );
  if (x.layers.length !== y.layers.length)
    throw new RangeError(
      `mergeMoments: expected the same layers, got ${x.layers.length} and ${y.layers.length} of them`,
    );
  const sources = new Set([...x.source.split(sourceSeparator), ...y.source.split(sourceSeparator)]);
  const layers = x.layers.map((layer, i) => mergeLayers(layer, y.layers[i]!));
  const edges = x.edges ?? y.edges;
  const source = [...sources].sort().join(sourceSeparator);
  const losses = x.losses && y.losses && { count: x.losses.count + y.losses.count, sum: x.losses.sum + y.losses.sum };
  return { step: x.step, objective: x.objective, source, layers, ...(edges && { edges }), ...(losses && { losses }) };
}

/** An array with arbitrary contents. */
type Take = (length: number) => Float64Array;

const newArray: Take = (length) => new Float64Array(length);

/** Sum of the moments of one layer over two sets of samples, as `mergeMoments` for all layers. */
export function mergeLayers(x: LayerMoments, y: LayerMoments, take: Take = newArray): LayerMoments {
  for (const key of ["name", "kind", "dIn", "dOut"] as const)
    if (x[key] !== y[key])
      throw new RangeError(`mergeMoments: expected one ${key} for layer ${x.name}, got ${x[key]} and ${y[key]}`);
  if (x.W && y.W && !sameValues(x.W.data, y.W.data))
    throw new RangeError(
      `mergeMoments: expected the same weights in layer ${x.name}, got two; merge shards of one model`,
    );
  for (const key of ["a", "b"] as const) requireSameSample(x, x[key], y[key]);
  const parts = x.n > 0 && y.n > 0 ? [x, y] : x.n > 0 ? [x] : y.n > 0 ? [y] : [x, y];
  const merged: LayerMoments = {
    name: x.name,
    kind: x.kind,
    dIn: x.dIn,
    dOut: x.dOut,
    n: x.n + y.n,
    b: sumSides(
      parts.map((part) => part.b),
      take,
    ),
  };
  const a = parts.flatMap((part) => part.a ?? []);
  if (a.length === parts.length) merged.a = sumSides(a, take);
  const gbHa = sumBlocks(
    parts.map((part) => part.gbHa),
    take,
  );
  if (gbHa) merged.gbHa = gbHa;
  const rows = parts.flatMap((part) => part.rows ?? []);
  if (rows.length === parts.length) merged.rows = rows.reduce(joinRows);
  const W = x.W ?? y.W;
  if (W) merged.W = W;
  const bias = x.bias ?? y.bias;
  if (bias) merged.bias = bias;
  const noise = parts.flatMap((part) => part.noise ?? []);
  if (noise.length === parts.length) merged.noise = noise.reduce(mergeNoise);
  const labelled = parts.flatMap((part) => part.labelled ?? []);
  if (labelled.length === parts.length) merged.labelled = labelled.reduce((u, v) => mergeLabelledSums(u, v, x.name));
  const gradients = parts.flatMap((part) => part.outputGradients ?? []);
  if (gradients.length === parts.length) {
    const sum = sumBlocks(
      gradients.map((one) => one.sum),
      newArray,
    )!;
    merged.outputGradients = { sum, exact: gradients.every((one) => one.exact) };
  }
  return merged;
}

/**
 * Sum of one layer over one or more sets of samples, in the memory of two. Arguments are not changed, and not shared
 * unless there is only one.
 */
export function mergeAllLayers(all: readonly LayerMoments[], memory = new ArrayPool()): LayerMoments {
  let made: LayerMoments | undefined;
  return all.reduce((x, y) => {
    const sum = mergeLayers(x, y, (length) => memory.acquire(length));
    if (made !== undefined) memory.release(sumsOf(made));
    made = sum;
    return sum;
  });
}

/** The same for all layers of a network, as `mergeMoments` for two sets. */
export function mergeAllMoments(all: readonly Moments[]): Moments {
  const heads = all.map((one) => ({ ...one, layers: one.layers.map(bare) })).reduce(mergeMoments);
  const memory = new ArrayPool();
  return {
    ...heads,
    layers: all[0]!.layers.map((_, i) =>
      mergeAllLayers(
        all.map(({ layers }) => layers[i]!),
        memory,
      ),
    ),
  };
}

/** The identity of a layer, without its sums. */
function bare({ name, kind, dIn, dOut }: LayerMoments): LayerMoments {
  return { name, kind, dIn, dOut, n: 0, b: bareSide(dOut) };
}

/** Rows of x followed by those of y. */
function joinRows(x: KeptRows, y: KeptRows): KeptRows {
  return { ha: joined(x.ha, y.ha), hb: joined(x.hb, y.hb), gb: joined(x.gb, y.gb) };
}

function joined<Values extends Float32Array | Float64Array>(x: Values, y: Values): Values {
  const both = new (x.constructor as new (length: number) => Values)(x.length + y.length);
  both.set(x);
  both.set(y, x.length);
  return both;
}

function sumSides(parts: SideMoments[], take: Take): SideMoments {
  const sum = bareSide(parts[0]!.d);
  for (const key of sideNumbers) for (const part of parts) sum[key] += part[key];
  for (const key of sideBlocks) {
    const block = sumBlocks(
      parts.map((part) => part[key]),
      take,
    );
    if (block) sum[key] = block;
  }
  const stated = parts.find((part) => part.z !== undefined) ?? parts[0]!;
  if (stated.sample) sum.sample = stated.sample;
  if (stated.z) sum.z = stated.z;
  return sum;
}

/** Refuses to add sums over different coordinates, or with different weights on them. */
function requireSameSample({ name }: LayerMoments, x: SideMoments | undefined, y: SideMoments | undefined): void {
  if (!x || !y) return;
  const same =
    x.d === y.d &&
    x.sample?.of === y.sample?.of &&
    (x.sample === y.sample || x.sample?.coordinates.every((value, i) => value === y.sample?.coordinates[i]));
  if (!same)
    throw new RangeError(
      `mergeMoments: expected one sample of coordinates in layer ${name}, got two; measure shards with one seed and limit`,
    );
  if (x.z && y.z && !sameValues(x.z, y.z))
    throw new RangeError(
      `mergeMoments: expected the same weights in layer ${name}, got two; merge shards of one model`,
    );
}

/** The sum of two blocks, or undefined if one is missing. */
function sumBlocks(blocks: readonly (Float64Array | undefined)[], take: Take): Float64Array | undefined {
  const [x, y] = blocks;
  if (x === undefined || (blocks.length > 1 && y === undefined)) return undefined;
  const sum = take(x.length);
  if (y === undefined) sum.set(x);
  else for (let i = 0; i < sum.length; i++) sum[i] = x[i]! + y[i]!;
  return sum;
}

function sameValues(x: Float64Array, y: Float64Array): boolean {
  if (x.length !== y.length) return false;
  if (x !== y) for (let i = 0; i < x.length; i++) if (!Object.is(x[i], y[i])) return false;
  return true;
}

/** Samples that are subtracted from the sums: those of one group, for a jackknife (theory.md Eq. 18). */
export interface LeftOut {
  readonly side: SideMoments;
  readonly n: number;
}

export interface SecondMomentOptions {
  /** (d, d) matrix to overwrite and return; default: a new one */
  readonly into?: Matrix | undefined;
  /** A group of samples to leave out */
  readonly without?: LeftOut | undefined;
}

/**
 * Second moment of one side of a layer in one of the three conventions.
 *
 * @param side  its sums
 * @param which "H" of the activations or "G" of the gradients
 * @param convention "raw" (Eqs. 2, 3): (1/n) sum v v^T. "covariance" (Eq. 83): (1/n) sum v v^T - m m^T with m = (1/n)
 *   sum v. "paper" (Eq. 8): the covariance of rows divided by their norm, zero rows dropped
 * @param n number of samples in the sums
 * @returns (d, d) exactly symmetric, float64; undefined if a block is missing or no row was kept
 *
 * The centred forms subtract nearly equal numbers if all rows are nearly equal. The result is set to zero if its trace
 * is below 1e-12 of the trace of the uncentred form.
 */
export function secondMoment(
  side: SideMoments,
  which: "H" | "G",
  convention: Convention,
  n: number,
  { into, without }: SecondMomentOptions = {},
): Matrix | undefined {
  const { sum, mean, count } = sumsBehind(side, which, convention, n);
  const out = without && sumsBehind(without.side, which, convention, without.n);
  const kept = count - (out?.count ?? 0);
  if (!sum || kept <= 0 || (convention !== "raw" && !mean)) return undefined;
  const C = into ?? matrix(side.d, side.d);
  average(C, sum, out?.sum, kept);
  return convention === "raw" ? C : centre(C, mean!, out?.mean, kept);
}

/** The sums of a second moment, and their number of rows. */
export function sumsBehind(
  side: SideMoments,
  which: "H" | "G",
  convention: Convention,
  n: number,
): { sum: Float64Array | undefined; mean: Float64Array | undefined; count: number } {
  const h = which === "H";
  if (convention === "paper")
    return h
      ? { sum: side.hnhn, mean: side.hnSum, count: side.keptH }
      : { sum: side.gngn, mean: side.gnSum, count: side.keptG };
  return h ? { sum: side.hh, mean: side.hSum, count: n } : { sum: side.gg, mean: side.gSum, count: n };
}

/**
 * Trace of a centred second moment, relative to the uncentred one, below which it is rounding. chosen: some thousand
 * eps.
 */
const roundingTrace = 1e-12;

/** C = (sum - out) / count */
function average({ data: C }: Matrix, sum: Float64Array, out: Float64Array | undefined, count: number): void {
  if (out === undefined) for (let k = 0; k < C.length; k++) C[k] = sum[k]! / count;
  else for (let k = 0; k < C.length; k++) C[k] = (sum[k]! - out[k]!) / count;
}

/** C - m m^T, m = (meanSum - out) / count; zero if only rounding remains. */
function centre(C: Matrix, meanSum: Float64Array, out: Float64Array | undefined, count: number): Matrix {
  const { rows: d, data } = C;
  const whole = trace(C);
  const m = meanSum.map((value, i) => (value - (out?.[i] ?? 0)) / count);
  for (let i = 0, at = 0; i < d; i++) {
    const mi = m[i]!;
    for (let j = 0; j < d; j++, at++) data[at]! -= mi * m[j]!;
  }
  if (trace(C) < roundingTrace * whole) data.fill(0);
  return C;
}
