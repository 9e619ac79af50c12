/**
 * @file The relations of a layer from the rows themselves, where rows are few beside the values of a row: n rows of d
 * values in place of (d, d) second moments. Every trace and inner product of H, G and Z is a sum over products of rows,
 * so nothing is approximated.
 *
 *     H = (1/n) V^T V:   <H, G> = |V U^T|^2 / (n m),   <H, Z_b> = |V W|^2 / n,
 *                        sum of entries |V 1|^2 / n,   tr H = |V|^2 / n
 *
 * for rows V (n, d) of h and U (m, d) of g, centred first where the convention centres (theory.md Eqs. 2, 3, 8, 83).
 * O(n d (n + d')) for a map from d' values, and O(n^2) for each group left out.
 */
import { gram, type Matrix, matmul, matrix, transpose } from "../../linalg/matrix.ts";
import type { Convention, LayerMoments, Side } from "../../moments/moments.ts";
import { leastSamples, type Status } from "../measured.ts";
import { deadShare, nullOf, type Size } from "./alignmentNull.ts";
import type { AlignmentValue, LeftOutValues, SideAlignments, Spreads } from "./relations.ts";
import { addStandardErrors } from "./relations.ts";

/** One side of a layer in one convention. */
export interface RowSide {
  readonly alignment: SideAlignments;
  readonly sizes: { readonly H: Size | undefined; readonly G: Size | undefined };
}

/** Sums over the entries of Z of one side. */
export interface WeightSums extends Size {
  /** Of all entries. */
  readonly sum: number;
}

/** Rows of h or g, and their products. */
interface RowProducts {
  /** (n, d) */
  readonly V: Matrix;
  /** (n, n) V V^T */
  readonly K: Matrix;
  /** (n, n) V Z V^T; undefined without weights */
  readonly KZ: Matrix | undefined;
  /** (n) sums of each row */
  readonly sums: Float64Array;
  /** (n) 1 / |row|, 0 for a row of zeros */
  readonly inverse: Float64Array;
}

/** Which rows count, ascending, and by which factor each is multiplied. */
interface Selection {
  readonly at: readonly number[];
  readonly factor: Float64Array;
  readonly isCentred: boolean;
}

/** A second moment by sums over its entries. */
interface Sums {
  readonly norm: number;
  readonly mean: number;
  /** Of squared deviations from the mean. */
  readonly squares: number;
  readonly trace: number;
  readonly status?: Status;
}

/** chosen: share of the squared norm below which what is left of it behind the mean is rounding. */
const roundingSquares = 1e-14;
/** As `secondMoment` has it: share of the trace below which a centred moment is rounding. */
const roundingTrace = 1e-12;

/**
 * The sums of Z of both sides.
 *
 * @param W    (dOut, dIn)
 * @param norm |W W^T|, which is |W^T W| too: the larger matrix is never formed
 */
export function weightSums({ rows, cols, data }: Matrix, norm: number): Record<Side, WeightSums> {
  const [ofRows, ofColumns] = [new Float64Array(rows), new Float64Array(cols)];
  const [rowSums, columnSums] = [new Float64Array(rows), new Float64Array(cols)];
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < cols; j++) {
      const value = data[i * cols + j]!;
      ofRows[i]! += value * value;
      ofColumns[j]! += value * value;
      rowSums[i]! += value;
      columnSums[j]! += value;
    }
  const size = (diagonal: Float64Array, sums: Float64Array): WeightSums => {
    const trace = total(diagonal);
    return { d: countLiving(diagonal), trace, norm, sum: sums.reduce((sum, value) => sum + value * value, 0) };
  };
  return { a: size(ofColumns, rowSums), b: size(ofRows, columnSums) };
}

/**
 * The relations of one side in all conventions, with standard errors where there are groups.
 *
 * @param layer with rows
 * @param counts rows of each group, in the order of the rows; fewer than two give no errors
 */
