/**
 * @file Exponents of power laws between H, G and Z of one layer, H ~ G^s: slopes of logarithms of second moments along
 * common eigenvectors, each with an interval and a status that says when it cannot be read (theory.md Eqs. 33 to 37).
 *
 * Pairing sorted eigenvalues, as the paper does, finds a positive slope between any two spectra. Here a matrix is
 * paired with the other along the eigenvectors of one of them. For pairs with Z these are the eigenvectors of Z, which
 * are exact. For H with G they are those of the steeper of the two, found from one half of the samples and evaluated on
 * the other half. A slope is stated only where its spectrum spans a decade and the two matrices share eigenvectors
 * beyond chance.
 */
import { type EigenSystem, eigh } from "../../linalg/eigh.ts";
import { identity, type Matrix, matmul, matrix, maxAbs, transpose } from "../../linalg/matrix.ts";
import { type LayerMoments, mergeLayers, type Side } from "../../moments/moments.ts";
import { Random } from "../../random/random.ts";
import type { Convention } from "../alignment/relations.ts";
import { leastSamples, type Status } from "../measured.ts";
import { noiseFloor } from "../spectra/spectrum.ts";
import { deming } from "./deming.ts";
import { type Fit, type Fold, fitExponent, leastDirections, orderInterval } from "./exponentFit.ts";
import { liveSubspace, type SingularSystem, singularStatus, singularSystem, truncateSystem } from "./liveSubspace.ts";
import { type Halves, type Known, logSlope } from "./logSlope.ts";
import { poolMoments, projectGroups, type Which } from "./rayleighQuotients.ts";
import { commutator, commutatorNull, haveNoCommonBasis, overlap, type Unshared, unshared } from "./sharedBasis.ts";

/** One exponent: the first matrix of its pair is the second to the power of `value`. */
export interface Exponent {
  /** Slope along common eigenvectors (Eqs. 33, 34); null where the status says why it cannot be read. */
  value: number | null;
  /** 95 % interval (Eq. 37). */
  interval: [number, number] | null;
  /** Squared correlation of the logarithms. */
  r2: number | null;
  /** Decades that the second matrix spans over the directions used. */
  decades: number | null;
  /** The slope between sorted eigenvalues: the paper's method, positive for any two spectra. */
  sorted: number | null;
  /** |AB - BA| / (|A| |B|) (Eq. 36), and its root mean square if one of the two is rotated at random. */
  commutator: number | null;
  commutatorNull: number | null;
  /**
   * Overlap of the leading subspaces (Eq. 36), of as many dimensions as the smaller participation ratio; dimensions / d
   * by chance.
   */
  overlap: number | null;
  /** Off-diagonal part in the common basis over that in a random one (Eq. 35): 0 shared, 1 nothing in common. */
  unshared: number | null;
  /** Number of directions used. */
  directions: number;
  status?: Status;
}

/** hg: H ~ G^value; hz: H ~ Z^value; gz: G ~ Z^value. */
export interface SideExponents {
  hg: Exponent;
  hz: Exponent;
  gz: Exponent;
}

export type LayerExponents = Record<Convention, { a: SideExponents | null; b: SideExponents }>;

export interface ExponentOptions {
  /** The live part of the layer's singular system, if already found; null where the layer has no weights. */
  live?: SingularSystem | null;
  /** Draws of each bootstrap. Default 100: the width of an interval to 7 %. */
  replicates?: number;
  seed?: number;
}

/** chosen: directions fitted at most, evenly spaced in rank; more add time and little precision. */
const mostDirections = 128;

/** chosen: a spectrum that spans less than this is flat (singular values within a factor of 1.26). */
const flatDecades = 0.2;

/**
 * The exponents of one layer, both sides, all conventions.
 *
 * @param groups moments of the layer over disjoint groups of samples, 8 to 16 of about equal size: the interval comes
 *   from resampling them. One group gives values too, with an interval from the scatter of the directions alone
 * @returns for side a null where the layer has none (attention heads); pairs with Z have status "missing-moments"
 *   without weights
 * @throws RangeError if there is no group
 *
 * Where Z is known everything is projected on its live subspace (theory.md Eq. 86), as the laws require of H_a and G_b
 * (Eq. 50). Costs a handful of eigendecompositions, and one (d, d) by (d, 128) product per group for each side and
 * convention.
 */
