/**
 * @file Everything that is measured of a network at one step, from its moments alone: one record per layer, in the JSON
 * form that runs, reports and the command line share (docs/formats.md).
 */

import { ArrayPool } from "../linalg/arrayPool.ts";
import type { Matrix } from "../linalg/matrix.ts";
import type { BrokenEdge } from "../moments/edges.ts";
import { type LayerMoments, type Moments, mergeAllLayers, type SideMoments, sumsOf } from "../moments/moments.ts";
import type { Resources } from "./decompositions.ts";
import { exponentSeconds } from "./laws/exponent.ts";
import type { LayerOptions } from "./layerMeasures.ts";
import { type LayerSnapshot, layerSnapshot } from "./layerSnapshot.ts";
import type { Cost } from "./measured.ts";
import { headBaselines } from "./network/headBaselines.ts";
import { type PairSnapshot, type PairsFound, type PairTraining, pairsOf } from "./network/pairs.ts";
import { fullSpectrum } from "./spectra/layerSpectra.ts";

export type { AlignmentValue, Convention, SideAlignments } from "./alignment/relations.ts";
export type { Exponent, LayerExponents, SideExponents } from "./laws/exponent.ts";
export type { LayerSnapshot } from "./layerSnapshot.ts";
export type { SideRanks } from "./matrixMeasures.ts";
export type { BothSides, Cost, Measured, Status } from "./measured.ts";
export type { DeadReason, LayerAlignment } from "./measureLayer.ts";
export type { RankValue } from "./spectra/rank.ts";

export interface Snapshot {
  schema: "crh-lab/snapshot@1";
  step: number;
  loss: { mean: number | null };
  accuracy?: number;
  samples: number;
  objective: string;
  layers: LayerSnapshot[];
  skipped: { node: string; reason: string }[];
  /** Charges and noise balance of the symmetric pairs of neighbouring maps; absent where pairs were not looked for. */
  pairs?: PairSnapshot[];
  /** Neighbouring maps that share no symmetry, and the reason; `second` is null where the map above was not found. */
  unpaired?: BrokenEdge[];
  /** A sentence on what was left out to save time and how to get it; absent where nothing was. */
  leftOut?: string;
}

export interface SnapshotOptions {
  /**
   * Moments of disjoint groups of the samples, two or more. Noise comes from the even and the odd ones; the intervals
   * of exponents come from resampling them (8 to 16 are enough).
   */
  groups?: readonly Moments[];
  /** "economy" leaves out everything that costs O(d^3); "full" leaves nothing out. Default "standard". */
  cost?: Cost;
  /**
   * Estimated seconds that the exponents of all layers may take at cost "standard". Default 10; at 0 no laws are
   * measured.
   */
  exponentSeconds?: number;
  /** The same for ranks, spectra and other O(d^3) measures: layers beyond it have cost "economy". Default: no limit. */
  cubicSeconds?: number;
  /** All layers of the network, where only part of them is given: the layers share the budget for exponents. */
  network?: readonly LayerSize[];
  /** Mean loss per sample; a value that is not finite is stored as null. */
  loss?: number;
  accuracy?: number;
  /** Number of samples; by default the smallest number of any layer (positions of a convolution count each). */
  samples?: number;
  /** Parts of the model that could not be measured, and why. */
  skipped?: readonly { node: string; reason: string }[];
  /** The network at initialisation, with which its relations are compared. */
  initial?: Pick<Snapshot, "layers">;
  /** The weights at initialisation by layer, which the feature ansatz subtracts. */
  initialWeights?: ReadonlyMap<string, Matrix>;
  /** Disagreement with the nearest class mean (Eq. 70). */
  nearestMean?: { readonly layer: string; readonly disagreement: number };
  /** How the network was trained, for the residuals. */
  training?: PairTraining;
  /** Pairs, if already measured. */
  pairs?: PairsFound | undefined;
  /** An earlier measurement of the same samples, for the change since. */
  previous?: Moments;
  /** That at about half the step, for the change over the last factor of two. */
  half?: Moments;
  /** The attention heads at the first measurement, with which heads are compared. */
  start?: Moments;
}

/** A layer by its name and the values of its sides. */
export type LayerSize = Pick<LayerMoments, "name" | "dIn" | "dOut"> & {
  readonly a?: Pick<SideMoments, "d">;
  readonly b: Pick<SideMoments, "d">;
};

/** The inputs of one layer's measures. Plain data: it may go to another thread. */
export interface LayerJob {
  /** The sum of the groups, where it is known; there may then be no groups. */
  total?: LayerMoments;
  groups: LayerMoments[];
  options: LayerOptions;
}

/**
 * All measures of all layers.
 *
 * @param total moments of all samples
 * @param resources source of large products and arrays
 * @returns a record that JSON holds exactly: no NaN, no infinity
 * @throws RangeError if the groups are not of the same layers
 */
export async function snapshot(
  total: Moments,
  options: SnapshotOptions = {},
  resources: Resources = {},
): Promise<Snapshot> {
  const layers: LayerSnapshot[] = [];
  for (const job of layerJobs(total, options)) layers.push(await measureJob(job, resources));
  return assembleSnapshot(total, options, layers);
}

/** All measures of one layer. */
export async function measureJob(
  { total, groups, options }: LayerJob,
  { multiply, pool = new ArrayPool() }: Resources = {},
): Promise<LayerSnapshot> {
  const whole = total ?? mergeAllLayers(groups, pool);
  const found = await layerSnapshot(whole, groups, options, { multiply, pool });
  if (!total && groups.length > 1) pool.release(sumsOf(whole));
  return found;
}

