/**
 * @file The nodes that reduce the rows of one batch to the sums of Moments, inside the graph: activations never leave
 * it, only (d, d) sums do.
 *
 * float32 would lose a small covariance next to a large mean. Every Gram matrix is therefore centred in the graph on a
 * vector m, the mean of the batch or of some of its rows, and restored in float64 outside (docs/theory.md Eq. 10;
 * rowSums.ts):
 *
 *     sum h h^T = C + n m m^T + r m^T + m r^T,   C = sum (h - m)(h - m)^T,   r = sum (h - m).
 *
 * The identity holds for any m, so rounding in m costs nothing. Gradients are first divided by their largest entry,
 * which is returned as a factor: float32 would lose the square of a gradient of 1e-20. Activations, and gradients at a
 * map's input, are divided by a power of two, which costs no digits, but only where their squares leave the range of
 * float32 (`rescaled`): for all maps this would cost two more passes over all rows. Sums over rows are products with a
 * row of ones, which ONNX Runtime computes several times faster than ReduceSum over the first axis.
 */
import type { SumNames } from "../../moments/accumulate/layerSums.ts";
import { lowerCuts } from "../../moments/accumulate/lowerBlocks.ts";
import type { Side } from "../../moments/moments.ts";
import { int } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import { addLowerProduct } from "../../onnx/lowerProduct.ts";
import type { AddedGradients, MapInput, Measurable } from "../maps/linearMap.ts";
import { type MapSample, sampledColumns } from "../maps/sampledCoordinates.ts";
import { addClassNodes, type Classifier } from "./classNodes.ts";
import { addNoiseNodes, type NoisePlan } from "./noiseNodes.ts";
import { outputRows } from "./rowOutputs.ts";
import { deferredSize } from "./rowSpaceSide.ts";

interface MomentOptions {
  cross: boolean;
  /** Values that the backward pass has already computed. */
  added?: AddedGradients;
  sample?: MapSample | undefined;
  /** The side whose sums are made in other coordinates y = z L (deferredSide), and the name of the value L. */
  deferred?: { readonly side: Side; readonly L: string } | undefined;
  /** The labels, where the map is a classifier's last one. */
  classifier?: Omit<Classifier, "map"> | undefined;
  /** Which squared gradients of the weights are summed. */
  noise?: NoisePlan | undefined;
  /** Whether activations, and gradients at the map's input, are divided by a power of two. */
  rescaled?: boolean;
  /** Whether rows leave the graph instead of sums (keptRows.ts). */
  keepsRows?: boolean;
}

/**
 * chosen: every 17th row, a prime, so that the rows taken do not follow one row or column of an image; at least 64 of
 * them.
 */
const CENTRE_STRIDE = 17;
const CENTRE_ROWS = 64;

/** Activations and gradients at the input (a) and the output (b). */
type Key = "ha" | "hb" | "ga" | "gb";

/** Rows (n, d) prepared for Gram products: their mean (1, d) and the centred rows (n, d). */
interface CentredRows {
  readonly mean: string;
  readonly rows: string;
}

/**
 * Adds the sums of one layer.
 *
 * @param gb gradient of the summed loss with respect to the map's hb, in hb's layout
 * @returns output names. `scale` s divides the rows of ga and gb; where `rescaled` also `ha.scale`, `hb.scale` and a
 *   further one for ga, `ga.scale`. For X in ha, hb, ga, gb and the normalized han, hbn, gan, gbn: `X.mean`, `X.gram`
 *   (C, by lowerBlocks), `X.rest` (r). For the rows of ha, hb, ga, gb: `X.kept`, `X.norm2`, `X.norm4`. The centred
 *   cross product is `cross.ba` (gb, ha), or `cross.b` (gb, hb) for a head, which has side b alone; it is absent
 *   without `cross` and where coordinates are sampled. The sums of a deferred side, `ga` and `gan` or `hb` and `hbn`,
 *   are those of the coordinates y. Where rows are kept, only `scale` and the names from outputRows
 */