export function layerExponents(groups: readonly LayerMoments[], options: ExponentOptions = {}): LayerExponents {
  const first = groups[0];
  if (!first) throw new RangeError("layerExponents: expected at least one group of samples, got none; pass [moments]");
  const known = options.live === undefined ? liveSystem(groups) : options.live;
  const weights = (side: Side): EigenSystem | Status =>
    first.W ? (known?.[side] ?? singularStatus(first.W) ?? "not-finite") : "missing-moments";
  const of = (convention: Convention) => ({
    a: first.a ? sideExponents(groups, "a", convention, weights("a"), options) : null,
    b: sideExponents(groups, "b", convention, weights("b"), options),
  });
  return { paper: of("paper"), covariance: of("covariance"), raw: of("raw") };
}

/** The live part of the singular system of the layer, over all groups; null where there is none. */
function liveSystem(groups: readonly LayerMoments[]): SingularSystem | null {
  const W = groups[0]!.W;
  if (!W || singularStatus(W) !== undefined) return null;
  const Z = singularSystem(W);
  return truncateSystem(
    Z,
    liveSubspace(
      groups.reduce((x, y) => mergeLayers(x, y)),
      Z,
    ).rank,
  );
}

/** The exponents of a layer that were left out because the user asked for less. */
export function unmeasuredExponents({ a }: LayerMoments): LayerExponents {
  const side = () => ({ hg: none("not-measured"), hz: none("not-measured"), gz: none("not-measured") });
  const both = () => ({ a: a ? side() : null, b: side() });
  return { paper: both(), covariance: both(), raw: both() };
}

/**
 * Approximate seconds for the exponents of a side of d values: a polynomial fitted to d = 100, 256, 512 for two
 * conventions. With three conventions and row weights it covers about half of a layer's time. It stays as it is because
 * it decides which layers are measured.
 */
export function exponentSeconds(d: number): number {
  return 0.05 + 3.5e-6 * d ** 2 + 2.1e-8 * d ** 3;
}

/** One of the two moments in the coordinates of the range of Z. */
interface Part {
  which: Which;
  /** (r, r) of all samples, and of each of two halves. */
  whole: Matrix;
  halves: [Matrix, Matrix];
  n: number;
  system: EigenSystem;
}

/** The inputs that the pairs of one side share in one convention. */
interface Scene {
  groups: readonly LayerMoments[];
  halves: [readonly LayerMoments[], readonly LayerMoments[]];
  side: Side;
  convention: Convention;
  Z: EigenSystem | undefined;
  options: ExponentOptions;
}

function sideExponents(
  groups: readonly LayerMoments[],
  side: Side,
  convention: Convention,
  weights: EigenSystem | Status,
  options: ExponentOptions,
): SideExponents {
  const Z = typeof weights === "string" ? undefined : weights;
  const halves: Scene["halves"] =
    groups.length > 1 ? [groups.filter((_, i) => i % 2 === 0), groups.filter((_, i) => i % 2 === 1)] : [groups, groups];
  const scene: Scene = { groups, halves, side, convention, Z, options };
  const [H, G] = [partOf(scene, "H"), partOf(scene, "G")];
  const withZ = (part: Part | Status): Exponent =>
    typeof part === "string"
      ? none(part)
      : typeof weights === "string"
        ? none(weights)
        : fitAgainstWeights(scene, part, weights);
  const failed = typeof H === "string" ? H : typeof G === "string" ? G : undefined;
  return {
    hg: failed ? none(failed) : fitBetweenMoments(scene, H as Part, G as Part),
    hz: withZ(H),
    gz: withZ(G),
  };
}

function none(status: Status): Exponent {
  return {
    value: null,
    interval: null,
    r2: null,
    decades: null,
    sorted: null,
    commutator: null,
    commutatorNull: null,
    overlap: null,
    unshared: null,
    directions: 0,
    status,
  };
}

function partOf({ groups, halves, side, convention, Z }: Scene, which: Which): Part | Status {
  const within = (some: readonly LayerMoments[]) => {
    const { A, n } = poolMoments(some, side, which, convention);
    return { A: A && (Z ? changeBasis(A, Z.vectors) : A), n };
  };
  const whole = within(groups);
  if (!whole.A)
    return groups.every((group) => group[side]?.[which === "H" ? "hh" : "gg"]) ? "too-few-samples" : "missing-moments";
  if (groups.every((group) => group[side]![which === "H" ? "keptH" : "keptG"] === 0)) return "dead";
  if (whole.n < leastSamples) return "too-few-samples";
  const largest = maxAbs(whole.A.data);
  if (!Number.isFinite(largest)) return "not-finite";
  if (largest === 0) return "zero-matrix";
  const [first, second] = groups.length > 1 ? halves.map((half) => within(half).A) : [whole.A, whole.A];
  if (!first || !second) return "too-few-samples";
  if (!Number.isFinite(maxAbs(first.data)) || !Number.isFinite(maxAbs(second.data))) return "not-finite";
  return { which, whole: whole.A, halves: [first, second], n: whole.n, system: eigh(whole.A) };
}

