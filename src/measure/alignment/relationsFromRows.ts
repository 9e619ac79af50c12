/**
 * @file The relations of a layer from the rows themselves, for fewer rows than values in a row: n rows of d values
 * replace (d, d) second moments. Every trace and inner product of H, G and Z is a sum over products of rows, so nothing
 * is approximated.
 *
 *     H = (1/n) V^T V:   <H, G> = |V U^T|^2 / (n m),   <H, Z_b> = |V W|^2 / n,
 *                        sum of entries |V 1|^2 / n,   tr H = |V|^2 / n
 *
 * for rows V (n, d) of h and U (m, d) of g, centred first where the convention centres (theory.md Eqs. 2, 3, 8, 83).
 * Rows of g_a = W^T g_b (Eq. 5) are never stored where they are longer than those of g_b: V U^T = (V W^T) g_b^T, U U^T
 * = (U W^T) g_b^T. O(n^2 d) for the products of h, O(n d d') for a map from d' values, O(n^2) for each convention.
 */
import type { Multiply } from "../../linalg/products.ts";
import { type Convention, conventions, type LayerMoments, type Side } from "../../moments/moments.ts";
import { leastSamples, type Status } from "../measured.ts";
import { livingOf, nullOf, type Size } from "./alignmentNull.ts";
import { type MapWeights, timesColumn, timesTransposed, timesVector, timesWeights } from "./mapWeights.ts";
import type { AlignmentValue, LeftOutValues, SideAlignments, Spreads } from "./relations.ts";
import { addStandardErrors } from "./relations.ts";
import {
  type Bounds,
  blocksOf,
  countOf,
  groupSums,
  innerProduct,
  type ProductSums,
  productSums,
  type Rows,
  type Weighting,
} from "./rowProducts.ts";
import type { WeightSums } from "./weightSums.ts";

/** One side of a layer in one convention. */
export interface RowSide {
  readonly alignment: SideAlignments;
  readonly sizes: { readonly H: Size | undefined; readonly G: Size | undefined };
}

/** The inputs of one convention for the rows of h, or of g, of one side. */
interface Weighted {
  readonly weighting: Weighting;
  /** tr H and tr H Z by groups of rows. */
  readonly trace: Quadratic;
  readonly withZ: Quadratic;
  /** (d) diagonal of the second moment */
  readonly diagonal: Float64Array;
}

/** Sums of squares of weighted rows, and of the rows, by group. */
interface Quadratic {
  readonly squares: Float64Array;
  readonly sums: readonly Float64Array[];
}

/** Rows of h or g of one side. */
interface RowsOf {
  readonly width: number;
  /** (n) squared norms of the rows, and of the rows times W or W^T */
  readonly squares: Float64Array;
  readonly ofZ: Float64Array;
  /** (n) sums of each row */
  readonly sums: Float64Array;
  readonly within: Record<Convention, Weighted>;
}

/** A second moment, represented by sums over its entries. */
interface Sums {
  readonly norm: number;
  readonly mean: number;
  /** Sum of squared deviations from the mean. */
  readonly squares: number;
  readonly trace: number;
  readonly status?: Status;
}

/** chosen: below this share of the squared norm, the remainder after subtracting the mean is rounding. */
const roundingSquares = 1e-14;
/** The rule of `secondMoment`: below this share of the trace a centred moment is rounding. */
const roundingTrace = 1e-12;

/**
 * The relations of both sides in all conventions, with standard errors where there are groups.
 *
 * @param layer with rows and weights
 * @param weights W
 * @param counts rows of each group, in the order of the rows; fewer than two give no errors
 */
