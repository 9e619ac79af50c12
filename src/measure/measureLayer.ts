/**
 * @file The six alignments of one layer in both conventions, with ranks and mean ratios: what every measurement has.
 */
import { gram, type Matrix, matrix } from "../linalg/matrix.ts";
import { Memory } from "../linalg/memory.ts";
import { type Asking, withOwnProducts } from "../linalg/products.ts";
import type { LayerKind, LayerMoments, Side, SideMoments } from "../moments/moments.ts";
import { type Entries, symmetricEntriesOf } from "./entries.ts";
import {
  type LayerSpectra,
  measureSpectrum,
  type SideSpectraRecord,
  type SpectrumRecord,
  weightMoment,
} from "./layerSpectra.ts";
import { meanRatio } from "./meanRatio.ts";
import type { BothSides, Cost, Measured } from "./measured.ts";
import { type LayerPlasticity, type Plasticity, plasticity, roomForPairs } from "./plasticity.ts";
import { type RankValue, rank, unranked } from "./rank.ts";
import {
  type Convention,
  relations,
  relationValues,
  type SideAlignments,
  sideMatrices,
  withNoise,
} from "./relations.ts";
import { withSamplingError } from "./samplingError.ts";

export interface SideRanks {
  H: RankValue;
  G: RankValue;
}

/** What is measured of every layer. */
export interface LayerAlignment {
  name: string;
  kind: LayerKind;
  dIn: number;
  dOut: number;
  samples: number;
  alignment: Record<Convention, BothSides<SideAlignments>>;
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
 * Alignments, ranks and mean ratios of one layer in both conventions.
 *
 * @param total  its moments
 * @param halves moments of two disjoint halves of the samples, for the noise (theory.md Eq. 18)
 * @param cost   "economy" leaves the ranks out (status "not-measured")
 * @param memory for matrices as large as the sums
 *
 * O(d^3) for the ranks of a side of d values, O(d^2) for the rest.
 */
export function measureLayer(
  total: LayerMoments,
  halves?: readonly [LayerMoments, LayerMoments],
  cost: Cost = "standard",
  memory?: Memory,
): LayerAlignment {
  return withOwnProducts(measureLayerAsking(total, halves, cost, memory));
}

/** The same with the products that take most of the time of wide layers from elsewhere. */
export function* measureLayerAsking(
  total: LayerMoments,
  halves?: readonly [LayerMoments, LayerMoments],
  cost: Cost = "standard",
  memory: Memory = new Memory(),
): Asking<LayerAlignment> {
  const { name, kind, dIn, dOut, n, a, b, W } = total;
  const isSampled = Boolean(a?.sample ?? b.sample);
  const unrankedAs = isSampled ? "sampled-coordinates" : cost === "economy" ? "not-measured" : undefined;
  const spectral: Spectral = function* (A, dimension, n) {
    if (unrankedAs !== undefined) return { rank: unranked(dimension, n === "weights" ? 0 : n, unrankedAs) };
    const { spectrum, eigenvalues } = yield* measureSpectrum(A, n, cost);
    return { rank: rank(A, dimension, n, eigenvalues), spectrum };
  };
  const Z = { a: a && (yield* weightEntries(total, a, "a")), b: yield* weightEntries(total, b, "b") };
  const smaller = W && (W.rows <= W.cols ? Z.b?.A : (Z.a?.A ?? gram(W, "a")));
  const neurons = unrankedAs === undefined;
  const onA = a && (yield* measureSide("a", total, Z.a, halves, { spectral, neurons, memory }));
  const onB = yield* measureSide("b", total, Z.b, halves, { spectral, neurons, memory });
  const both = (convention: Convention) => ({
    alignment: { a: onA?.[convention].alignment ?? null, b: onB[convention].alignment },
    ranks: { a: onA?.[convention].ranks ?? null, b: onB[convention].ranks },
    spectra: { a: onA?.[convention].spectra ?? null, b: onB[convention].spectra! },
    plasticity: { a: onA?.[convention].plasticity ?? null, b: onB[convention].plasticity },
  });
  const [paper, raw] = [both("paper"), both("raw")];
  const weights = yield* spectral(smaller, Math.min(dIn, dOut), "weights");
  return {
    name,
    kind,
    dIn,
    dOut,
    samples: n,
    alignment: { paper: paper.alignment, raw: raw.alignment },
    ranks: { paper: paper.ranks, raw: raw.ranks, weights: weights.rank },
    ...(neurons && { plasticity: { paper: paper.plasticity, raw: raw.plasticity } }),
    ...(weights.spectrum && { spectra: { paper: paper.spectra, raw: raw.spectra, weights: weights.spectrum } }),
    meanRatio: { a: a ? meanRatios(a, n) : null, b: meanRatios(b, n) },
    droppedRows: { a: a ? n - a.keptG : 0, b: n - b.keptG },
    droppedActivationRows: { a: a ? n - a.keptH : 0, b: n - b.keptH },
    ...(isSampled ? { sampled: { a: a ? sampled(a) : null, b: sampled(b) } } : {}),
  };
}

/** Rank and, unless it was left out, spectrum of one matrix. */
type Spectral = (
  A: Matrix | undefined,
  dimension: number,
  n: number | "weights",
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
}

/** One side in both conventions. H and G of the whole and of each half take turns in the same memory. */
function* measureSide(
  key: Side,
  { n, ...layer }: LayerMoments,
  Z: Entries | undefined,
  halves: readonly [LayerMoments, LayerMoments] | undefined,
  { spectral, neurons, memory }: { spectral: Spectral; neurons: boolean; memory: Memory },
): Asking<Record<Convention, SideMeasures>> {
  const side = layer[key]!;
  const into = { H: memory.square(side.d), G: memory.square(side.d) };
  const room = neurons ? roomForPairs(side.d, memory) : undefined;
  const within = function* (convention: Convention): Asking<SideMeasures> {
    const whole = sideMatrices(side, convention, n, into);
    const { H, G } = whole;
    const measured = relations(whole, Z);
    const alignment = side.sample ? withSamplingError(whole, Z, measured) : measured;
    const ofH = yield* spectral(H.entries?.A, side.d, H.n);
    const ofG = yield* spectral(G.entries?.A, side.d, G.n);
    const ranks = { H: ofH.rank, G: ofG.rank };
    const ofNeurons = room && H.entries && G.entries ? plasticity(H.entries.A, G.entries.A, room) : null;
    const spectra = ofH.spectrum && ofG.spectrum && { H: ofH.spectrum, G: ofG.spectrum };
    const ofHalf = (half: LayerMoments | undefined) =>
      half?.[key] && relationValues(sideMatrices(half[key], convention, half.n, into, "up-to-scale"), Z);
    const [first, second] = [ofHalf(halves?.[0]), ofHalf(halves?.[1])];
    return {
      alignment: first && second ? withNoise(alignment, first, second) : alignment,
      ranks,
      plasticity: ofNeurons,
      ...(spectra && { spectra }),
    };
  };
  const measured = { paper: yield* within("paper"), raw: yield* within("raw") };
  memory.give([into.H.data, into.G.data, ...(room ? [room.h, room.g] : [])]);
  return measured;
}

function meanRatios(side: SideMoments, n: number): { h: Measured; g: Measured } {
  const share = side.sample ? side.d / side.sample.of : 1;
  return { h: meanRatio(side.hSum, side.h2, n, share), g: meanRatio(side.gSum, side.g2, n, share) };
}
