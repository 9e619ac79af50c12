/**
 * @file The six alignments of one layer in all conventions, with ranks and mean ratios: what every measurement has.
 */

import { ArrayPool } from "../linalg/arrayPool.ts";
import { gram, type Matrix, matrix } from "../linalg/matrix.ts";
import { type Asking, withOwnProducts } from "../linalg/products.ts";
import { conventions, type LayerKind, type LayerMoments, type Side, type SideMoments } from "../moments/moments.ts";
import { type Size, sharedNullOf, sizeOf } from "./alignment/alignmentNull.ts";
import { type Entries, symmetricEntriesOf } from "./alignment/entrySums.ts";
import { mapWeights } from "./alignment/mapWeights.ts";
import {
  type AlignmentValue,
  type Convention,
  relations,
  relationValues,
  type SideAlignments,
  sideMatrices,
  spreadsOf,
  withError,
} from "./alignment/relations.ts";
import { rowRelations } from "./alignment/relationsFromRows.ts";
import { withSamplingError } from "./alignment/samplingError.ts";
import { weightSums } from "./alignment/weightSums.ts";
import { type BothSides, type Cost, leastSamples, type Measured } from "./measured.ts";
import { type LayerPlasticity, type Plasticity, plasticity, roomForPairs } from "./neurons/plasticity.ts";
import {
  type LayerSpectra,
  measureSpectrum,
  type SideSpectraRecord,
  type SpectrumRecord,
  weightMoment,
} from "./spectra/layerSpectra.ts";
import { meanRatio } from "./spectra/meanRatio.ts";
import { type RankValue, rank, unranked } from "./spectra/rank.ts";

export interface SideRanks {
  H: RankValue;
  G: RankValue;
}

/**
 * Why a layer is dead: no sample has a gradient, no sample an activation, or all samples the same activation. Its relations are no
 * findings, and it is in no median.
 */
export type DeadReason = "no-gradient" | "no-activation" | "constant-activation";

/** What is measured of every layer. */
export interface LayerAlignment {
  name: string;
  kind: LayerKind;
  dIn: number;
  dOut: number;
  samples: number;
  alignment: Record<Convention, BothSides<SideAlignments>>;
  /** Groups of the samples behind noise and corrected values; 0 where there were none. Absent in records of earlier versions. */
  groups?: number;
  /** Why nothing is learned in the layer; absent where it is alive. */
  dead?: readonly DeadReason[];
  /** `weights` is the rank of Z, whose nonzero eigenvalues are the same on both sides. */
  ranks: Record<Convention, BothSides<SideRanks>> & { weights: RankValue };
  /** Eigenvalues of H, G and Z (Eqs. 29 to 32); not at cost "economy". */
  spectra?: LayerSpectra;
  /** Expressivity against plasticity of neurons (Eq. 75). Not at cost "economy". */
  plasticity?: LayerPlasticity;
  meanRatio: BothSides<{ h: Measured; g: Measured }>;
  /** Samples with a zero gradient, left out of the paper convention. */
  droppedRows: { a: number; b: number };
  /** Samples with zero activation, left out of the paper convention. */
  droppedActivationRows: { a: number; b: number };
  /** Coordinates measured of each side, where not all were (Eq. 77): alignments are estimates with a sampling error, ranks have none. */
  sampled?: BothSides<{ coordinates: number; of: number }>;
}

/**
 * Alignments, ranks and mean ratios of one layer in all conventions.
 *
 * @param total  its moments
 * @param groups moments of disjoint groups of the samples, for standard errors and bias (theory.md Eq. 18); fewer than two give none
 * @param cost   "economy" leaves the ranks out (status "not-measured")
 * @param memory for matrices as large as the sums
 *
 * O(d^3) for the ranks of a side of d values, O(groups d^2) for the rest.
 */
export function measureLayer(
  total: LayerMoments,
  groups: readonly LayerMoments[] = [],
  cost: Cost = "standard",
  memory?: ArrayPool,
): LayerAlignment {
  return withOwnProducts(measureLayerAsking(total, groups, cost, memory));
}

