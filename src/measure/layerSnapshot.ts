/**
 * @file Everything that is measured of one layer, in the JSON form that runs, reports and the command line share (docs/formats.md). It
 * needs nothing but the layer's moments, so that layers can be measured side by side.
 */

import { ArrayPool } from "../linalg/arrayPool.ts";
import { type Matrix, maxAbs } from "../linalg/matrix.ts";
import { type Asking, withOwnProducts } from "../linalg/products.ts";
import { type LayerMoments, mergeAllLayers } from "../moments/moments.ts";
import type { Convention } from "./alignment/relations.ts";
import { type Strongest, strongestRelations } from "./alignment/strongestRelations.ts";
import { type LayerCollapse, layerCollapse } from "./collapse/layerCollapse.ts";
import { type LayerExponents, layerExponents, unmeasuredExponents } from "./laws/exponent.ts";
import { evenGroups } from "./laws/heavyGroups.ts";
import { leadingSystem, liveSubspace, weightSystems } from "./laws/liveSubspace.ts";
import type { BothSides, Cost } from "./measured.ts";
import { type LayerAlignment, measureLayer, measureLayerAsking } from "./measureLayer.ts";
import type { HeadBaselines } from "./network/headBaselines.ts";
import { layerClusters, type NeuronClusters } from "./neurons/neuronClusters.ts";
import { type LayerPhase, layerPhase } from "./phase/layerPhase.ts";
import { type EffectiveRows, effectiveRows } from "./spectra/effectiveRows.ts";
import { type LayerIrrelevant, layerIrrelevant } from "./training/irrelevantDirections.ts";
import { type LayerAnsatz, layerAnsatz } from "./training/layerAnsatz.ts";
import { type LayerChange, layerChange } from "./training/relativeChange.ts";
import { type Residuals, residuals, type TrainingConstants } from "./training/residual.ts";

export interface LayerSnapshot extends LayerAlignment {
  /** Power laws between H, G and Z (Eqs. 33 to 37). Not at cost "economy". */
  exponents?: LayerExponents;
  /** Which row of the table of phases the layer is in (Eq. 52); null where there is no side a or no W. Where exponents are measured. */
  phase?: LayerPhase | null;
  /** Groups of the samples that counted less for exponents and phase, because few rows dominate them (Eq. 88); absent where none. */
  heavyGroups?: number;
  /** How many rows of equal norm would carry H and G as the measured ones do (Eq. 92); absent for sampled coordinates. */
  effectiveRows?: EffectiveRows;
  /** Neurons whose activations are nearly one, before and behind an activation (Eq. 125); not at cost "economy". */
  clusters?: BothSides<NeuronClusters>;
  /** How far from the stationary state of training (Eqs. 53 to 62), where it is known how the layer was trained. */
  residuals?: Residuals;
  /** What the layer keeps in directions that the loss does not depend on (Eq. 65); where exponents are measured. */
  irrelevant?: LayerIrrelevant;
  /** The strongest relation of each side beside its value before training (Eq. 76). */
  strongest?: Record<Convention, Strongest>;
  /** Neural collapse of a classifier's features (Eqs. 66 to 71), on its last map; not at cost "economy". */
  collapse?: LayerCollapse;
  /** The feature ansatz (Eqs. 72 to 74), where gradients of the outputs were measured. */
  ansatz?: LayerAnsatz;
  /** Relative change of H and G since an earlier measurement of the same samples (Eq. 64). */
  change?: LayerChange;
  /** The same since the measurement nearest to half the step, at those steps of a run that are compared over a factor of two. */
  changeSinceHalf?: LayerChange;
  /** What the RGA of an attention head is to be compared with (Eq. 78). */
  baselines?: HeadBaselines;
}

export interface LayerOptions {
  cost?: Cost;
  /** Whether exponents are measured at cost "standard"; at "full" they always are. Default: they are. */
  exponents?: boolean;
  /** The layer's relations at initialisation. */
  initial?: Pick<LayerAlignment, "alignment">;
  /** Its weights at initialisation. */
  initialWeights?: Matrix;
  /** How the network was trained. */
  training?: TrainingConstants;
  /** Disagreement with the nearest class mean, of a classifier's last map (Eq. 70). */
  nearestMean?: number;
  /** The layer at an earlier measurement, and its step. */
  previous?: { layer: LayerMoments; step: number };
  /** The layer at about half the step. */
  half?: { layer: LayerMoments; step: number };
}

