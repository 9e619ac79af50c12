/**
 * @file Power laws and phases in words, for terminal, report and explain. Laws are those of covariances (theory.md,
 * "Which convention"); records of earlier versions have plain second moments only.
 */
import type { LayerPhase } from "../measure/phase/layerPhase.ts";
import type { PhaseName } from "../measure/phase/phaseEvidence.ts";
import { labelInWords } from "../measure/phase/phaseReadings.ts";
import { leadingRows, type RowWeights } from "../measure/phase/rowWeights.ts";
import type { Convention, LayerSnapshot, SideExponents } from "../measure/snapshot.ts";
import { counted, listed } from "./numbers.ts";

/** The convention of the laws in a record. */
export function lawConvention({ exponents }: Pick<LayerSnapshot, "exponents">): Convention {
  return exponents === undefined || isMeasured(exponents.covariance) ? "covariance" : "raw";
}

/** The exponents from which a layer's laws are read; undefined where none were measured. */
export function lawExponents(layer: LayerSnapshot): { a: SideExponents | null; b: SideExponents } | undefined {
  const { exponents } = layer;
  const found = exponents?.[lawConvention(layer)];
  return found && isMeasured(found) ? found : undefined;
}

function isMeasured(exponents: { a: SideExponents | null; b: SideExponents } | undefined): boolean {
  return (
    exponents !== undefined &&
    [exponents.a, exponents.b].some(
      (side) => side && Object.values(side).some(({ status }) => status !== "not-measured"),
    )
  );
}

/** Whether the label names a row of the table. */
export function isDecided(label: PhaseName): boolean {
  return label !== "none" && label !== "undecided";
}

/** "phase 5", "no row", "undecided". */
export function labelShort(label: PhaseName): string {
  return label === "none" ? "no row" : label === "undecided" ? "undecided" : `phase ${label}`;
}

/** "crh 84 %, no row 16 %". */
export function sharesInWords(weights: RowWeights): string {
  return leadingRows(weights)
    .map(([row, share]) => `${row} ${Math.round(100 * share)} %`)
    .join(", ");
}

/** "it is in phase crh by the paper's convention, undecided by covariances". */
export function phaseInWords({ label, paper, convention }: LayerPhase): string {
  const by = convention === "covariance" ? "covariances" : "plain second moments";
  if (label === paper.label) return `it is ${labelInWords(label)} by ${by} and by the paper's convention`;
  return `it is ${labelInWords(paper.label)} by the paper's convention, ${labelInWords(label)} by ${by}`;
}

/**
 * "By covariances 1 of 6 layers is in a phase (crh); by the paper's convention 3 (crh 2, b 1)."; "" where no phase was
 * measured.
 */
export function phasesSentence(layers: readonly LayerSnapshot[]): string {
  const phases = layers.flatMap(({ phase }) => phase ?? []);
  if (phases.length === 0) return "";
  const by = phases[0]!.convention === "raw" ? "plain second moments" : "covariances";
  const main = decidedIn(phases.map(({ label }) => label));
  const paper = decidedIn(phases.map((phase) => phase.paper.label));
  if (main.count === 0 && paper.count === 0)
    return `None of ${counted(phases.length, "layer")} is in a phase, by ${by} or by the paper's convention: no row of the table has all its relations and exponents.`;
  return `By ${by} ${main.count} of ${counted(phases.length, "layer")} ${main.count === 1 ? "is" : "are"} in a phase${main.rows}; by the paper's convention ${paper.count}${paper.rows}.`;
}

function decidedIn(labels: readonly PhaseName[]): { count: number; rows: string } {
  const counts = new Map<string, number>();
  for (const label of labels.filter(isDecided)) counts.set(label, (counts.get(label) ?? 0) + 1);
  const parts = [...counts].sort((x, y) => y[1] - x[1]).map(([label, count]) => `${label} in ${count}`);
  return { count: labels.filter(isDecided).length, rows: parts.length > 0 ? ` (${listed(parts)})` : "" };
}
