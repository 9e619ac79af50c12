/**
 * @file A graded weight for each row of the table of phases: its share of the draws of samples and directions, and the
 * share that fits no row (theory.md Eq. 87). It complements the strict label of Eq. 52, which says "undecided" unless
 * everything agrees.
 */
import { type Matrix, matmul, matrix, transpose } from "../../linalg/matrix.ts";
import { type LayerMoments, sumsBehind } from "../../moments/moments.ts";
import { Random } from "../../random/random.ts";
import { strongFrom } from "../alignment/judge.ts";
import type { Convention } from "../alignment/relations.ts";
import { deming } from "../laws/deming.ts";
import type { SingularSystem } from "../laws/liveSubspace.ts";
import { haveNoCommonBasis, unshared } from "../laws/sharedBasis.ts";
import { weightRange } from "../laws/weightRange.ts";
import { isFlat } from "./phaseExponents.ts";
import { type PhaseLabel, phaseTable, type Relation, sixRelations } from "./phaseTable.ts";

/** Shares that add up to 1. */
export type RowWeights = Record<PhaseLabel | "no row", number>;

/** chosen: number of draws; a share is known to 0.07 at worst. */
const draws = 50;

/** chosen: most directions, evenly spaced in rank. */
const mostDirections = 64;

/** chosen: exponents within this distance of a row's in both matrices fit the row; rows are a step of 1 apart. */
const reach = 0.5;

/** chosen: least strength of the relations that a row assumes, the weakest that is not yet called weak (Eq. 85). */
const leastStrength = 0.85;

/** chosen: fewer directions than this have no slope. */
const leastDirections = 4;

/**
 * Weights of the rows   (theory.md Eq. 87).
 *
 * @param groups     disjoint groups of the samples, two or more
 * @param convention of H and G
 * @param Z          the live part of the singular system of W: everything is projected on it
 * @param trivial    rows that unrelated matrices of these spectra would fit: their draws count for no row
 *
 * O(groups d^2 k) once and O(draws (groups + 6) k^2) for k directions.
 */
export function rowWeights(
  groups: readonly LayerMoments[],
  convention: Convention,
  Z: SingularSystem,
  trivial: ReadonlySet<PhaseLabel> = new Set(),
): RowWeights {
  const weights = Object.fromEntries([...phaseTable.map(({ label }) => [label, 0]), ["no row", 0]]) as RowWeights;
  const chosen = chooseSpaced(Z.a.values.length);
  const z = Float64Array.from(chosen, (k) => Z.a.values[k]!);
  const H = groups.map((group) => projectGroup(group, "a", "H", convention, takeColumns(Z.a.vectors, chosen)));
  const G = groups.map((group) => projectGroup(group, "b", "G", convention, takeColumns(Z.b.vectors, chosen)));
  if ([...H, ...G].some((one) => one === undefined)) return { ...weights, "no row": 1 };
  const parts = { H: H as Projected[], G: G as Projected[] };
  const flat = isFlat(weightRange(z));
  const apart = !flat && hasNoCommonBasis(parts, z.length);
  const random = new Random(1).split("row weights");
  for (let draw = 0; draw < draws; draw++) {
    const times = drawWithReplacement(groups.length, random);
    const [Ha, Gb] = [sampleOf(parts.H, times), sampleOf(parts.G, times)];
    const row = !Ha || !Gb || apart ? undefined : flat ? flatRow(Ha, Gb, z) : rowOfExponents(Ha, Gb, z, random);
    weights[row === undefined || trivial.has(row) ? "no row" : row] += 1;
  }
  for (const row of Object.keys(weights) as (keyof RowWeights)[]) weights[row] /= draws;
  return weights;
}

/** The rows with a share of at least a twentieth, largest first. */
export function leadingRows(weights: RowWeights): (readonly [PhaseLabel | "no row", number])[] {
  const all = Object.entries(weights) as [PhaseLabel | "no row", number][];
  return all.filter(([, share]) => share >= 0.05).sort((x, y) => y[1] - x[1]);
}