/** V^T A V, exactly symmetric. */
function changeBasis(A: Matrix, V: Matrix): Matrix {
  const B = matmul(transpose(V), matmul(A, V));
  const r = B.rows;
  for (let i = 0; i < r; i++)
    for (let j = 0; j < i; j++) {
      const value = (B.data[i * r + j]! + B.data[j * r + i]!) / 2;
      B.data[i * r + j] = value;
      B.data[j * r + i] = value;
    }
  return B;
}

function takeLeading(V: Matrix, k: number): Matrix {
  return takeColumns(
    V,
    Array.from({ length: k }, (_, j) => j),
  );
}

function takeColumns(V: Matrix, chosen: readonly number[]): Matrix {
  const out = matrix(V.rows, chosen.length);
  for (let i = 0; i < V.rows; i++)
    chosen.forEach((j, c) => {
      out.data[i * chosen.length + c] = V.data[i * V.cols + j]!;
    });
  return out;
}

/** At most `mostDirections` of the first m, evenly spaced, first and last included. */
function chooseSpaced(m: number): number[] {
  if (m <= mostDirections) return Array.from({ length: m }, (_, i) => i);
  return Array.from({ length: mostDirections }, (_, i) => Math.round((i * (m - 1)) / (mostDirections - 1)));
}

/** H or G against Z, along the eigenvectors of Z. */
function fitAgainstWeights(scene: Scene, part: Part, Z: EigenSystem): Exponent {
  const { groups, side, convention, options } = scene;
  const chosen = chooseSpaced(Z.values.length);
  const y = projectGroups(groups, side, part.which, convention, takeColumns(Z.vectors, chosen));
  const x = Float64Array.from(chosen, (i) => Z.values[i]!);
  const fit = fitFor(scene, `${part.which}Z`, [{ x: { exact: x }, y: { groups: y } }], chosen.length, options);
  const [first, second] = part.halves.map((half) => (holdsWeights(side, part.which) ? withoutWeights(half, Z) : half));
  const apart = unshared(first!, second!, Z.values.length);
  const inBasis = matrix(Z.values.length, Z.values.length);
  Z.values.forEach((value, i) => {
    inBasis.data[i * (Z.values.length + 1)] = value;
  });
  const system: EigenSystem = { values: Z.values, vectors: identity(Z.values.length) };
  const exact = Number.POSITIVE_INFINITY;
  return judged(fit, apart, system, exact, pairOf(part.whole, part.system, part.n, inBasis, system, exact));
}

/** H_b = W H_a W^T and G_a = W^T G_b W (theory.md Eq. 6) are biased towards Z whatever H_a and G_b are. */
const holdsWeights = (side: Side, which: Which): boolean => (side === "b") === (which === "H");

/** Z^(-1/2) A Z^(-1/2) in the basis of Z: H_a for H_b and G_b for G_a, in other coordinates. */
function withoutWeights(A: Matrix, { values }: EigenSystem): Matrix {
  const r = A.rows;
  return matrix(
    r,
    r,
    A.data.map((value, k) => value / Math.sqrt(values[Math.floor(k / r)]!) / Math.sqrt(values[k % r]!)),
  );
}

/** H against G, along the eigenvectors of the steeper of the two, where noise mixes the basis least. */
function fitBetweenMoments(scene: Scene, H: Part, G: Part): Exponent {
  const { halves, side, convention, Z, options, groups } = scene;
  const steeper = steepness(H) >= steepness(G) ? H : G;
  const other = steeper === H ? G : H;
  const bases = groups.length > 1 ? steeper.halves.map((half) => eigh(half)) : [steeper.system];
  const n = steeper.n / bases.length;
  const kept = Math.min(...bases.map(({ values }) => aboveFloor(values, n)));
  const chosen = chooseSpaced(kept);
  const folds = bases.map(({ vectors }, f): Fold => {
    const inRange = takeColumns(vectors, chosen);
    const V = Z ? matmul(Z.vectors, inRange) : inRange;
    const tested = groups.length > 1 ? halves[1 - f]! : groups;
    const along = (which: Which) => ({ groups: projectGroups(tested, side, which, convention, V) });
    return { x: along("G"), y: along("H") };
  });
  const along = chosen.length > 0 ? fitFor(scene, "HG", folds, chosen.length, options) : undefined;
  const whole = kept === steeper.system.values.length;
  const known: Known = new Map(bases.map((system, i) => [steeper.halves[i]!, system]));
  const fit = along && withoutBasis(along, H, G, whole ? undefined : takeLeading(steeper.system.vectors, kept), known);
  const U = bases[0]!.vectors;
  const apart = unshared(changeBasis(other.halves[0], U), changeBasis(other.halves[1], U), kept);
  return judged(fit, apart, G.system, G.n, pairOf(H.whole, H.system, H.n, G.whole, G.system, G.n));
}

