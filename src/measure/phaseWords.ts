/**
 * @file The evidence for a phase in plain words, one line a fact.
 */
import { exponentsAlone, type Judged, type JudgedRow, type PhaseEvidence, type PhaseName } from "./phaseEvidence.ts";
import { flatness, type MeasuredExponent } from "./phaseExponents.ts";
import { phaseRow, type Relation, sixRelations } from "./phaseTable.ts";
import type { Verdict } from "./relationVerdict.ts";

const names: Readonly<Record<Relation, string>> = {
  "a.rga": "backward RGA (H_a ∝ G_a)",
  "a.rwa": "backward RWA (H_a ∝ Z_a)",
  "a.gwa": "backward GWA (G_a ∝ Z_a)",
  "b.rga": "forward RGA (H_b ∝ G_b)",
  "b.rwa": "forward RWA (H_b ∝ Z_b)",
  "b.gwa": "forward GWA (G_b ∝ Z_b)",
};

const words: Readonly<Record<Verdict, string>> = {
  holds: "strong",
  fails: "weak",
  unclear: "neither strong nor weak",
  unknown: "not measured",
};

/** Lines that say why the label was given: the label, the six relations, the spectrum of W, the exponents, the doubts. */
export function evidenceInWords(
  label: PhaseName,
  judged: Judged,
  rows: readonly JudgedRow[],
  evidence: PhaseEvidence,
): string[] {
  return [
    headline(label, rows),
    ...sixRelations.map((relation) => relationLine(relation, judged)),
    ...weights(evidence),
    ...exponentLines(label, rows, evidence),
    ...doubts(judged, evidence),
  ];
}

function headline(label: PhaseName, rows: readonly JudgedRow[]): string {
  if (label === "none") return "No row of the table: each assumes a relation that is weak.";
  if (label !== "undecided") {
    const { law } = phaseRow(label);
    return label === "crh"
      ? `All six relations hold and W is flat: ${law.a}; ${law.b}.`
      : `Phase ${label}: ${law.a}; ${law.b}.`;
  }
  const open = rows.filter(({ relations, exponents }) => relations !== "fail" && exponents.verdict !== "clash");
  const alone = rows.filter(exponentsAlone).map(({ row }) => row.label);
  if (open.length === 0 && alone.length > 0)
    return `Undecided: the exponents are those of phase ${alone.join(", ")}, but a relation that it assumes is weak.`;
  return open.length > 0
    ? `Undecided: the numbers leave ${open.map(({ row }) => row.label).join(", ")} open.`
    : "Undecided: where the relations of a row may hold, its exponents do not match.";
}

function relationLine(relation: Relation, judged: Judged): string {
  const { strength, chance, initial, verdict } = judged[relation];
  const start = names[relation];
  if (strength === null) return `${start}: not measured.`;
  const before = initial === null ? "" : `, ${initial.toFixed(2)} at initialisation`;
  return `${start}: ${strength.toFixed(3)} (chance ${chance.toFixed(2)}${before}): ${words[verdict]}.`;
}

function weights({ range, dIn, dOut }: PhaseEvidence): string[] {
  if (!range) return ["The spectrum of W was not measured."];
  const rank = `W has rank ${range.rank} of ${Math.min(dIn, dOut)}`;
  if (range.flatness >= flatness.flat)
    return [
      `${rank} and is flat: cosine ${range.flatness.toFixed(3)} with a projector, so no exponent of Z can be read.`,
    ];
  const span = `its squared singular values span a factor of ${range.condition.toPrecision(2)}`;
  return [`${rank}; ${span}, and Z has cosine ${range.flatness.toFixed(2)} with a projector.`];
}

function exponentLines(label: PhaseName, rows: readonly JudgedRow[], { exponents, range }: PhaseEvidence): string[] {
  if (range && range.flatness >= flatness.flat) return [];
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
      lines.push(`${(100 * share).toFixed(0)} % of the trace of ${matrix[0]}_${matrix[1]} lies in the range of W.`);
  const old = sixRelations.filter((relation) => {
    const { strength, verdict, initial } = judged[relation];
    return strength !== null && initial !== null && verdict === "unclear" && strength > 0.9;
  });
  if (old.length > 0) lines.push(`No stronger than at initialisation: ${old.map((r) => names[r]).join(", ")}.`);
  if (!initial || Object.keys(initial).length === 0) lines.push("Values at initialisation are not known.");
  return lines;
}
