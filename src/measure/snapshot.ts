/**
 * @file Everything that is measured of a network at one step, from its moments alone: one record per layer, in the JSON form that
 * runs, reports and the command line share (docs/formats.md).
 */
import { gram, matrix } from "../linalg/matrix.ts";
import type { LayerKind, LayerMoments, Moments, Side, SideMoments } from "../moments/moments.ts";
import { type Entries, entriesOf } from "./entries.ts";
import { type LayerExponents, layerExponents } from "./exponent.ts";
import { meanRatio } from "./meanRatio.ts";
import type { Measured } from "./measured.ts";
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

export type { Exponent, LayerExponents, SideExponents } from "./exponent.ts";
export type { Measured, Status } from "./measured.ts";
export type { RankValue } from "./rank.ts";
export type { AlignmentValue, Convention, SideAlignments } from "./relations.ts";

export interface SideRanks {
  H: RankValue;
  G: RankValue;
}

/** A quantity on the two sides of a layer; a is null where the layer has no input of its own (attention heads). */
export interface BothSides<T> {
  a: T | null;
  b: T;
}

export interface LayerSnapshot {
  name: string;
  kind: LayerKind;
  dIn: number;
  dOut: number;
  samples: number;
  alignment: Record<Convention, BothSides<SideAlignments>>;
  /** `weights` is the rank of Z, whose nonzero eigenvalues are the same on both sides. */
  ranks: Record<Convention, BothSides<SideRanks>> & { weights: RankValue };
  meanRatio: BothSides<{ h: Measured; g: Measured }>;
  /** Samples with a zero gradient, left out of the paper convention. */
  droppedRows: { a: number; b: number };
  /** Samples with zero activation, left out of the paper convention. */
  droppedActivationRows: { a: number; b: number };
  /** Coordinates measured of each side, where not all were (Eq. 77): alignments are estimates with a sampling error, ranks have none. */
  sampled?: BothSides<{ coordinates: number; of: number }>;
  /** Power laws between H, G and Z (theory.md Eqs. 33 to 37); at cost "full" alone. */
  exponents?: LayerExponents;
}

export interface Snapshot {
  schema: "crh-lab/snapshot@1";
  step: number;
  loss: { mean: number | null };
  accuracy?: number;
  samples: number;
  objective: string;
  layers: LayerSnapshot[];
  skipped: { node: string; reason: string }[];
}

/** How much is measured: alignments only; ranks and leading eigenvalues as well; everything there is. */
export type Cost = "economy" | "standard" | "full";

export interface SnapshotOptions {
  /** Moments of two disjoint halves of the samples, for the noise. */
  halves?: readonly [Moments, Moments];
  /**
   * Moments of disjoint groups of the samples, 8 to 16, for the intervals of exponents; the halves stand in for them, with intervals
   * from the scatter of directions alone.
   */
  groups?: readonly Moments[];
  /** "economy" leaves out the ranks, which cost O(d^3); "full" adds exponents, some ten times that. Default "standard". */
  cost?: Cost;
  /** Mean loss per sample; a value that is not finite is stored as null. */
  loss?: number;
  accuracy?: number;
  /** Samples measured; the smallest number of any layer where it is not given (positions of a convolution count each). */
  samples?: number;
  /** Parts of the model that could not be measured, and why. */
  skipped?: readonly { node: string; reason: string }[];
}

/**
 * All measures of all layers.
 *
 * @param total moments of all samples
 * @returns a record that JSON holds exactly: no NaN, no infinity
 * @throws RangeError if the halves or groups are not of the same layers
 */
export function snapshot(total: Moments, options: SnapshotOptions = {}): Snapshot {
  const { halves, groups, loss, accuracy, skipped = [], cost } = options;
  const layers = total.layers.map((layer, i) => {
    const both = halves && ([halfOf(halves[0], i, layer), halfOf(halves[1], i, layer)] as const);
    const measured = measureLayer(layer, both, cost);
    if (cost !== "full" || measured.sampled) return measured;
    const parts = groups?.map((group) => halfOf(group, i, layer)) ?? both ?? [layer];
    return { ...measured, exponents: layerExponents(parts) };
  });
  const samples = options.samples ?? (layers.length > 0 ? Math.min(...layers.map((layer) => layer.samples)) : 0);
  const result: Snapshot = {
    schema: "crh-lab/snapshot@1",
    step: total.step,
    loss: { mean: loss !== undefined && Number.isFinite(loss) ? loss : null },
    samples,
    objective: total.objective,
    layers,
    skipped: [...skipped],
  };
  if (accuracy !== undefined && Number.isFinite(accuracy)) result.accuracy = accuracy;
  return result;
}

