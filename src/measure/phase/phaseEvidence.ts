/**
 * @file The evidence for a layer's phase, and the judgement of each row of the table of phases by it (theory.md Eqs.
 * 50, 52).
 */

import { mostChance } from "../alignment/alignmentNull.ts";
import { type Judgement, judge } from "../alignment/judge.ts";
import type { SideAlignments } from "../alignment/relations.ts";
import type { ProjectedRelations, WeightRange } from "../laws/weightRange.ts";
import { checkExponents, type ExponentCheck, type SideExponents } from "./phaseExponents.ts";
import { type PhaseLabel, type PhaseRow, type Relation, type RelationName, sixRelations } from "./phaseTable.ts";

/** The evidence of a layer, in one convention. */
export interface PhaseEvidence {
  dIn: number;
  dOut: number;
  alignment: { a: SideAlignments; b: SideAlignments };
  /** The same with H_a and G_b projected on the range of W; the verdicts use it where it is given. */
  projected?: ProjectedRelations | null;
  /** Strengths at initialisation, the smaller of alignment and cosine. */
  initial?: Partial<Record<Relation, number | null>>;
  exponents?: { a: SideExponents; b: SideExponents };
  range?: WeightRange;
  /** Effective number of rows of H_a or of G_b, whichever is smaller (Eq. 92). */
  rows?: number;
}

export type PhaseName = PhaseLabel | "none" | "undecided";

export interface JudgedRow {
  row: PhaseRow;
  score: number | null;
  /** Whether the relations that it assumes hold, including those that chance alone would give. */
  relations: "hold" | "fail" | "unclear";
  exponents: ExponentCheck;
  /** Whether chance alone would give all the evidence for the row. */
  isTrivial: boolean;
}

export type Judged = Record<Relation, Judgement>;

/**
 * Every relation judged (Eq. 85), on the live subspace where that was measured; error and bias are those of the whole
 * matrices. Chance has the same norms in its denominator as alignment. The noise of few samples or heavy tails enlarges
 * them, so chance is corrected alike.
 */
export function judgeRelations({ alignment, projected, initial = {} }: PhaseEvidence): Judged {
  const one = (relation: Relation): Judgement => {
    const [side, name] = relation.split(".") as ["a" | "b", RelationName];
    const whole = alignment[side][name];
    const start = initial[relation] ?? null;
    if (!projected) return judge(whole, { start });
    const { noise, value, corrected } = whole;
    const part = projected[side][name];
    const bias = value === null || corrected == null ? 0 : corrected - value;
    const found = { ...part, noise, ...(part.value !== null && { corrected: part.value + bias }) };
    return judge(found, { start, chance: projected.chance[relation] ?? undefined });
  };
  return Object.fromEntries(sixRelations.map((relation) => [relation, one(relation)])) as Judged;
}

/**
 * Whether the relation may be one that a row assumes. It holds; or it is strong where chance alone would make it
 * strong; or, where exponents along shared eigenvectors agree, it may hold within its error.
 */
function fitsRow({ verdict, holds, mayHold, level }: Judgement, byExponents: boolean): boolean {
  if (verdict === "kept" || verdict === "weakened" || verdict === "lost") return false;
  return holds || (verdict === "by-chance" && level === "strong") || (byExponents && mayHold);
}

/** A row scored: how far above chance its weakest relation is, times the agreement of the exponents. */
export function judgeRow(row: PhaseRow, judged: Judged, evidence: PhaseEvidence): JudgedRow {
  const assumed: readonly Judgement[] = row.assumes.map((relation) => judged[relation]);
  const exponents = checkExponents(row, evidence.exponents, evidence.range);
  const byExponents = exponents.verdict === "match" && exponents.compared.length > 0;
  const relations = assumed.every((one) => fitsRow(one, byExponents))
    ? "hold"
    : assumed.some(({ level }) => level === "weak")
      ? "fail"
      : "unclear";
  const weakest = assumed.map(aboveChance);
  const score = weakest.some((value) => value === null)
    ? null
    : Math.min(...(weakest as number[])) * exponents.agreement;
  return { row, score, relations, exponents, isTrivial: isTrivial(row, assumed, exponents, evidence.range) };
}

/**
 * chosen: with fewer live directions unrelated matrices look alike too often: in one direction all are proportional.
 */
export const leastLive = 8;

/**
 * Whether unrelated matrices of these spectra would have all relations of the row, or too few directions are live to
 * tell. Rows 4 and 7 still carry information then: G_b, or H_a, is Z to the power of -1 along shared eigenvectors.
 */
function isTrivial(
  { label }: PhaseRow,
  assumed: readonly Judgement[],
  exponents: ExponentCheck,
  range: WeightRange | undefined,
): boolean {
  if (range && range.rank < leastLive) return true;
  if (assumed.some(({ chance }) => chance <= mostChance)) return false;
  return !((label === "4" || label === "7") && exponents.verdict === "match" && exponents.compared.length > 0);
}

/** 0 at chance, 1 for proportional matrices. Where chance itself is near 1 the strength is returned unchanged. */
function aboveChance({ strength, chance }: Judgement): number | null {
  if (strength === null) return null;
  const floor = chance > 0.98 ? 0 : chance;
  return Math.max(0, Math.min(1, (strength - floor) / (1 - floor)));
}

/** chosen: a relation below this is far from proportional, whatever chance gives. */
const far = 0.6;

/**
 * chosen: in layers of 12 dimensions and more, every pair of unrelated matrices exceeds this (0.77 in 24 dimensions).
 */
const nothingShared = 0.7;

/**
 * chosen: noise that keeps the relations of one law near their thresholds keeps their strengths within this distance.
 */
const apart = 0.15;

/**
 * Whether a stronger row may hold with `best` under noise: its weakest relation is about as strong as that of `best`.
 */
export function mayHoldToo(stronger: JudgedRow, best: JudgedRow, judged: Judged): boolean {
  const weakest = ({ row }: JudgedRow): number => Math.min(...row.assumes.map((name) => judged[name].strength ?? 1));
  return weakest(stronger) > weakest(best) - apart;
}

/** Whether a row assumes a relation that is far from holding. */
function isFar({ row }: JudgedRow, judged: Judged): boolean {
  return row.assumes.some((relation) => {
    const { strength, error } = judged[relation];
    return strength !== null && strength + error < far;
  });
}

/**
 * Whether nothing indicates a law under noise: every row assumes a relation that is far from holding, and no two
 * matrices of a side share eigenvectors. Row 9 is exempt, because matrices unrelated to W have its two relations in
 * part, through W. Fewer rows of samples than directions, or a few that outweigh all others, hide any law.
 */
export function nothingInCommon(
  rows: readonly JudgedRow[],
  judged: Judged,
  { exponents, range, rows: ofSamples }: PhaseEvidence,
): boolean {
  if (ofSamples !== undefined && range && ofSamples < range.rank) return false;
  const pairs = [exponents?.a, exponents?.b].flatMap((side) => (side ? [side.hg, side.hz, side.gz] : []));
  return (
    rows.every((row) => row.row.label === "9" || isFar(row, judged)) &&
    pairs.every(({ unshared }) => unshared == null || unshared >= nothingShared)
  );
}

/**
 * Whether measured exponents are those of the row although its relations fail: a law under much noise. Those of row 9
 * are no evidence alone, because H_a and G_b unrelated to W have them too.
 */
export function exponentsAlone({ row, exponents }: JudgedRow): boolean {
  return row.label !== "9" && exponents.verdict === "match" && exponents.compared.length > 0;
}
