/** @file The evidence for a phase in plain words, one line per fact. */

import type { Judgement } from "../alignment/judge.ts";
import {
  exponentsAlone,
  type Judged,
  type JudgedRow,
  leastLive,
  type PhaseEvidence,
  type PhaseName,
} from "./phaseEvidence.ts";
import { isFlat, type MeasuredExponent } from "./phaseExponents.ts";
import { phaseRow, type Relation, sixRelations } from "./phaseTable.ts";

const names: Readonly<Record<Relation, string>> = {
  "a.rga": "backward RGA (H_a ∝ G_a)",
  "a.rwa": "backward RWA (H_a ∝ Z_a)",
  "a.gwa": "backward GWA (G_a ∝ Z_a)",
  "b.rga": "forward RGA (H_b ∝ G_b)",
  "b.rwa": "forward RWA (H_b ∝ Z_b)",
  "b.gwa": "forward GWA (G_b ∝ Z_b)",
};

const words = { strong: "strong", weak: "weak", between: "neither strong nor weak", unknown: "not measured" } as const;

/** Lines that explain the label: the label itself, the six relations, the spectrum of W, the exponents, the doubts. */
export function evidenceInWords(
  label: PhaseName,
  judged: Judged,
  rows: readonly JudgedRow[],
  evidence: PhaseEvidence,
): string[] {
  return [
    headline(label, rows, evidence),
    ...sixRelations.map((relation) => relationLine(relation, judged)),
    ...weights(evidence),
    ...exponentLines(label, rows, evidence),
    ...doubts(judged, evidence),
  ];
}

function headline(label: PhaseName, rows: readonly JudgedRow[], evidence: PhaseEvidence): string {
  if (label === "none") return "No row of the table: each assumes a relation that is weak.";
  if (label !== "undecided") {
    const { law } = phaseRow(label);
    return label === "crh"
      ? `All six relations hold and W is flat: ${law.a}; ${law.b}.`
      : `Phase ${label}: ${law.a}; ${law.b}.`;
  }
  const open = rows.filter(
    ({ relations, exponents, isTrivial }) => relations !== "fail" && exponents.verdict !== "clash" && !isTrivial,
  );
  if (evidence.range && evidence.range.rank < leastLive)
    return `Undecided: ${evidence.range.rank} live ${evidence.range.rank === 1 ? "direction is" : "directions are"} too few for a phase; unrelated matrices look alike there.`;
  const byChance = rows.filter(({ isTrivial, relations }) => isTrivial && relations === "hold");
  if (open.length === 0 && byChance.length > 0)
    return `Undecided: chance alone would give the relations of phase ${byChance.map(({ row }) => row.label).join(", ")}.`;
  const alone = rows.filter(exponentsAlone).map(({ row }) => row.label);
  if (open.length === 0 && alone.length > 0)
    return `Undecided: the exponents are those of phase ${alone.join(", ")}, but a relation that it assumes is weak.`;
  return open.length > 0
    ? `Undecided: the numbers leave ${open.map(({ row }) => row.label).join(", ")} open.`
    : "Undecided: where the relations of a row may hold, its exponents do not match.";
}

function relationLine(relation: Relation, judged: Judged): string {
  const { strength, chance, start } = judged[relation];
  const name = names[relation];
  if (strength === null) return `${name}: not measured.`;
  const before = start === null ? "" : `, ${start.toFixed(2)} before training`;
  return `${name}: ${strength.toFixed(3)} (chance ${chance.toFixed(2)}${before}): ${levelInWords(judged[relation])}.`;
}

function levelInWords({ level, verdict }: Judgement): string {
  return verdict === "by-chance" ? `${words[level]}, but chance alone would give it` : words[level];
}

function weights({ range, dIn, dOut }: PhaseEvidence): string[] {
  if (!range) return ["The spectrum of W was not measured."];
  const rank = `On the ${range.rank} live directions of W (of ${Math.min(dIn, dOut)})`;
  if (isFlat(range))
    return [
      `${rank} Z is flat: cosine ${range.flatness.toFixed(3)} with a projector, so no exponent of Z can be read.`,
    ];
  const span = `Z spans ${Math.log10(range.condition).toFixed(1)} decades`;
  return [`${rank} ${span} and has cosine ${range.flatness.toFixed(2)} with a projector.`];
}

function exponentLines(label: PhaseName, rows: readonly JudgedRow[], { exponents, range }: PhaseEvidence): string[] {
  if (range && isFlat(range)) return [];
  if (!exponents) return ["No exponents were measured: the label rests on relations alone."];
  const { a, b } = exponents;
  const measured = [
    `Exponents of Z: H_a ${inWords(a.hz)}, G_a ${inWords(a.gz)}, H_b ${inWords(b.hz)}, G_b ${inWords(b.gz)}.`,
  ];
  const found = rows.find(({ row }) => row.label === label);
  if (!found || found.exponents.compared.length === 0) return measured;
  const expected = found.exponents.compared.map(
    ({ name, expected }) => `${name.replace(/^(.)(.)$/, "$1_$2")} ${expected}`,
  );
  return [...measured, `Expected in phase ${label}: ${expected.join(", ")}.`];
}

function inWords({ value, interval, status }: MeasuredExponent): string {
  if (value === null) return `unknown${status ? ` (${status})` : ""}`;
  return interval ? `${value.toFixed(2)} [${interval[0].toFixed(2)}, ${interval[1].toFixed(2)}]` : value.toFixed(2);
}

function doubts(judged: Judged, { projected, initial }: PhaseEvidence): string[] {
  const lines: string[] = [];
  for (const [matrix, share] of Object.entries(projected?.share ?? {}))
    if (share !== null && share < 0.99)
      lines.push(
        `${(100 * share).toFixed(0)} % of the trace of ${matrix[0]}_${matrix[1]} lies in the live subspace of W.`,
      );
  const old = sixRelations.filter((relation) => {
    const { verdict } = judged[relation];
    return verdict === "kept" || verdict === "weakened";
  });
  if (old.length > 0) lines.push(`No stronger than before training: ${old.map((r) => names[r]).join(", ")}.`);
  if (!initial || Object.keys(initial).length === 0) lines.push("Values before training are not known.");
  return lines;
}