/**
 * All measures of one layer.
 *
 * @param total  its moments
 * @param groups its moments over disjoint groups of the samples, two or more that are not empty; without them there is
 *   no noise, and the intervals of exponents know the scatter of directions alone
 *
 * O(d^3) for a side of d values; at cost "economy" O(d^2).
 */
export function layerSnapshot(
  total: LayerMoments,
  groups: readonly LayerMoments[],
  options: LayerOptions = {},
): LayerSnapshot {
  return withOwnProducts(layerSnapshotAsking(total, groups, options));
}

/** The same with the products that take most of the time of wide layers from elsewhere. @param memory for matrices as large as the sums */
export function* layerSnapshotAsking(
  total: LayerMoments,
  given: readonly LayerMoments[],
  options: LayerOptions = {},
  memory: ArrayPool = new ArrayPool(),
): Asking<LayerSnapshot> {
  const { cost = "standard", initial, training, previous, half } = options;
  const groups = given.filter(({ n }) => n > 0);
  const measured = yield* measureLayerAsking(total, groups, cost, memory);
  const strongest = (convention: Convention): Strongest =>
    strongestRelations(measured.alignment[convention], initial?.alignment[convention]);
  const found: LayerSnapshot = {
    ...measured,
    strongest: { paper: strongest("paper"), covariance: strongest("covariance"), raw: strongest("raw") },
  };
  if (!measured.sampled) found.effectiveRows = effectiveRows(total);
  if (previous && !measured.sampled) found.change = layerChange(previous.layer, previous.step, total);
  if (half && !measured.sampled) found.changeSinceHalf = layerChange(half.layer, half.step, total);
  if (cost === "economy" || measured.sampled) return found;
  found.clusters = layerClusters(total);
  const halves = halvesOf(groups);
  const wanted = cost === "full" || options.exponents !== false;
  if (wanted) {
    const even = evenGroups(groups, total);
    const { W } = total;
    const Z = W && isUsable(W) ? weightSystems(W) : undefined;
    const live = Z ? leadingSystem(Z, liveSubspace(even.total, Z).rank) : null;
    const parts = even.groups.length > 0 ? even.groups : [total];
    found.exponents = layerExponents(parts, { live });
    const irrelevant = measured.spectra && layerIrrelevant(total, measured.spectra, halves);
    if (irrelevant) found.irrelevant = irrelevant;
    const { alignment } = even.heavy === 0 ? measured : measureLayer(even.total, even.groups, "economy");
    found.phase = measured.dead
      ? null
      : layerPhase(even.total, alignment, {
          exponents: found.exponents,
          groups: even.groups,
          ...(Z ? { Z } : {}),
          ...(initial ? { initial: initial.alignment } : {}),
        });
    if (even.heavy > 0) found.heavyGroups = even.heavy;
  } else found.exponents = unmeasuredExponents(total);
  const collapsed = layerCollapse(total, halves, options.nearestMean ?? null);
  if (collapsed) found.collapse = collapsed;
  const ansatz = layerAnsatz(total, options.initialWeights);
  if (ansatz) found.ansatz = ansatz;
  if (training) found.residuals = residuals(total, training, biasOf(total));
  return found;
}

/** Whether the weights have a singular system. */
function isUsable(W: Matrix): boolean {
  const size = maxAbs(W.data);
  return size > 0 && Number.isFinite(size);
}

/** The even and the odd groups: two samples whose difference is the noise (Eq. 18). */
function halvesOf(groups: readonly LayerMoments[]): readonly [LayerMoments, LayerMoments] | undefined {
  if (groups.length < 2) return undefined;
  const half = (rest: number) => mergeAllLayers(groups.filter((_, i) => i % 2 === rest));
  return [half(0), half(1)];
}

/** Bias below this share of the activations is the rounding of float32. */
const roundingBias = 1e-5;

/** The map's bias, which its means give away: E h_b - W E h_a; undefined where there is none or it cannot be told. */
function biasOf({ a, b, W, n }: LayerMoments): Float64Array | undefined {
  if (!a?.hSum || !b.hSum || !W || n === 0) return undefined;
  const mean = a.hSum;
  const bias = b.hSum.map((sum, i) => {
    let through = 0;
    for (let j = 0; j < W.cols; j++) through += W.data[i * W.cols + j]! * mean[j]!;
    return (sum - through) / n;
  });
  const square = bias.reduce((total, value) => total + value * value, 0);
  return square > roundingBias ** 2 * (b.h2 / n) ? bias : undefined;
}
