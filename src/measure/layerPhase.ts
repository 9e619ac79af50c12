/**
 * @file The phase of a layer from its moments: what `diagnosePhase` needs, gathered in both conventions (theory.md Eqs. 50, 52).
 */
import { eigh } from "../linalg/eigh.ts";
import { gram, type Matrix, matmul, matrix, transpose } from "../linalg/matrix.ts";
import type { LayerMoments } from "../moments/moments.ts";
import { diagnosePhase, type Phase } from "./phase.ts";
import type { PhaseEvidence } from "./phaseEvidence.ts";
import type { SideExponents } from "./phaseExponents.ts";
import { type Relation, type RelationName, sixRelations } from "./phaseTable.ts";
import type { Convention, SideAlignments } from "./relations.ts";
import { type Eigen, projectedRelations, weightRange } from "./weightRange.ts";

/** The relations of a layer as `measureLayer` has them. */
export type LayerAlignments = Record<Convention, { a: SideAlignments | null; b: SideAlignments }>;

export interface LayerPhaseOptions {
  /** As `layerExponents` has them. */
  exponents?: Record<Convention, { a: SideExponents | null; b: SideExponents }>;
  /** The layer's relations at initialisation. */
  initial?: LayerAlignments;
  /** Whether to project H_a and G_b on the range of W: 2 d^2 rank products twice. Default: where neither side exceeds 1024. */
  project?: boolean;
}

/** The phase by the raw moments, which the table is about, and by the paper's convention beside it. */
export interface LayerPhase extends Phase {
  paper: Phase;
}

/** chosen: beyond this a projection takes seconds. */
const projectedDimension = 1024;

/**
 * The phase of one layer   (theory.md Eq. 52).
 *
 * @param alignment the relations that `measureLayer` found for it
 * @returns null where there is no side a or no W: attention heads, captures without weights
 *
 * One eigendecomposition of the smaller of Z_a and Z_b.
 */
export function layerPhase(
  layer: LayerMoments,
  alignment: LayerAlignments,
  options: LayerPhaseOptions = {},
): LayerPhase | null {
  const { W, dIn, dOut } = layer;
  if (!layer.a || !W?.data.every(Number.isFinite)) return null;
  const { project = Math.max(dIn, dOut) <= projectedDimension } = options;
  const Z = weightSystems(W);
  const range = weightRange(Z.a.values);
  const within = (convention: Convention): Phase => {
    const { a, b } = alignment[convention];
    const exponents = options.exponents?.[convention];
    const initial = options.initial?.[convention];
    const evidence: PhaseEvidence = { dIn, dOut, alignment: { a: a!, b }, range };
    if (project && range.rank > 0) evidence.projected = projectedRelations(layer, convention, Z);
    if (exponents?.a) evidence.exponents = { a: exponents.a, b: exponents.b };
    if (initial?.a) evidence.initial = strengths({ a: initial.a, b: initial.b });
    return diagnosePhase(evidence);
  };
  return { ...within("raw"), paper: within("paper") };
}

/**
 * Eigenvalues of Z on its range and its eigenvectors there on both sides, the singular vectors of W.
 *
 * @param W (dOut, dIn), finite
 */
export function weightSystems(W: Matrix): { a: Eigen; b: Eigen } {
  const small = W.rows < W.cols ? "b" : "a";
  const { values, vectors } = eigh(gram(W, small));
  const { rank } = weightRange(values);
  const kept = { values: values.slice(0, rank), vectors: firstColumns(vectors, rank) };
  const other = matmul(small === "a" ? W : transpose(W), kept.vectors);
  for (let k = 0; k < other.data.length; k++) other.data[k]! /= Math.sqrt(kept.values[k % rank]!);
  const turned = { values: kept.values, vectors: other };
  return small === "a" ? { a: kept, b: turned } : { a: turned, b: kept };
}

function firstColumns(A: Matrix, count: number): Matrix {
  const first = matrix(A.rows, count);
  for (let i = 0; i < A.rows; i++) first.data.set(A.data.subarray(i * A.cols, i * A.cols + count), i * count);
  return first;
}

/** The smaller of alignment and cosine for each relation; null where there is none. */
export function strengths(alignment: { a: SideAlignments; b: SideAlignments }): Record<Relation, number | null> {
  const of = (relation: Relation): number | null => {
    const [side, name] = relation.split(".") as ["a" | "b", RelationName];
    const { value, cosine } = alignment[side][name];
    return value === null || cosine === null ? null : Math.min(value, cosine);
  };
  return Object.fromEntries(sixRelations.map((relation) => [relation, of(relation)])) as Record<
    Relation,
    number | null
  >;
}