/** The same with the products that take most of the time of wide layers from elsewhere. */
export function* measureLayerAsking(
  total: LayerMoments,
  groups: readonly LayerMoments[] = [],
  cost: Cost = "standard",
  memory: ArrayPool = new ArrayPool(),
): Asking<LayerAlignment> {
  const { dIn, dOut, n, a, b, W } = total;
  if (total.rows !== undefined) return yield* measureRows(total, groups);
  const isSampled = Boolean(a?.sample ?? b.sample);
  const unrankedAs = isSampled ? "sampled-coordinates" : cost === "economy" ? "not-measured" : undefined;
  const spectral: Spectral = function* (A, dimension, n, convention) {
    if (unrankedAs !== undefined) return { rank: unranked(dimension, n === "weights" ? 0 : n, unrankedAs) };
    const { spectrum, eigenvalues } = yield* measureSpectrum(A, n, cost, convention);
    return { rank: rank(A, dimension, n, eigenvalues), spectrum };
  };
  const Z = { a: a && (yield* weightEntries(total, a, "a")), b: yield* weightEntries(total, b, "b") };
  const smaller = W && (W.rows <= W.cols ? Z.b?.A : (Z.a?.A ?? gram(W, "a")));
  const neurons = unrankedAs === undefined;
  const onA = a && (yield* measureSide("a", total, Z.a, groups, { spectral, neurons, memory }));
  const onB = yield* measureSide("b", total, Z.b, groups, { spectral, neurons, memory });
  const both = (convention: Convention) => ({
    alignment: withSharedNulls(onA?.[convention], onB[convention], Z),
    ranks: { a: onA?.[convention].ranks ?? null, b: onB[convention].ranks },
    spectra: { a: onA?.[convention].spectra ?? null, b: onB[convention].spectra! },
    plasticity: { a: onA?.[convention].plasticity ?? null, b: onB[convention].plasticity },
  });
  const found = { paper: both("paper"), covariance: both("covariance"), raw: both("raw") };
  const each = <Key extends keyof ReturnType<typeof both>>(key: Key) =>
    Object.fromEntries(conventions.map((one) => [one, found[one][key]])) as Record<
      Convention,
      ReturnType<typeof both>[Key]
    >;
  const weights = yield* spectral(smaller, Math.min(dIn, dOut), "weights");
  return {
    ...layerHead(total, groups),
    alignment: each("alignment"),
    ranks: { ...each("ranks"), weights: weights.rank },
    ...(neurons && { plasticity: each("plasticity") }),
    ...(weights.spectrum && { spectra: { ...each("spectra"), weights: weights.spectrum } }),
    meanRatio: { a: a ? meanRatios(a, n) : null, b: meanRatios(b, n) },
    droppedRows: { a: a ? n - a.keptG : 0, b: n - b.keptG },
    droppedActivationRows: { a: a ? n - a.keptH : 0, b: n - b.keptH },
    ...(isSampled ? { sampled: { a: a ? sampled(a) : null, b: sampled(b) } } : {}),
  };
}

/** What is said of a layer however it is measured. */
function layerHead(total: LayerMoments, groups: readonly LayerMoments[]) {
  const { name, kind, dIn, dOut, n } = total;
  const dead = deadReasons(total);
  return {
    ...{ name, kind, dIn, dOut, samples: n, groups: groups.length < 2 ? 0 : groups.length },
    ...(dead.length > 0 && { dead }),
  };
}

/** The same from rows in place of sums: alignments and mean ratios, no ranks. */
function* measureRows(total: LayerMoments, groups: readonly LayerMoments[]): Asking<LayerAlignment> {
  const { dIn, dOut, n, W } = total;
  const [a, b] = [total.a!, total.b];
  const weights = mapWeights(W!);
  const Z = yield* weightSums(weights);
  const counts = groups.map((group) => group.n);
  const on = yield* rowRelations(total, weights, Z, counts);
  const of = (convention: Convention) => sharedNulls(on.a[convention], on.b[convention], Z);
  const none = (d: number, count: number) => unranked(d, count, "not-measured");
  const ranks = (convention: Convention) => {
    const side = ({ d, keptH, keptG }: SideMoments) =>
      convention === "paper" ? { H: none(d, keptH), G: none(d, keptG) } : { H: none(d, n), G: none(d, n) };
    return { a: side(a), b: side(b) };
  };
  return {
    ...layerHead(total, groups),
    alignment: { paper: of("paper"), covariance: of("covariance"), raw: of("raw") },
    ranks: {
      paper: ranks("paper"),
      covariance: ranks("covariance"),
      raw: ranks("raw"),
      weights: none(Math.min(dIn, dOut), 0),
    },
    meanRatio: { a: meanRatios(a, n), b: meanRatios(b, n) },
    droppedRows: { a: n - a.keptG, b: n - b.keptG },
    droppedActivationRows: { a: n - a.keptH, b: n - b.keptH },
  };
}

/** Rank and, unless it was left out, spectrum of one matrix. */
type Spectral = (
  A: Matrix | undefined,
  dimension: number,
  n: number | "weights",
  convention?: Convention,
) => Asking<{ rank: RankValue; spectrum?: SpectrumRecord }>;

/** Z of one side, whole or on its sampled coordinates; undefined where the weights are not known or there are none. */
function* weightEntries({ W }: LayerMoments, { d, z, sample }: SideMoments, side: Side): Asking<Entries | undefined> {
  if (z) return symmetricEntriesOf(matrix(d, d, z), sample?.of);
  return W && symmetricEntriesOf(yield* weightMoment(W, side));
}

function sampled({ d, sample }: SideMoments): { coordinates: number; of: number } {
  return { coordinates: d, of: sample?.of ?? d };
}