export async function rowRelations(
  multiply: Multiply,
  layer: LayerMoments,
  weights: MapWeights,
  Z: Record<Side, WeightSums>,
  counts: readonly number[],
): Promise<Record<Side, Record<Convention, RowSide>>> {
  const { n, dIn, dOut } = layer;
  const { ha, hb, gb } = layer.rows!;
  const bounds = [0];
  for (const count of counts.length < 2 ? [n] : counts) bounds.push(bounds.at(-1)! + count);
  const rows = {
    ha: { n, width: dIn, data: ha },
    hb: { n, width: dOut, data: hb },
    gb: { n, width: dOut, data: gb },
  };
  const byWeights = await rowsByWeights(multiply, rows, weights);
  const of = (key: keyof typeof rows, ofZ: Float64Array): RowsOf => {
    const { width } = rows[key];
    const mapped = (sum: Float64Array) => (key === "ha" ? timesVector(weights, sum) : timesColumn(weights, sum));
    return rowsOf({ width, squares: squaresOf(rows[key]), ofZ, sums: sumsOfRows(rows[key]) }, bounds, (weighting) => {
      const sums = groupSums(rows[key], weighting, bounds);
      const squares = new Float64Array(width);
      addSquares(squares, rows[key], weighting.factor);
      return { sums, mapped: sums.map(mapped), squares };
    });
  };
  const { ofGb, ofGa, sumsOfGa, squaresOfGa } = byWeights;
  const ga = rowsOf({ width: dIn, squares: ofGb, ofZ: ofGa, sums: sumsOfGa }, bounds, (weighting, key) => {
    const sums = groupSums(rows.gb, weighting, bounds).map((sum) => timesColumn(weights, sum));
    const squares = key === "paper" ? squaresOfGa.normalized : squaresOfGa.plain;
    return { sums, mapped: sums.map((sum) => timesVector(weights, sum)), squares };
  });
  const sides = {
    a: { h: of("ha", byWeights.ofHa), g: ga },
    b: { h: of("hb", byWeights.ofHb), g: of("gb", ofGb) },
  };
  const found: Partial<Record<Side, Record<Convention, RowSide>>> = {};
  for (const side of ["a", "b"] as const) {
    const { h, g } = sides[side];
    const { HH, GG, HG } = await sideProducts(multiply, side, sides[side], { rows, byWeights, bounds });
    const within = (key: Convention, i: number): RowSide =>
      withLeftOut(
        { h, g, Z: Z[side], products: { HH: HH[i]!, GG: GG[i]!, HG: HG[i]! }, n, d: h.width, bounds },
        key,
        counts,
      );
    found[side] = Object.fromEntries(conventions.map((key, i) => [key, within(key, i)])) as Record<Convention, RowSide>;
  }
  return found as Record<Side, Record<Convention, RowSide>>;
}

/** Sums over products of all pairs of rows of h and g on one side, in the order of the conventions. */
async function sideProducts(
  multiply: Multiply,
  side: Side,
  { h, g }: { readonly h: RowsOf; readonly g: RowsOf },
  from: { readonly rows: Record<"ha" | "hb" | "gb", Rows>; readonly byWeights: RowsByWeights; readonly bounds: Bounds },
): Promise<Record<"HH" | "GG" | "HG", ProductSums[]>> {
  const { rows, byWeights, bounds } = from;
  const [x, y] = side === "a" ? [rows.ha, byWeights.ga] : [rows.hb, rows.gb];
  const pairs = (one: RowsOf, other: RowsOf) =>
    conventions.map((key) => ({ x: one.within[key].weighting, y: other.within[key].weighting }));
  const HH = await productSums(multiply, x, undefined, pairs(h, h), bounds);
  const [GG, HG] =
    y !== undefined
      ? [
          await productSums(multiply, y, undefined, pairs(g, g), bounds),
          await productSums(multiply, x, y, pairs(h, g), bounds),
        ]
      : [
          await productSums(multiply, byWeights.gaW!, rows.gb, pairs(g, g), bounds),
          await productSums(multiply, byWeights.haW!, rows.gb, pairs(h, g), bounds),
        ];
  return { HH, GG, HG };
}

/** Rows mapped by W or W^T, computed a block of rows at a time. */
interface RowsByWeights {
  /** (n) squared norms of W h_a, W^T h_b, W^T g_b */
  readonly ofHa: Float64Array;
  readonly ofHb: Float64Array;
  readonly ofGb: Float64Array;
  /** (n) squared norms of W g_a, and (n) sums of g_a's rows */
  readonly ofGa: Float64Array;
  readonly sumsOfGa: Float64Array;
  /** (dIn) sums of squares of g_a, and of its normalized rows */
  readonly squaresOfGa: { readonly plain: Float64Array; readonly normalized: Float64Array };
  /** (n, dIn) g_a where it is no longer than g_b, otherwise (n, dOut) W h_a and W g_a */
  readonly ga: Rows | undefined;
  readonly haW: Rows | undefined;
  readonly gaW: Rows | undefined;
}