export function addMomentNodes(builder: GraphBuilder, map: Measurable, gb: string, options: MomentOptions): SumNames {
  const { cross, sample, classifier, noise, keepsRows = false } = options;
  const names: Record<string, string> = {};
  const ones = builder.op("Expand", [builder.scalar(1), builder.ints([1, map.rows])]);
  const { scale, ha, sides } = addSides(builder, map, gb, options, names);
  if (keepsRows) {
    const kept = sides as Record<Key, string>;
    return { scale, ...outputRows(builder, kept, { ones, largestEntry: (all) => largestEntry(builder, all) }) };
  }
  const centred: Partial<Record<Key, CentredRows>> = {};
  for (const key of Object.keys(sides) as Key[])
    centred[key] = addSums(builder, map, { key, rows: sides[key]!, ha, ones }, options, names);
  if (noise !== undefined && ha !== undefined)
    Object.assign(names, addNoiseNodes(builder, map, { ha, gb: sides.gb!, scale: names["ha.scale"] }, noise));
  if (classifier && sample === undefined && centred.ha)
    Object.assign(names, addClassNodes(builder, classifier, { ha: centred.ha.rows, hb: centred.hb!.rows }));
  if (cross && sample === undefined) {
    // One product over the rows of a map is enough: the others follow after the last batch (addCrossMoments).
    const [key, h] = centred.ha === undefined ? (["cross.b", "hb"] as const) : (["cross.ba", "ha"] as const);
    names[key] = builder.op("Gemm", [centred.gb!.rows, centred[h]!.rows], { transA: int(1) });
  }
  return names;
}

/** The rows of both sides in the range of float32, and h_a as it is; ha and ga are absent for a head. */
function addSides(
  builder: GraphBuilder,
  map: Measurable,
  gb: string,
  { deferred, added = new Map(), rescaled = false }: MomentOptions,
  names: Record<string, string>,
): { scale: string; ha: string | undefined; sides: Partial<Record<Key, string>> } {
  const rows = map.outputRows(builder, gb);
  const scale = largestEntry(builder, rows);
  names.scale = scale;
  const gradient = builder.op("Div", [rows, scale]);
  const inRange = (key: Key, rows: string): string => {
    if (!rescaled) return rows;
    const power = powerOfTwo(builder, largestEntry(builder, rows));
    names[`${key}.scale`] = power;
    return builder.op("Div", [rows, power]);
  };
  const hb = map.activationRows?.(builder) ?? map.outputRows(builder, map.hb);
  const sides: Partial<Record<Key, string>> = { hb: inRange("hb", hb), gb: gradient };
  const { input } = map;
  const ha = input?.inputRows(builder);
  if (input === undefined || ha === undefined) return { scale, ha, sides };
  sides.ha = inRange("ha", ha);
  // g_a = W^T g_b as rows: gb (n, dOut) times W (dOut, dIn); or y, of equal length   (docs/theory.md Eq. 5).
  const L = deferred?.side === "a" ? deferred.L : undefined;
  const known = L === undefined ? input.gradientRows?.(builder, added) : undefined;
  const ga =
    known === undefined
      ? builder.op("Gemm", [gradient, L ?? input.weightRows(builder)])
      : builder.op("Div", [known, scale]);
  sides.ga = inRange("ga", ga);
  return { scale, ha, sides };
}

/** Adds the sums of rows, plain and normalized; returns the centred plain rows. @param of ha as it is, for y */
function addSums(
  builder: GraphBuilder,
  map: Measurable,
  of: { readonly key: Key; readonly rows: string; readonly ha: string | undefined; readonly ones: string },
  { deferred, sample }: MomentOptions,
  names: Record<string, string>,
): CentredRows {
  const { key, rows, ha, ones } = of;
  const side = key.endsWith("a") ? "a" : "b";
  const chosen = sample?.[side];
  const columns = chosen && sampledColumns(chosen, side === "a" ? map.input?.columnOrder : undefined);
  const isDeferred = side === deferred?.side && key === (side === "a" ? "ga" : "hb");
  const d = isDeferred
    ? deferredSize(map, side)
    : (chosen?.coordinates.length ?? (side === "a" ? map.input!.dIn : map.dOut));
  const inCoordinates =
    isDeferred && side === "b"
      ? divided(builder, coordinates(builder, map.input!, ha!, deferred.L), names["hb.scale"])
      : rows;
  const kept = columns === undefined ? inCoordinates : gathered(builder, rows, columns);
  const centred = addGram(builder, kept, [map.rows, d], ones, key, names);
  const inverse = inverseNorms(builder, rows, key, names);
  addGram(builder, builder.op("Mul", [kept, inverse]), [map.rows, d], ones, `${key}n`, names);
  return centred;
}