export function rowRelations(
  layer: LayerMoments,
  side: Side,
  Z: WeightSums | undefined,
  counts: readonly number[],
): Record<Convention, RowSide> {
  const { n, W, rows } = layer;
  const d = side === "a" ? layer.dIn : layer.dOut;
  const of = (values: ArrayLike<number>) => productsOf(matrix(n, d, Float64Array.from(values)), W, side);
  const [h, g] = side === "a" ? [of(rows!.ha!), of(rows!.ga!)] : [of(rows!.hb), of(rows!.gb)];
  const M = matmul(h.V, transpose(g.V));
  const within = (convention: Convention): RowSide => {
    const look = (isLeftOut?: (row: number) => boolean) => relate({ h, g, M, Z, n, d }, convention, isLeftOut);
    const whole = look();
    const { alignment, sizes } = whole;
    if (counts.length < 2) return { alignment, sizes };
    let start = 0;
    const leftOut: LeftOutValues = {
      counts,
      values: counts.map((count) => {
        const [from, to] = [start, start + count];
        start = to;
        const found = look((row) => row >= from && row < to);
        const { rga, rwa, gwa } = found.alignment;
        return { of: { rga: rga.value, rwa: rwa.value, gwa: gwa.value }, spreads: found.spreads };
      }),
    };
    return { alignment: addStandardErrors(alignment, whole.spreads, leftOut), sizes };
  };
  return { paper: within("paper"), covariance: within("covariance"), raw: within("raw") };
}

function productsOf(V: Matrix, W: Matrix | undefined, side: Side): RowProducts {
  const { rows: n, cols: d, data } = V;
  const Vt = transpose(V);
  const K = gram(V, "b");
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++) sums[i] = total(data.subarray(i * d, (i + 1) * d));
  const inverse = Float64Array.from({ length: n }, (_, i) => {
    const square = K.data[i * (n + 1)]!;
    return square > 0 ? 1 / Math.sqrt(square) : 0;
  });
  if (W === undefined) return { V, K, KZ: undefined, sums, inverse };
  // V W of side b; of side a W V^T, so that W itself is never transposed.
  const P = side === "b" ? matmul(V, W) : transpose(matmul(W, Vt));
  return { V, K, KZ: gram(P, "b"), sums, inverse };
}

interface Scene {
  readonly h: RowProducts;
  readonly g: RowProducts;
  /** (n, n) products of rows of h with rows of g. */
  readonly M: Matrix;
  readonly Z: WeightSums | undefined;
  readonly n: number;
  readonly d: number;
}

function relate(
  { h, g, M, Z, n, d }: Scene,
  convention: Convention,
  isLeftOut: (row: number) => boolean = () => false,
): RowSide & { spreads: Spreads } {
  const select = ({ inverse }: RowProducts): Selection & { all: number } => {
    const kept = convention === "paper" ? inverse : undefined;
    const all = Array.from({ length: n }, (_, i) => i).filter((i) => kept === undefined || kept[i]! > 0);
    const factor = kept ?? new Float64Array(n).fill(1);
    return { at: all.filter((i) => !isLeftOut(i)), all: all.length, factor, isCentred: convention !== "raw" };
  };
  const [ofH, ofG] = [select(h), select(g)];
  const statusOf = (one: RowProducts, { all, at }: typeof ofH): Status | undefined => {
    if (all < leastSamples && n < leastSamples) return "too-few-samples";
    if (one.inverse.every((value) => value === 0)) return "dead";
    return all < leastSamples || at.length === 0 ? "too-few-samples" : undefined;
  };
  const missing = { H: statusOf(h, ofH), G: statusOf(g, ofG), Z: Z ? undefined : ("missing-moments" as const) };
  const H = missing.H === undefined ? sumsOf(h, ofH, d) : undefined;
  const G = missing.G === undefined ? sumsOf(g, ofG, d) : undefined;
  const weights = Z && addStatus({ norm: Z.norm, mean: Z.sum / d ** 2, trace: Z.trace }, d);
  const value = (
    [x, y]: readonly [keyof typeof missing, keyof typeof missing],
    [p, q]: readonly [Sums | undefined, Sums | undefined],
    count: number,
    product: () => number,
  ): AlignmentValue => {
    const status = (["missing-moments", "dead"] as const).find((one) => missing[x] === one || missing[y] === one);
    if (!p || !q)
      return {
        value: null,
        cosine: null,
        null: null,
        noise: null,
        n: count,
        status: status ?? missing[x] ?? missing[y]!,
      };
    return relation(p, q, product(), count, d, [sizeIn(x), sizeIn(y)]);
  };
  const living = (one: RowProducts, chosen: Selection) => countLiving(diagonal(one, chosen));
  const sizes = leavesOut(isLeftOut, n)
    ? { H: undefined, G: undefined }
    : {
        H: H && { d: living(h, ofH), trace: H.trace, norm: H.norm },
        G: G && { d: living(g, ofG), trace: G.trace, norm: G.norm },
      };
  const sizeIn = (which: "H" | "G" | "Z"): Size | undefined => (which === "Z" ? Z : sizes[which]);
  return {
    alignment: {
      rga: value(["H", "G"], [H, G], Math.min(ofH.all, ofG.all), () => products(M, ofH, ofG)),
      rwa: value(["H", "Z"], [H, weights], ofH.all, () => quadratic(h.KZ!, ofH)),
      gwa: value(["G", "Z"], [G, weights], ofG.all, () => quadratic(g.KZ!, ofG)),
    },
    sizes,
    spreads: { H: spread(H), G: spread(G), Z: spread(weights) },
  };
}