/** Sums of one group in the chosen directions. */
interface Projected {
  square: Float64Array;
  mean: Float64Array | undefined;
  count: number;
}

function projectGroup(
  layer: LayerMoments,
  key: "a" | "b",
  which: "H" | "G",
  convention: Convention,
  V: Matrix,
): Projected | undefined {
  const side = layer[key];
  const { sum, mean, count } = side
    ? sumsBehind(side, which, convention, layer.n)
    : { sum: undefined, mean: undefined, count: 0 };
  if (!sum || (convention !== "raw" && !mean)) return undefined;
  const A = matrix(V.rows, V.rows, sum);
  const square = matmul(transpose(V), matmul(A, V)).data;
  if (convention === "raw") return { square, mean: undefined, count };
  return { square, mean: matmul(matrix(1, V.rows, mean!), V).data, count };
}

/** The second moment of groups, each counted `times` times. */
function poolGroups(parts: readonly Projected[], times: Float64Array): Matrix | undefined {
  const size = parts[0]!.square.length;
  const k = Math.sqrt(size);
  const A = matrix(k, k);
  const m = new Float64Array(k);
  let count = 0;
  parts.forEach((part, i) => {
    const weight = times[i]!;
    if (weight === 0) return;
    count += weight * part.count;
    for (let at = 0; at < size; at++) A.data[at]! += weight * part.square[at]!;
    if (part.mean) for (let j = 0; j < k; j++) m[j]! += weight * part.mean[j]!;
  });
  if (count === 0) return undefined;
  for (let i = 0, at = 0; i < k; i++)
    for (let j = 0; j < k; j++, at++) A.data[at] = A.data[at]! / count - (m[i]! / count) * (m[j]! / count);
  return A;
}

/** A second moment of drawn groups, and of the even and the odd ones among them, whose noises are independent. */
interface Sample {
  A: Matrix;
  halves: [Matrix, Matrix] | undefined;
}

function sampleOf(parts: readonly Projected[], times: Float64Array): Sample | undefined {
  const A = poolGroups(parts, times);
  const [first, second] = [0, 1].map((rest) => poolGroups(parts, halfOf(times, rest)));
  return A && { A, halves: first && second ? [first, second] : undefined };
}

/** The even or the odd groups. */
function halfOf(times: Float64Array, rest: number): Float64Array {
  return times.map((value, i) => (i % 2 === rest ? value : 0));
}

/**
 * Whether H_a or G_b, each over two halves of the samples, is off the diagonal in the singular basis; no law in Z is
 * then read.
 */
function hasNoCommonBasis({ H, G }: { H: readonly Projected[]; G: readonly Projected[] }, k: number): boolean {
  return [H, G].some((parts) => {
    const once = new Float64Array(parts.length).fill(1);
    const [first, second] = [0, 1].map((rest) => poolGroups(parts, halfOf(once, rest)));
    return !first || !second || haveNoCommonBasis(unshared(first, second, k));
  });
}

/** The row whose exponents match those of H_a and G_b along the singular directions, if its relations hold. */
function rowOfExponents(Ha: Sample, Gb: Sample, z: Float64Array, random: Random): PhaseLabel | undefined {
  const [p, q] = [slope(z, Ha.A, random), slope(z, Gb.A, random)];
  if (p === undefined || q === undefined) return undefined;
  const strength = strengthsOf(Ha, Gb, z);
  return phaseTable.find(
    ({ exponents, assumes }) =>
      typeof exponents.Ha === "number" &&
      typeof exponents.Gb === "number" &&
      Math.abs(p - exponents.Ha) <= reach &&
      Math.abs(q - exponents.Gb) <= reach &&
      assumes.every((relation) => strength[relation] >= leastStrength),
  )?.label;
}

/** Least squares of ln diag A on ln z over resampled directions. */
function slope(z: Float64Array, A: Matrix, random: Random): number | undefined {
  const used = Array.from(z, (_, k) => k).filter((k) => A.data[k * (A.cols + 1)]! > 0);
  if (used.length < leastDirections || countDecades(z) < 1) return undefined;
  const x = Float64Array.from(used, (k) => Math.log(z[k]!));
  const y = Float64Array.from(used, (k) => Math.log(A.data[k * (A.cols + 1)]!));
  const found = deming(x, y, Number.POSITIVE_INFINITY, drawWithReplacement(used.length, random)).slope;
  return Number.isFinite(found) ? found : undefined;
}