function halfOf(half: Moments, i: number, layer: LayerMoments): LayerMoments {
  const found = half.layers[i];
  if (found?.name !== layer.name)
    throw new RangeError(
      `snapshot: expected layer ${layer.name} in every part of the samples, got ${found?.name ?? "none"} in its place`,
    );
  return found;
}

/**
 * All measures of one layer in both conventions.
 *
 * @param total  its moments
 * @param halves moments of two disjoint halves of the samples, for the noise (theory.md Eq. 18)
 * @param cost   "economy" leaves the ranks out (status "not-measured")
 *
 * O(d^3) for the ranks of a side of d values, O(d^2) for the rest.
 */
export function measureLayer(
  total: LayerMoments,
  halves?: readonly [LayerMoments, LayerMoments],
  cost: Cost = "standard",
): LayerSnapshot {
  const { name, kind, dIn, dOut, n, a, b, W } = total;
  const isSampled = Boolean(a?.sample ?? b.sample);
  const unrankedAs = isSampled ? "sampled-coordinates" : cost === "economy" ? "not-measured" : undefined;
  const ranked: typeof rank =
    unrankedAs === undefined ? rank : (_, dimension, n) => unranked(dimension, n === "weights" ? 0 : n, unrankedAs);
  const Z = { a: a && weightEntries(total, a, "a"), b: weightEntries(total, b, "b") };
  const smaller = W && (W.rows <= W.cols ? Z.b?.A : (Z.a?.A ?? gram(W, "a")));
  const onA = a && measureSide("a", total, a, Z.a, halves, ranked);
  const onB = measureSide("b", total, b, Z.b, halves, ranked);
  const both = (convention: Convention) => ({
    alignment: { a: onA?.[convention].alignment ?? null, b: onB[convention].alignment },
    ranks: { a: onA?.[convention].ranks ?? null, b: onB[convention].ranks },
  });
  const [paper, raw] = [both("paper"), both("raw")];
  return {
    name,
    kind,
    dIn,
    dOut,
    samples: n,
    alignment: { paper: paper.alignment, raw: raw.alignment },
    ranks: { paper: paper.ranks, raw: raw.ranks, weights: ranked(smaller, Math.min(dIn, dOut), "weights") },
    meanRatio: { a: a ? meanRatios(a, n) : null, b: meanRatios(b, n) },
    droppedRows: { a: a ? n - a.keptG : 0, b: n - b.keptG },
    droppedActivationRows: { a: a ? n - a.keptH : 0, b: n - b.keptH },
    ...(isSampled ? { sampled: { a: a ? sampled(a) : null, b: sampled(b) } } : {}),
  };
}

/** Z of one side, whole or on its sampled coordinates; undefined where the weights are not known or there are none. */
function weightEntries({ W }: LayerMoments, { d, z, sample }: SideMoments, side: Side): Entries | undefined {
  if (z) return entriesOf(matrix(d, d, z), sample?.of);
  return W && entriesOf(gram(W, side));
}

function sampled({ d, sample }: SideMoments): { coordinates: number; of: number } {
  return { coordinates: d, of: sample?.of ?? d };
}

/** One side in both conventions. H and G of the whole and of each half take turns in the same memory. */
function measureSide(
  key: Side,
  { n }: LayerMoments,
  side: SideMoments,
  Z: Entries | undefined,
  halves: readonly [LayerMoments, LayerMoments] | undefined,
  ranked: typeof rank,
): Record<Convention, { alignment: SideAlignments; ranks: SideRanks }> {
  const into = { H: matrix(side.d, side.d), G: matrix(side.d, side.d) };
  const within = (convention: Convention) => {
    const whole = sideMatrices(side, convention, n, into);
    const { H, G } = whole;
    const measured = relations(whole, Z);
    const alignment = side.sample ? withSamplingError(whole, Z, measured) : measured;
    const ranks = { H: ranked(H.entries?.A, side.d, H.n), G: ranked(G.entries?.A, side.d, G.n) };
    const ofHalf = (half: LayerMoments | undefined) =>
      half?.[key] && relationValues(sideMatrices(half[key], convention, half.n, into), Z);
    const [first, second] = [ofHalf(halves?.[0]), ofHalf(halves?.[1])];
    return { alignment: first && second ? withNoise(alignment, first, second) : alignment, ranks };
  };
  return { paper: within("paper"), raw: within("raw") };
}

function meanRatios(side: SideMoments, n: number): { h: Measured; g: Measured } {
  const share = side.sample ? side.d / side.sample.of : 1;
  return { h: meanRatio(side.hSum, side.h2, n, share), g: meanRatio(side.gSum, side.g2, n, share) };
}