interface SideMeasures {
  alignment: SideAlignments;
  ranks: SideRanks;
  plasticity: Plasticity | null;
  spectra?: SideSpectraRecord;
  /** For the nulls of the other side. */
  sizes: { H: Size | undefined; G: Size | undefined };
}

/** One side in all conventions. H and G of the whole, and without each group, take turns in the same memory. */
function* measureSide(
  key: Side,
  { n, ...layer }: LayerMoments,
  Z: Entries | undefined,
  groups: readonly LayerMoments[],
  { spectral, neurons, memory }: { spectral: Spectral; neurons: boolean; memory: ArrayPool },
): Asking<Record<Convention, SideMeasures>> {
  const side = layer[key]!;
  const into = { H: memory.square(side.d), G: memory.square(side.d) };
  const room = neurons ? roomForPairs(side.d, memory) : undefined;
  const within = function* (convention: Convention): Asking<SideMeasures> {
    const whole = sideMatrices(side, convention, n, into);
    const { H, G } = whole;
    const measured = relations(whole, Z);
    const alignment = side.sample ? withSamplingError(whole, Z, measured) : measured;
    const ofH = yield* spectral(H.entries?.A, side.d, H.n, convention);
    const ofG = yield* spectral(G.entries?.A, side.d, G.n, convention);
    const ranks = { H: ofH.rank, G: ofG.rank };
    const ofNeurons = room && H.entries && G.entries ? plasticity(H.entries.A, G.entries.A, room) : null;
    const spectra = ofH.spectrum && ofG.spectrum && { H: ofH.spectrum, G: ofG.spectrum };
    const sizes = { H: H.entries && sizeOf(H.entries), G: G.entries && sizeOf(G.entries) };
    const known = groups.length > 1 && groups.every((group) => group[key]);
    const leftOut = known && {
      values: groups.map((group) => {
        const left = sideMatrices(side, convention, n, into, { side: group[key]!, n: group.n });
        return { of: relationValues(left, Z), spreads: spreadsOf(left, Z) };
      }),
      counts: groups.map((group) => group.n),
    };
    return {
      alignment: leftOut ? withError(alignment, spreadsOf(whole, Z), leftOut) : alignment,
      ranks,
      plasticity: ofNeurons,
      ...(spectra && { spectra }),
      sizes,
    };
  };
  const measured = {
    paper: yield* within("paper"),
    covariance: yield* within("covariance"),
    raw: yield* within("raw"),
  };
  memory.release([into.H.data, into.G.data, ...(room ? [room.h, room.g] : [])]);
  return measured;
}

/** The alignments of both sides, with the nulls of the two relations that share W (theory.md Eq. 84). */
function withSharedNulls(
  a: SideMeasures | undefined,
  b: SideMeasures,
  Z: { a: Entries | undefined; b: Entries | undefined },
): BothSides<SideAlignments> {
  return sharedNulls(a, b, { a: Z.a && sizeOf(Z.a), b: Z.b && sizeOf(Z.b) });
}

/** The same from sizes. */
function sharedNulls(
  a: Pick<SideMeasures, "alignment" | "sizes"> | undefined,
  b: Pick<SideMeasures, "alignment" | "sizes">,
  Z: { a: Size | undefined; b: Size | undefined },
): BothSides<SideAlignments> {
  if (!a) return { a: null, b: b.alignment };
  const shared = (value: AlignmentValue, source: Size | undefined, weights: Size | undefined): AlignmentValue =>
    value.null === null || !source || !weights ? value : { ...value, null: sharedNullOf(source, weights).value };
  return {
    a: { ...a.alignment, gwa: shared(a.alignment.gwa, b.sizes.G, Z.b) },
    b: { ...b.alignment, rwa: shared(b.alignment.rwa, a.sizes.H, Z.a) },
  };
}

/** Variance of an activation over its mean square, below which all samples have the same. */
const constantShare = 1e-12;

/** Why the layer is dead, as far as its sums tell. */
function deadReasons({ n, a, b }: LayerMoments): DeadReason[] {
  if (n < leastSamples) return [];
  const reasons: DeadReason[] = [];
  if (b.g2 === 0 || (a && a.g2 === 0)) reasons.push("no-gradient");
  const input = a ?? b;
  if (input.h2 === 0 || b.h2 === 0) reasons.push("no-activation");
  else if (isConstant(input, n)) reasons.push("constant-activation");
  return reasons;
}

function isConstant({ hSum, h2, sample }: SideMoments, n: number): boolean {
  if (!hSum || sample) return false;
  const mean = hSum.reduce((sum, value) => sum + (value / n) ** 2, 0);
  return h2 / n - mean <= constantShare * (h2 / n);
}

function meanRatios(side: SideMoments, n: number): { h: Measured; g: Measured } {
  const share = side.sample ? side.d / side.sample.of : 1;
  return { h: meanRatio(side.hSum, side.h2, n, share), g: meanRatio(side.gSum, side.g2, n, share) };
}