/**
 * The layers of a network as independent jobs.
 *
 * @param total undefined where only groups are given, at least one
 * @throws RangeError if the groups are not of the same layers
 */
export function layerJobs(total: Moments | undefined, options: SnapshotOptions): LayerJob[] {
  const { groups = [], cost = "standard", initial, initialWeights, nearestMean, training, previous, half } = options;
  const { layers } = total ?? groups[0]!;
  const network = options.network ?? layers;
  const withExponents = chooseAffordable(network, options.exponentSeconds ?? EXPONENT_SECONDS);
  const withRanks = chooseWithinSeconds(network, options.cubicSeconds ?? Number.POSITIVE_INFINITY, layerCubicSeconds);
  return layers.map((layer, i) => {
    const before = initial?.layers.find(({ name }) => name === layer.name);
    const W0 = initialWeights?.get(layer.name);
    const earlier = previous?.layers.find(({ name }) => name === layer.name);
    const halfway = half?.layers.find(({ name }) => name === layer.name);
    return {
      ...(total && { total: dropNoise(layer) }),
      groups: groups.map((group) => dropNoise(layerOf(group, i, layer))),
      options: {
        cost: cost === "standard" && !withRanks.has(layer.name) ? "economy" : cost,
        exponents: withExponents.has(layer.name),
        ...(before ? { initial: { alignment: before.alignment } } : {}),
        ...(W0 ? { initialWeights: W0 } : {}),
        ...(nearestMean?.layer === layer.name ? { nearestMean: nearestMean.disagreement } : {}),
        ...(training ? { training } : {}),
        ...(earlier && previous ? { previous: { layer: earlier, step: previous.step } } : {}),
        ...(halfway && half ? { half: { layer: halfway, step: half.step } } : {}),
      },
    };
  });
}

/** The record of a network from those of its layers; `total` is needed for its heads alone. */
export function assembleSnapshot(total: Moments, options: SnapshotOptions, layers: LayerSnapshot[]): Snapshot {
  const { accuracy, skipped = [] } = options;
  const loss = options.loss ?? (total.losses && total.losses.sum / total.losses.count);
  const baselines = headBaselines(total, options.start);
  const samples = options.samples ?? (layers.length > 0 ? Math.min(...layers.map((layer) => layer.samples)) : 0);
  const result: Snapshot = {
    schema: "crh-lab/snapshot@1",
    step: total.step,
    loss: { mean: loss !== undefined && Number.isFinite(loss) ? loss : null },
    samples,
    objective: total.objective,
    layers: layers.map((layer) => {
      const found = baselines.get(layer.name);
      return found ? { ...layer, baselines: found } : layer;
    }),
    skipped: [...skipped],
  };
  if (accuracy !== undefined && Number.isFinite(accuracy)) result.accuracy = accuracy;
  const { groups = [], training, previous } = options;
  return { ...result, ...(options.pairs ?? pairsOf(total, groups, { training, previous })) };
}

/**
 * chosen: seconds for the exponents of all layers at cost "standard". An estimate decides, so that every machine
 * measures the same layers.
 */
const EXPONENT_SECONDS = 10;

/** Approximate seconds for the exponents of a layer. */
export function layerExponentSeconds({ a, b }: Pick<LayerSize, "a" | "b">): number {
  return exponentSeconds(b.d) + (a ? exponentSeconds(a.d) : 0);
}

/** Seconds per d^3 of an eigenvalue solver and of products, for three conventions and two matrices a side. */
const cubicUnit = 3e-9;

/**
 * Approximate seconds for ranks, spectra, residuals and other O(d^3) measures of a layer; wide sides have leading
 * eigenvalues alone.
 */
export function layerCubicSeconds({ a, b }: Pick<LayerSize, "a" | "b">): number {
  const side = (d: number) => cubicUnit * d * d * Math.min(d, fullSpectrum);
  return side(b.d) + (a ? side(a.d) : 0);
}

/**
 * Names of the layers whose exponents are measured at cost "standard": not too wide, and as many as the budget allows.
 */
function chooseAffordable(layers: readonly LayerSize[], budget: number): Set<string> {
  const narrow = layers.filter((layer) => Math.max(layer.dIn, layer.dOut) <= fullSpectrum);
  return chooseWithinSeconds(narrow, budget, layerExponentSeconds);
}

/** Approximate seconds for the exponents measured at cost "standard". */
export function affordableSeconds(layers: readonly LayerSize[]): number {
  const chosen = chooseAffordable(layers, EXPONENT_SECONDS);
  return layers.reduce((sum, layer) => sum + (chosen.has(layer.name) ? layerExponentSeconds(layer) : 0), 0);
}

/** Names of as many layers as a budget of seconds allows, cheapest first. */
function chooseWithinSeconds(
  layers: readonly LayerSize[],
  budget: number,
  price: (layer: LayerSize) => number,
): Set<string> {
  let seconds = 0;
  // A stable sort: equal layers stay in the network's order.
  const priced = layers.map((layer) => ({ layer, price: price(layer) })).sort((x, y) => x.price - y.price);
  const chosen = priced.filter(({ price }) => {
    seconds += price;
    return seconds <= budget;
  });
  return new Set(chosen.map(({ layer }) => layer.name));
}

/** What one layer by itself is measured from. */
function dropNoise({ noise: _, ...layer }: LayerMoments): LayerMoments {
  return layer;
}

function layerOf(group: Moments, i: number, layer: LayerMoments): LayerMoments {
  const found = group.layers[i];
  if (found?.name !== layer.name)
    throw new RangeError(
      `snapshot: expected layer ${layer.name} in every part of the samples, got ${found?.name ?? "none"} in its place`,
    );
  return found;
}
