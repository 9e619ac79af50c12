/**
 * @file The measures of a layer beyond the matrices of its sides, one line each. The key of a line is the key in the
 * JSON of a snapshot. A new measure of a layer adds its file, and its line here (CONTRIBUTING.md).
 */
import type { Matrix } from "../linalg/matrix.ts";
import type { LayerMoments } from "../moments/moments.ts";
import type { Convention } from "./alignment/relations.ts";
import { type Strongest, strongestRelations } from "./alignment/strongestRelations.ts";
import { layerCollapse } from "./collapse/layerCollapse.ts";
import { unmeasuredExponents } from "./laws/exponent.ts";
import type { LayerLaws } from "./laws/layerLaws.ts";
import { type Cost, costs } from "./measured.ts";
import type { LayerAlignment } from "./measureLayer.ts";
import { layerClusters } from "./neurons/neuronClusters.ts";
import { layerPhase } from "./phase/layerPhase.ts";
import { effectiveRows } from "./spectra/effectiveRows.ts";
import { layerIrrelevant } from "./training/irrelevantDirections.ts";
import { layerAnsatz } from "./training/layerAnsatz.ts";
import { biasOf } from "./training/layerMeans.ts";
import { layerChange } from "./training/relativeChange.ts";
import { residuals, type TrainingConstants } from "./training/residual.ts";

export interface LayerOptions {
  cost?: Cost;
  /** Whether exponents are measured at cost "standard"; at "full" they always are. Default true. */
  exponents?: boolean;
  /** The layer's relations at initialisation. */
  initial?: Pick<LayerAlignment, "alignment">;
  /** Its weights at initialisation. */
  initialWeights?: Matrix;
  /** How the network was trained. */
  training?: TrainingConstants;
  /** Disagreement with the nearest class mean, of a classifier's last map (Eq. 70). */
  nearestMean?: number;
  /** The layer at an earlier measurement, with its step. */
  previous?: { layer: LayerMoments; step: number };
  /** The layer at about half of the current step. */
  half?: { layer: LayerMoments; step: number };
}

/** A layer, with everything known of it before its measures are taken. */
export interface LayerScene {
  readonly total: LayerMoments;
  /** Disjoint, non-empty groups of the samples. */
  readonly groups: readonly LayerMoments[];
  readonly options: LayerOptions;
  readonly measured: LayerAlignment;
  /** The inputs of laws; absent where no laws are read. */
  readonly laws?: LayerLaws;
  /**
   * The even and the odd groups: two samples whose difference is the noise (Eq. 18). Absent without groups, and at cost
   * "economy".
   */
  readonly halves?: readonly [LayerMoments, LayerMoments];
}

/** One measure; undefined where it does not apply to the layer, which then lacks the key. */
export interface LayerMeasure<Value> {
  /** The lowest cost at which it is measured. Beyond "economy" it is not measured on sampled coordinates. */
  readonly cost: Cost;
  compute(layer: LayerScene): Value | undefined;
}

/** Lets the compiler infer and check what a measure returns. */
function define<Value>(measure: LayerMeasure<Value>): LayerMeasure<Value> {
  return measure;
}

/** In the order of the JSON. */
export const layerMeasures = {
  /** The strongest relation of each side with its value before training (Eq. 76). */
  strongest: define({ cost: "economy", compute: strongestOfLayer }),
  /** The effective number of rows of H and G (Eq. 92); absent for sampled coordinates. */
  effectiveRows: define({
    cost: "economy",
    compute: ({ total, measured }) => (measured.sampled ? undefined : effectiveRows(total)),
  }),
  /** Relative change of H and G since an earlier measurement of the same samples (Eq. 64). */
  change: define({ cost: "economy", compute: (layer) => changeSince(layer, layer.options.previous) }),
  /** The same since the measurement nearest to half the step, at the steps that are compared over a factor of two. */
  changeSinceHalf: define({ cost: "economy", compute: (layer) => changeSince(layer, layer.options.half) }),
  /**
   * Groups of neurons with nearly equal activations, before and after an activation (Eq. 125); not at cost "economy".
   */
  clusters: define({ cost: "standard", compute: ({ total }) => layerClusters(total) }),
  /** Power laws between H, G and Z (Eqs. 33 to 37). Not at cost "economy". */
  exponents: define({ cost: "standard", compute: ({ total, laws }) => laws?.exponents ?? unmeasuredExponents(total) }),
  /** What the layer keeps in directions that the loss does not depend on (Eq. 65); measured where exponents are. */
  irrelevant: define({
    cost: "standard",
    compute: ({ total, laws, halves, measured: { spectra } }) =>
      laws && spectra ? layerIrrelevant(total, spectra, halves) : undefined,
  }),
  /**
   * The layer's row in the table of phases (Eq. 52); null where there is no side a or no W. Measured where exponents
   * are.
   */
  phase: define({ cost: "standard", compute: phaseOfLayer }),
  /**
   * Number of sample groups scaled down for exponents and phase because few rows dominate them (Eq. 88); absent if
   * none.
   */
  heavyGroups: define({ cost: "standard", compute: ({ laws }) => laws?.even.heavy || undefined }),
  /** Neural collapse of a classifier's features (Eqs. 66 to 71), on its last map; not at cost "economy". */
  collapse: define({
    cost: "standard",
    compute: ({ total, halves, options }) => layerCollapse(total, halves, options.nearestMean ?? null),
  }),
  /** The feature ansatz (Eqs. 72 to 74), where gradients of the outputs were measured. */
  ansatz: define({ cost: "standard", compute: ({ total, options }) => layerAnsatz(total, options.initialWeights) }),
  /** How far from the stationary state of training (Eqs. 53 to 62), where the layer's training is known. */
  residuals: define({
    cost: "standard",
    compute: ({ total, options: { training } }) => training && residuals(total, training, biasOf(total)),
  }),
};

function strongestOfLayer({ measured, options: { initial } }: LayerScene): Record<Convention, Strongest> {
  const of = (convention: Convention) =>
    strongestRelations(measured.alignment[convention], initial?.alignment[convention]);
  return { paper: of("paper"), covariance: of("covariance"), raw: of("raw") };
}

function changeSince({ total, measured }: LayerScene, earlier: LayerOptions["previous"]) {
  return earlier && !measured.sampled ? layerChange(earlier.layer, earlier.step, total) : undefined;
}

function phaseOfLayer({ measured, laws, options: { initial } }: LayerScene) {
  if (!laws) return undefined;
  if (measured.dead) return null;
  const { even, exponents, alignment, singular } = laws;
  return layerPhase(even.total, alignment, {
    exponents,
    groups: even.groups,
    ...(singular ? { Z: singular } : {}),
    ...(initial ? { initial: initial.alignment } : {}),
  });
}

type Measures = typeof layerMeasures;
type ValueOf<M> = M extends LayerMeasure<infer Value> ? Value : never;

/** A snapshot's entries of all measures of layers. */
export type LayerRecords = { -readonly [Key in keyof Measures]?: ValueOf<Measures[Key]> };

/** All measures of one layer that its cost allows. */
export function recordLayer(layer: LayerScene): LayerRecords {
  const { cost = "standard" } = layer.options;
  const records = Object.entries<LayerMeasure<unknown>>(layerMeasures)
    .filter(([, { cost: least }]) => least === "economy" || (!layer.measured.sampled && isWithin(least, cost)))
    .map(([key, measure]) => [key, measure.compute(layer)] as const)
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(records);
}

function isWithin(least: Cost, cost: Cost): boolean {
  return costs.indexOf(least) <= costs.indexOf(cost);
}