/** The row where W is flat: which of H_a and G_b are flat too, or proportional to each other. */
function flatRow(Ha: Sample, Gb: Sample, z: Float64Array): PhaseLabel | undefined {
  const strength = strengthsOf(Ha, Gb, z);
  const strong = (...relations: Relation[]) => relations.every((relation) => strength[relation] >= strongFrom);
  if (strong(...sixRelations)) return "crh";
  if (strong("a.rwa", "b.rwa")) return "2";
  if (strong("a.gwa", "b.gwa")) return "3";
  return strong("a.rga", "b.rga") ? "1" : undefined;
}

/**
 * Cosines of the six pairs within the directions, where H_b = S H_a S, G_a = S G_b S and Z = S^2 (theory.md Eq. 6).
 * Drawing groups doubles the noise of H and G, which lowers cosines. The norms in the denominators are therefore <A_1,
 * A_2> of halves, which is free of noise.
 */
function strengthsOf(Ha: Sample, Gb: Sample, z: Float64Array): Record<Relation, number> {
  const scaled = ({ A, halves }: Sample): Sample => ({
    A: scaleBothSides(A, z),
    halves: halves && [scaleBothSides(halves[0], z), scaleBothSides(halves[1], z)],
  });
  const Z: Sample = { A: matrix(z.length, z.length), halves: undefined };
  z.forEach((value, k) => {
    Z.A.data[k * (z.length + 1)] = value;
  });
  const [Hb, Ga] = [scaled(Ha), scaled(Gb)];
  return {
    "a.rga": cosineOf(Ha, Ga),
    "a.rwa": cosineOf(Ha, Z),
    "a.gwa": cosineOf(Ga, Z),
    "b.rga": cosineOf(Hb, Gb),
    "b.rwa": cosineOf(Hb, Z),
    "b.gwa": cosineOf(Gb, Z),
  };
}

/** S A S with S = diag sqrt(z). */
function scaleBothSides(A: Matrix, z: Float64Array): Matrix {
  const data = A.data.map((value, at) => value * Math.sqrt(z[Math.floor(at / A.cols)]! * z[at % A.cols]!));
  return matrix(A.rows, A.cols, data);
}

function cosineOf(x: Sample, y: Sample): number {
  return Math.min(1, product(x.A, y.A) / Math.sqrt(squareOf(x) * squareOf(y) || 1));
}

/** chosen: a square that is more than half noise is not corrected further. */
const leastSquare = 0.5;

/** |A|^2 without its noise. */
function squareOf({ A, halves }: Sample): number {
  const square = product(A, A);
  return halves ? Math.max(leastSquare * square, Math.min(square, product(...halves))) : square;
}

/** <A, B>, the sum of products of entries. */
function product({ data: x }: Matrix, { data: y }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** How often each of `count` items occurs in `count` draws with replacement. */
function drawWithReplacement(count: number, random: Random): Float64Array {
  const times = new Float64Array(count);
  for (let i = 0; i < count; i++) times[random.below(count)]! += 1;
  return times;
}

/** Decades from the first to the last, descending. */
function countDecades(z: Float64Array): number {
  return z.length > 0 ? Math.log10(z[0]! / z[z.length - 1]!) : 0;
}

function chooseSpaced(count: number): number[] {
  if (count <= mostDirections) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: mostDirections }, (_, i) => Math.round((i * (count - 1)) / (mostDirections - 1)));
}

function takeColumns(V: Matrix, chosen: readonly number[]): Matrix {
  const out = matrix(V.rows, chosen.length);
  for (let i = 0; i < V.rows; i++)
    for (let c = 0; c < chosen.length; c++) out.data[i * chosen.length + c] = V.data[i * V.cols + chosen[c]!]!;
  return out;
}
