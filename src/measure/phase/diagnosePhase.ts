/**
 * @file The phase of a layer: the row of the table (theory.md Eq. 50) on which its relations and its exponents agree,
 * "none" where no row is close, and "undecided" where the numbers do not tell (theory.md Eq. 52). The thresholds are
 * chosen here.
 *
 * Relations alone cannot tell rows apart: Z and Z^2 of a random square W have a cosine of 0.94. The exponents therefore
 * decide among rows whose relations hold, and the relations decide whether any row applies.
 */
import { consequences } from "./phaseAlgebra.ts";
import {
  exponentsAlone,
  type Judged,
  type JudgedRow,
  judgeRelations,
  judgeRow,
  mayHoldToo,
  nothingInCommon,
  type PhaseEvidence,
  type PhaseName,
} from "./phaseEvidence.ts";
import { type PhaseLabel, type PhaseRow, phaseTable, type Relation, sixRelations } from "./phaseTable.ts";
import { evidenceInWords } from "./phaseWords.ts";

export interface Phase {
  label: PhaseName;
  /** From 0 to 1 for every row; null where one of its relations was not measured. */
  scores: Record<PhaseLabel, number | null>;
  /**
   * The relations that hold on the live subspace (Eq. 85). Where the spectrum of Z is narrow, these are more than the
   * row assumes.
   */
  strong: Relation[];
  /** Rows that unrelated matrices of these spectra would fit as well; never a label. */
  trivial: PhaseLabel[];
  /** The evidence for and against, in words. */
  evidence: string[];
}

/**
 * The phase of a layer   (theory.md Eq. 52).
 *
 * @param evidence relations and exponents with their intervals: of covariances, for which the table is stated, or of
 *   another convention
 * @returns a row if its relations hold and its exponents match, and no stronger statement does; "none" if every row
 *   assumes a relation that clearly fails, the exponents fit no row either, and nothing indicates a law under noise;
 *   else "undecided"
 */
export function diagnosePhase(evidence: PhaseEvidence): Phase {
  const judged = judgeRelations(evidence);
  const rows = phaseTable.map((row) => judgeRow(row, judged, evidence));
  const label = decide(rows, judged, evidence);
  const scores = Object.fromEntries(rows.map(({ row, score }) => [row.label, score]));
  return {
    label,
    scores: scores as Record<PhaseLabel, number | null>,
    strong: sixRelations.filter((relation) => judged[relation].holds),
    trivial: rows.filter(({ isTrivial }) => isTrivial).map(({ row }) => row.label),
    evidence: evidenceInWords(label, judged, rows, evidence),
  };
}

function decide(rows: readonly JudgedRow[], judged: Judged, evidence: PhaseEvidence): PhaseName {
  const { exponents, range } = evidence;
  if (rows.every(({ relations }) => relations === "fail"))
    return rows.some(exponentsAlone) || !nothingInCommon(rows, judged, evidence) ? "undecided" : "none";
  const candidates = rows.filter(
    (row) => row.relations === "hold" && row.exponents.verdict === "match" && !row.isTrivial,
  );
  const strongest = candidates.filter((one) => candidates.every((other) => implies(one.row, other.row)));
  const best = strongest[0];
  // Under noise relations fall below their thresholds one by one. A stronger row stays open until one of its own
  // relations is clearly weaker.
  const open = rows.filter(
    (row) =>
      row.exponents.verdict !== "clash" &&
      (row.relations !== "fail" || (best && implies(row.row, best.row) && mayHoldToo(row, best, judged))),
  );
  if (best && open.every((other) => !implies(other.row, best.row) || other === best)) return best.row.label;
  if (candidates.length > 0) return "undecided";
  return exponents && range ? "undecided" : fromRelationsAlone(rows, judged);
}

/**
 * Without exponents only unambiguous relations decide: each clearly holds or fails, and those that hold imply no other.
 */
function fromRelationsAlone(rows: readonly JudgedRow[], judged: Judged): PhaseName {
  if (sixRelations.some((relation) => !judged[relation].holds && judged[relation].level !== "weak")) return "undecided";
  const holding = sixRelations.filter((relation) => judged[relation].holds);
  const { projected } = consequences(holding);
  if (projected.length !== holding.length) return "undecided";
  const same = rows.find(({ row }) => consequences(row.assumes).projected.join() === holding.join());
  // Z^2 aligns with Z, too
  if (same?.row.flat === "range of W" && same.exponents.verdict !== "match") return "undecided";
  return same?.row.label ?? "none";
}

function implies(strong: PhaseRow, weak: PhaseRow): boolean {
  const { projected } = consequences(strong.assumes);
  return weak.assumes.every((relation) => projected.includes(relation));
}