function leavesOut(isLeftOut: (row: number) => boolean, n: number): boolean {
  for (let row = 0; row < n; row++) if (isLeftOut(row)) return true;
  return false;
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

function sumsOf(one: RowProducts, chosen: Selection, d: number): Sums {
  const trace = quadratic(one.K, chosen);
  if (chosen.isCentred && trace < roundingTrace * quadratic(one.K, { ...chosen, isCentred: false }))
    return addStatus({ norm: 0, mean: 0, trace: 0 }, d);
  const count = chosen.at.length;
  const ofRows = chosen.at.map((i) => chosen.factor[i]! * one.sums[i]!);
  const middle = chosen.isCentred ? total(ofRows) / count : 0;
  const entries = ofRows.reduce((sum, value) => sum + (value - middle) ** 2, 0) / count;
  return addStatus({ norm: Math.sqrt(products(one.K, chosen, chosen)), mean: entries / d ** 2, trace }, d);
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

/**
 * <A, B> of second moments whose rows have the products M: the mean square of the products, of centred rows where they
 * are.
 */
function products(M: Matrix, x: Selection, y: Selection): number {
  const [p, q] = [x.at.length, y.at.length];
  const T = new Float64Array(p * q);
  for (const [i, row] of x.at.entries())
    for (let j = 0; j < q; j++) {
      const column = y.at[j]!;
      T[i * q + j] = x.factor[row]! * y.factor[column]! * M.data[row * M.cols + column]!;
    }
  if (x.isCentred) centre(T, p, q);
  let sum = 0;
  for (const value of T) sum += value * value;
  return sum / p / q;
}

/** Takes the means of rows and columns off. */
function centre(T: Float64Array, p: number, q: number): void {
  for (let i = 0; i < p; i++) {
    const row = T.subarray(i * q, (i + 1) * q);
    const mean = total(row) / q;
    for (let j = 0; j < q; j++) row[j]! -= mean;
  }
  const means = new Float64Array(q);
  for (let i = 0; i < p; i++) for (let j = 0; j < q; j++) means[j]! += T[i * q + j]! / p;
  for (let i = 0; i < p; i++) for (let j = 0; j < q; j++) T[i * q + j]! -= means[j]!;
}

/** tr H Z from the products K = V Z V^T of rows; with Z = I the trace. */
function quadratic({ data, cols }: Matrix, { at, factor, isCentred }: Selection): number {
  const count = at.length;
  let [diagonal, all] = [0, 0];
  for (const i of at) {
    diagonal += factor[i]! ** 2 * data[i * cols + i]!;
    if (isCentred) for (const j of at) all += factor[i]! * factor[j]! * data[i * cols + j]!;
  }
  return (diagonal - all / count) / count;
}

/** (d) the diagonal of the second moment */
function diagonal({ V }: RowProducts, { at, factor, isCentred }: Selection): Float64Array {
  const { cols: d, data } = V;
  const [squares, means] = [new Float64Array(d), new Float64Array(d)];
  for (const i of at)
    for (let j = 0; j < d; j++) {
      const value = factor[i]! * data[i * d + j]!;
      squares[j]! += value * value;
      means[j]! += value;
    }
  return squares.map((square, j) => (square - (isCentred ? means[j]! ** 2 / at.length : 0)) / at.length);
}

/** Values of a diagonal that are not dead, as `living` has it. */
function countLiving(values: Float64Array): number {
  const least = (deadShare * total(values)) / values.length;
  return Math.max(
    1,
    values.reduce((count, value) => count + (value > least ? 1 : 0), 0),
  );
}

function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}