async function rowsByWeights(
  multiply: Multiply,
  { ha, hb, gb }: Record<"ha" | "hb" | "gb", Rows>,
  weights: MapWeights,
): Promise<RowsByWeights> {
  const { n } = ha;
  const { W } = weights;
  const isLong = W.cols > W.rows;
  const [ofHa, ofHb, ofGb, ofGa, sumsOfGa] = Array.from({ length: 5 }, () => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const squaresOfGa = { plain: new Float64Array(W.cols), normalized: new Float64Array(W.cols) };
  const room = (width: number): Rows & { data: Float64Array } => ({ n, width, data: new Float64Array(n * width) });
  const [ga, haW, gaW] = isLong ? [undefined, room(W.rows), room(W.rows)] : [room(W.cols), undefined, undefined];
  for (const block of blocksOf(n)) {
    const [from, to] = block;
    const count = to - from;
    const U = await timesWeights(multiply, gb, block, weights);
    const some: Rows = { n: count, width: W.cols, data: U };
    const norms = squaresOf(some);
    ofGb.set(norms, from);
    addSquares(squaresOfGa.plain, some, new Float64Array(count).fill(1));
    addSquares(squaresOfGa.normalized, some, norms.map(inverseOf));
    sumsOfGa.set(sumsOfRows(some), from);
    ga?.data.set(U, from * W.cols);
    const WU = await timesTransposed(multiply, some, [0, count], weights);
    ofGa.set(squaresOf({ n: count, width: W.rows, data: WU }), from);
    gaW?.data.set(WU, from * W.rows);
    const WV = await timesTransposed(multiply, ha, block, weights);
    ofHa.set(squaresOf({ n: count, width: W.rows, data: WV }), from);
    haW?.data.set(WV, from * W.rows);
    const VW = await timesWeights(multiply, hb, block, weights);
    ofHb.set(squaresOf({ n: count, width: W.cols, data: VW }), from);
  }
  return { ofHa, ofHb, ofGb, ofGa, sumsOfGa, squaresOfGa, ga, haW, gaW };
}

/** The inputs of all conventions, for rows whose sums some given functions compute. */
function rowsOf(
  given: Omit<RowsOf, "within">,
  bounds: Bounds,
  known: (
    weighting: Weighting,
    key: Convention,
  ) => { sums: readonly Float64Array[]; mapped: readonly Float64Array[]; squares: Float64Array },
): RowsOf {
  const weighted = (key: Convention): Weighted => {
    const weighting = weightingOf(given.squares, key, bounds);
    const { sums, mapped, squares } = known(weighting, key);
    return {
      weighting,
      trace: { squares: byGroup(given.squares, weighting, bounds), sums },
      withZ: { squares: byGroup(given.ofZ, weighting, bounds), sums: mapped },
      diagonal: diagonalOf(squares, sums, weighting),
    };
  };
  const within = { paper: weighted("paper"), covariance: weighted("covariance"), raw: weighted("raw") };
  return { ...given, within };
}

function weightingOf(squares: Float64Array, key: Convention, bounds: Bounds): Weighting {
  const factor = key === "paper" ? squares.map(inverseOf) : new Float64Array(squares.length).fill(1);
  const counts = bounds.slice(1).map((end, g) => {
    let count = 0;
    for (let i = bounds[g]!; i < end; i++) if (factor[i]! > 0) count++;
    return count;
  });
  return { factor, isCentred: key !== "raw", counts };
}

/** 1 / |row|, 0 for a row of zeros */
function inverseOf(square: number): number {
  return square > 0 ? 1 / Math.sqrt(square) : 0;
}

function byGroup(squares: Float64Array, { factor }: Weighting, bounds: Bounds): Float64Array {
  return Float64Array.from(bounds.slice(1), (end, g) => {
    let sum = 0;
    for (let i = bounds[g]!; i < end; i++) sum += factor[i]! ** 2 * squares[i]!;
    return sum;
  });
}

/** (d) diagonal of the second moment, from the sums of squares and the sums of groups */
function diagonalOf(squares: Float64Array, sums: readonly Float64Array[], weighting: Weighting): Float64Array {
  const count = countOf(weighting);
  return squares.map((square, j) => {
    const mean = weighting.isCentred ? sums.reduce((sum, ofGroup) => sum + ofGroup[j]!, 0) : 0;
    return (square - mean ** 2 / count) / count;
  });
}

/** tr H or tr H Z, without the rows of group `without` if given. */
function quadratic({ squares, sums }: Quadratic, weighting: Weighting, without: number | undefined): number {
  const count = countOf(weighting, without);
  const diagonal = squares.reduce((sum, value, g) => (g === without ? sum : sum + value), 0);
  if (!weighting.isCentred) return diagonal / count;
  let all = 0;
  for (let j = 0; j < sums[0]!.length; j++) {
    let sum = 0;
    for (let g = 0; g < sums.length; g++) if (g !== without) sum += sums[g]![j]!;
    all += sum * sum;
  }
  return (diagonal - all / count) / count;
}

interface Scene {
  readonly h: RowsOf;
  readonly g: RowsOf;
  readonly Z: WeightSums;
  readonly products: Record<"HH" | "GG" | "HG", ProductSums>;
  readonly n: number;
  readonly d: number;
  readonly bounds: Bounds;
}

/** The relations of one side, with standard errors where there are groups. */
function withLeftOut(scene: Scene, convention: Convention, counts: readonly number[]): RowSide {
  const { alignment, sizes, spreads } = relate(scene, convention);
  if (counts.length < 2) return { alignment, sizes };
  const leftOut: LeftOutValues = {
    counts,
    values: counts.map((_, group) => {
      const found = relate(scene, convention, group);
      const { rga, rwa, gwa } = found.alignment;
      return { of: { rga: rga.value, rwa: rwa.value, gwa: gwa.value }, spreads: found.spreads };
    }),
  };
  return { alignment: addStandardErrors(alignment, spreads, leftOut), sizes };
}

function relate(
  { h, g, Z, products, n, d, bounds }: Scene,
  convention: Convention,
  without?: number,
): RowSide & { spreads: Spreads } {
  const [ofH, ofG] = [h.within[convention], g.within[convention]];
  const statusOf = ({ squares }: RowsOf, { weighting }: Weighted): Status | undefined => {
    const all = countOf(weighting);
    if (all < leastSamples && n < leastSamples) return "too-few-samples";
    if (squares.every((square) => !(square > 0))) return "dead";
    return all < leastSamples || countOf(weighting, without) === 0 ? "too-few-samples" : undefined;
  };
  const missing = { H: statusOf(h, ofH), G: statusOf(g, ofG), Z: undefined };
  const square = (sums: ProductSums) => innerProduct(sums, bounds, without);
  const H = missing.H === undefined ? sumsOf(h, ofH, square(products.HH), d, bounds, without) : undefined;
  const G = missing.G === undefined ? sumsOf(g, ofG, square(products.GG), d, bounds, without) : undefined;
  const weights = addStatus({ norm: Z.norm, mean: Z.sum / d ** 2, trace: Z.trace }, d);
  const living = (sums: Sums | undefined, { diagonal }: Weighted): Size | undefined =>
    sums && { d: livingOf(diagonal), trace: sums.trace, norm: sums.norm };
  const sizes = without === undefined ? { H: living(H, ofH), G: living(G, ofG) } : { H: undefined, G: undefined };
  const sizeIn = (which: "H" | "G" | "Z"): Size | undefined => (which === "Z" ? Z : sizes[which]);
  const value = (
    [x, y]: readonly [keyof typeof missing, keyof typeof missing],
    [p, q]: readonly [Sums | undefined, Sums | undefined],
    count: number,
    product: () => number,
  ): AlignmentValue => {
    if (p && q) return relation(p, q, product(), count, d, [sizeIn(x), sizeIn(y)]);
    const isDead = missing[x] === "dead" || missing[y] === "dead";
    const status = isDead ? "dead" : (missing[x] ?? missing[y]!);
    return { value: null, cosine: null, null: null, noise: null, n: count, status };
  };
  const [allH, allG] = [countOf(ofH.weighting), countOf(ofG.weighting)];
  return {
    alignment: {
      rga: value(["H", "G"], [H, G], Math.min(allH, allG), () => square(products.HG)),
      rwa: value(["H", "Z"], [H, weights], allH, () => quadratic(ofH.withZ, ofH.weighting, without)),
      gwa: value(["G", "Z"], [G, weights], allG, () => quadratic(ofG.withZ, ofG.weighting, without)),
    },
    sizes,
    spreads: { H: spread(H), G: spread(G), Z: spread(weights) },
  };
}

function spread(sums: Sums | undefined): number {
  return sums ? Math.sqrt(sums.squares) : 0;
}

/** Pearson's correlation and cosine of the entries from their sums   (theory.md Eqs. 11 to 13). */
function relation(
  x: Sums,
  y: Sums,
  product: number,
  n: number,
  d: number,
  [p, q]: readonly [Size | undefined, Size | undefined],
): AlignmentValue {
  const bounded = (value: number) => Math.max(-1, Math.min(1, value));
  const isNothing = x.norm === 0 || y.norm === 0 || !Number.isFinite(x.norm) || !Number.isFinite(y.norm);
  const status = [x, y].some((one) => one.status === "not-finite") ? "not-finite" : (x.status ?? y.status);
  return {
    value: status ? null : bounded((product - d * d * x.mean * y.mean) / Math.sqrt(x.squares * y.squares)),
    cosine: isNothing ? null : bounded(product / x.norm / y.norm),
    null: p && q ? nullOf(p, q).value : null,
    noise: null,
    n,
    ...(status && { status }),
  };
}

/** @param square the squared norm of the second moment */
function sumsOf(
  { sums }: RowsOf,
  { weighting, trace: ofRows }: Weighted,
  square: number,
  d: number,
  bounds: Bounds,
  without: number | undefined,
): Sums {
  const { factor, isCentred } = weighting;
  const trace = quadratic(ofRows, weighting, without);
  if (isCentred && trace < roundingTrace * quadratic(ofRows, { ...weighting, isCentred: false }, without))
    return addStatus({ norm: 0, mean: 0, trace: 0 }, d);
  const count = countOf(weighting, without);
  let [all, ofSquares] = [0, 0];
  const overRows = (take: (value: number) => void) => {
    for (let g = 0; g < bounds.length - 1; g++)
      if (g !== without)
        for (let i = bounds[g]!; i < bounds[g + 1]!; i++) if (factor[i]! > 0) take(factor[i]! * sums[i]!);
  };
  overRows((value) => {
    all += value;
  });
  const middle = isCentred ? all / count : 0;
  overRows((value) => {
    ofSquares += (value - middle) ** 2;
  });
  return addStatus({ norm: Math.sqrt(square), mean: ofSquares / count / d ** 2, trace }, d);
}

function addStatus({ norm, mean, trace }: { norm: number; mean: number; trace: number }, d: number): Sums {
  const square = norm * norm;
  const squares = Math.max(0, square - d * d * mean * mean);
  const found = { norm, mean, squares, trace };
  if (!Number.isFinite(square)) return { ...found, status: "not-finite" };
  if (d <= 1) return { ...found, status: "undefined-1x1" };
  if (norm === 0) return { ...found, status: "zero-matrix" };
  return squares <= roundingSquares * square ? { ...found, status: "constant-matrix" } : found;
}

/** (n) squared norms */
function squaresOf({ n, width, data }: Rows): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let at = i * width; at < (i + 1) * width; at++) sum += data[at]! * data[at]!;
    return sum;
  });
}

/** (n) sums of each row */
function sumsOfRows({ n, width, data }: Rows): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let at = i * width; at < (i + 1) * width; at++) sum += data[at]!;
    return sum;
  });
}

/** Adds (width) the squares of rows times their factors. */
function addSquares(into: Float64Array, { n, width, data }: Rows, factor: Float64Array): void {
  for (let i = 0; i < n; i++) {
    const [square, row] = [factor[i]! ** 2, i * width];
    if (square > 0) for (let j = 0; j < width; j++) into[j]! += square * data[row + j]! * data[row + j]!;
  }
}
