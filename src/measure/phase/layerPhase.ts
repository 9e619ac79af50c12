/**
 * @file The phase of a layer from its moments: gathers the evidence for `diagnosePhase` in all conventions (theory.md
 * Eqs. 50, 52).
 */
import type { LayerMoments } from "../../moments/moments.ts";
import { unbiased } from "../alignment/judge.ts";
import type { Convention, SideAlignments } from "../alignment/relations.ts";
import {
  type LiveSubspace,
  liveShare,
  liveSubspace,
  otherShares,
  type SingularSystem,
  singularStatus,
  singularSystem,
  truncateSystem,
} from "../laws/liveSubspace.ts";
import { projectedRelations } from "../laws/weightRange.ts";
import { effectiveRows } from "../spectra/effectiveRows.ts";
import { diagnosePhase, type Phase } from "./diagnosePhase.ts";
import type { PhaseEvidence } from "./phaseEvidence.ts";
import type { SideExponents } from "./phaseExponents.ts";
import { readingsInWords } from "./phaseReadings.ts";
import { type Relation, type RelationName, sixRelations } from "./phaseTable.ts";
import { type RowWeights, rowWeights } from "./rowWeights.ts";

/** The relations of a layer from `measureLayer`. */
export type LayerAlignments = Record<Convention, { a: SideAlignments | null; b: SideAlignments }>;

export interface LayerPhaseOptions {
  /** The result of `layerExponents`. */
  exponents?: Record<Convention, { a: SideExponents | null; b: SideExponents }>;
  /** The layer's relations before training, in the conventions that are known. */
  initial?: Partial<LayerAlignments>;
  /**
   * Whether to project H_a and G_b on the live subspace: 2 d^2 rank products twice. Default: where neither side exceeds
   * 1024.
   */
  project?: boolean;
  /** The singular system of W on its whole range, if already found. */
  Z?: SingularSystem;
  /** Groups of the samples, for the weights of rows; with fewer than two there are none. */
  groups?: readonly LayerMoments[];
}

/**
 * The phase by covariances, for which the table is stated, and by the paper's convention and by plain second moments.
 */
export interface LayerPhase extends Phase {
  /** "raw" where the means were not captured. */
  convention: Convention;
  paper: Phase;
  raw: Phase;
  /** Why the readings differ, where they do. */
  differs: string[];
  /** The directions on which the phase is read (Eq. 86); absent in records of earlier versions. */
  live?: LiveSubspace;
  /**
   * Weights of the rows over draws of samples and directions (Eq. 87), by covariances and by the paper's convention.
   */
  weights?: RowWeights;
  paperWeights?: RowWeights;
  /** The same for two other shares of the traces. */
  ranges?: { share: number; dimension: number; decades: number; weights: RowWeights }[];
}

/** chosen: beyond this a projection takes seconds. */
const projectedDimension = 1024;

/**
 * The phase of one layer   (theory.md Eqs. 52, 86, 87).
 *
 * @param alignment the layer's relations from `measureLayer`
 * @returns null where there is no side a or no W (attention heads, captures without weights), or Z is not finite
 *
 * One eigendecomposition of the smaller of Z_a and Z_b.
 */
export function layerPhase(
  layer: LayerMoments,
  alignment: LayerAlignments,
  options: LayerPhaseOptions = {},
): LayerPhase | null {
  const { W, dIn, dOut } = layer;
  if (!layer.a || !W || singularStatus(W) === "not-finite") return null;
  const { project = Math.max(dIn, dOut) <= projectedDimension, Z = singularSystem(W), groups = [] } = options;
  const live = liveSubspace(layer, Z);
  const system = truncateSystem(Z, live.rank);
  const { h, g } = effectiveRows(layer);
  const within = (convention: Convention): Phase => {
    const { a, b } = alignment[convention];
    const exponents = options.exponents?.[convention];
    const initial = options.initial?.[convention];
    const evidence: PhaseEvidence = { dIn, dOut, alignment: { a: a!, b }, range: live, rows: Math.min(h ?? 0, g ?? 0) };
    if (project && live.rank > 0) evidence.projected = projectedRelations(layer, convention, system);
    if (exponents?.a) evidence.exponents = { a: exponents.a, b: exponents.b };
    if (initial?.a) evidence.initial = strengths({ a: initial.a, b: initial.b });
    return diagnosePhase(evidence);
  };
  const convention = layer.a.hSum && layer.b.gSum ? "covariance" : "raw";
  const [main, paper, raw] = [within(convention), within("paper"), within("raw")];
  const differs = readingsInWords(layer, convention, { main, paper, raw });
  const found: LayerPhase = { ...main, convention, paper, raw, differs, live };
  if (groups.length < 2 || !project || live.rank === 0) return found;
  const weights = (of: Convention, share: number) => {
    const range = share === liveShare ? live : liveSubspace(layer, Z, share);
    const { trivial } = of === "paper" ? paper : main;
    return { ...range, weights: rowWeights(groups, of, truncateSystem(Z, range.rank), new Set(trivial)) };
  };
  found.weights = weights(convention, liveShare).weights;
  found.paperWeights = weights("paper", liveShare).weights;
  found.ranges = otherShares.map((share) => {
    const { rank: dimension, decades, weights: ofRange } = weights(convention, share);
    return { share, dimension, decades, weights: ofRange };
  });
  return found;
}

/** The smaller of alignment and cosine for each relation, minus its bias; null without a value. */
export function strengths(alignment: { a: SideAlignments; b: SideAlignments }): Record<Relation, number | null> {
  const of = (relation: Relation): number | null => {
    const [side, name] = relation.split(".") as ["a" | "b", RelationName];
    return unbiased(alignment[side][name]);
  };
  return Object.fromEntries(sixRelations.map((relation) => [relation, of(relation)])) as Record<
    Relation,
    number | null
  >;
}