/** y = h_a L, or (h_a, 1) L where there is a bias. */
function coordinates(builder: GraphBuilder, input: MapInput, ha: string, L: string): string {
  if (input.bias === null) return builder.op("Gemm", [ha, L]);
  const rows = [input.dIn, 1];
  const [ofInput, ofOne] = builder.ops("Split", [L, builder.ints(rows)], { axis: int(0) }, { outputs: 2 });
  return builder.op("Gemm", [ha, ofInput!, ofOne!]);
}

function divided(builder: GraphBuilder, rows: string, scale: string | undefined): string {
  return scale === undefined ? rows : builder.op("Div", [rows, scale]);
}

/** 2^floor(log2 x) of a positive scalar. */
function powerOfTwo(builder: GraphBuilder, x: string): string {
  const exponent = builder.op("Floor", [builder.op("Mul", [builder.op("Log", [x]), builder.scalar(Math.LOG2E)])]);
  return builder.op("Pow", [builder.scalar(2), exponent]);
}

/** The largest absolute entry of rows, 1 if all are 0. */
function largestEntry(builder: GraphBuilder, rows: string): string {
  const largest = builder.op("ReduceMax", [builder.op("Abs", [rows])], { keepdims: int(0) });
  const isPositive = builder.op("Greater", [largest, builder.scalar(0)]);
  return builder.op("Where", [isPositive, largest, builder.scalar(1)]);
}

function addGram(
  builder: GraphBuilder,
  rows: string,
  [n, d]: readonly [number, number],
  ones: string,
  key: string,
  names: Record<string, string>,
): CentredRows {
  const mean = centre(builder, rows, n);
  const centred = builder.op("Sub", [rows, mean]);
  names[`${key}.mean`] = mean;
  names[`${key}.gram`] = addLowerProduct(builder, centred, centred, lowerCuts(d));
  names[`${key}.rest`] = builder.op("Gemm", [ones, centred]);
  return { mean, rows: centred };
}

/** The mean of some of the rows (1, d). Any centre gives the same sums; one near the mean keeps float32's digits. */
function centre(builder: GraphBuilder, rows: string, n: number): string {
  if (n < CENTRE_STRIDE * CENTRE_ROWS) return builder.op("ReduceMean", [rows, builder.ints([0])]);
  const [from, to, axis, step] = [[0], [n], [0], [CENTRE_STRIDE]].map((list) => builder.ints(list));
  const some = builder.op("Slice", [rows, from!, to!, axis!, step!]);
  return builder.op("ReduceMean", [some, builder.ints([0])]);
}

/** Columns of rows (n, d). */
function gathered(builder: GraphBuilder, rows: string, columns: readonly number[]): string {
  return builder.op("Gather", [rows, builder.ints(columns)], { axis: int(1) });
}

/** 1 / |row| as (n, 1), of whole rows; 1 where a row is zero   (Eq. 8). */
function inverseNorms(builder: GraphBuilder, rows: string, key: string, names: Record<string, string>): string {
  const [zero, one] = [builder.scalar(0), builder.scalar(1)];
  const norm2 = builder.op("ReduceSumSquare", [rows, builder.ints([1])], { keepdims: int(1) });
  const isKept = builder.op("Greater", [norm2, zero]);
  const norm = builder.op("Sqrt", [builder.op("Where", [isKept, norm2, one])]);
  const all = { keepdims: int(0) };
  names[`${key}.kept`] = builder.op("ReduceSum", [builder.op("Cast", [isKept], { to: int(1) })], all);
  names[`${key}.norm2`] = builder.op("ReduceSum", [norm2], all);
  names[`${key}.norm4`] = builder.op("ReduceSumSquare", [norm2], all);
  return builder.op("Div", [one, norm]);
}