/**
 * The fit along directions, combined with the slope that needs no basis; the interval includes the uncertainty from the
 * choice of basis (Eqs. 37, 80).
 */
function withoutBasis(fit: Fit, H: Part, G: Part, V: Matrix | undefined, known: Known): Fit {
  const within = ({ halves }: Part): Halves => (V ? [changeBasis(halves[0], V), changeBasis(halves[1], V)] : halves);
  const found = logSlope(within(H), within(G), leastDirections, known);
  if (!found) return fit;
  const { slope, angles } = found;
  return { ...fit, slope, interval: orderInterval(angles[0] - fit.half, angles[1] + fit.half) };
}

function aboveFloor(values: Float64Array, n: number): number {
  const floor = noiseFloor(values, n);
  return values.filter((value) => value > floor).length;
}

/** Variance of the logarithms of the eigenvalues above the floor, times their share. */
function steepness({ system: { values }, n }: Part): number {
  const kept = values.slice(0, aboveFloor(values, n)).map(Math.log);
  const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
  return kept.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

function fitFor(
  scene: Scene,
  pair: string,
  folds: readonly Fold[],
  m: number,
  options: ExponentOptions,
): Fit | undefined {
  const { replicates = 100, seed = 1 } = options;
  const random = new Random(seed).split(`${scene.side} ${scene.convention} ${pair}`);
  return fitExponent(folds, m, replicates, random);
}

/** The facts stated of a pair whether or not it has an exponent. */
type PairFacts = Pick<Exponent, "sorted" | "commutator" | "commutatorNull" | "overlap">;

function pairOf(A: Matrix, a: EigenSystem, nA: number, B: Matrix, b: EigenSystem, nB: number): PairFacts {
  const k = Math.max(1, Math.round(Math.min(participation(a.values), participation(b.values))) || 1);
  return {
    sorted: sortedSlope(a.values, nA, b.values, nB),
    commutator: commutator(A, B),
    commutatorNull: commutatorNull(A, B),
    overlap: overlap(a.vectors, b.vectors, k),
  };
}

function participation(values: Float64Array): number {
  const sum = values.reduce((total, value) => total + value, 0);
  return sum ** 2 / values.reduce((total, value) => total + value * value, 0);
}

/** Orthogonal slope between the logarithms of sorted eigenvalues above both floors. */
function sortedSlope(y: Float64Array, nY: number, x: Float64Array, nX: number): number | null {
  const kept = Math.min(aboveFloor(x, nX), aboveFloor(y, nY));
  if (kept < leastDirections) return null;
  const { slope } = deming(x.slice(0, kept).map(Math.log), y.slice(0, kept).map(Math.log), 1);
  return Number.isFinite(slope) ? slope : null;
}

/**
 * Why the spectrum of an exponent's second matrix has no slope: its eigenvalues above the floor differ by a small
 * factor, or are too few.
 */
function spectrumStatus(values: Float64Array, n: number): Status | undefined {
  if (values.length < leastDirections) return "too-few-values";
  const kept = aboveFloor(values, n);
  if (kept === 0 || Math.log10(values[0]! / values[kept - 1]!) < flatDecades) return "flat-spectrum";
  return kept < leastDirections ? "too-few-values" : undefined;
}

/**
 * Decides whether the slope may be read.
 *
 * @param x eigenvalues of the second matrix of the pair, over n samples
 */
function judged(fit: Fit | undefined, apart: Unshared, x: EigenSystem, n: number, facts: PairFacts): Exponent {
  const base = { ...facts, unshared: apart.value };
  const own = spectrumStatus(x.values, n) ?? (fit ? undefined : "too-few-values");
  if (own || !fit) return { ...none(own ?? "too-few-values"), ...base };
  const { slope, interval, r2, decades, directions } = fit;
  const flat = decades < flatDecades || fit.spread < 4 * fit.noise || !interval.every(Number.isFinite);
  const status: Status | undefined = haveNoCommonBasis(apart)
    ? "no-common-eigenbasis"
    : flat
      ? "flat-spectrum"
      : decades < 1
        ? "under-one-decade"
        : undefined;
  if (status) return { ...none(status), ...base, r2, decades, directions };
  return { ...base, value: slope, interval, r2, decades, directions };
}
