/**
 * @file Why the three conventions give different phases, in words. Only plain second moments contain the mean.
 * Covariances contain the fluctuation of the norm; the paper's normalized rows do not (docs/theory.md, "Which
 * convention").
 */
import type { LayerMoments, SideMoments } from "../../moments/moments.ts";
import type { Convention } from "../alignment/relations.ts";
import type { Phase } from "./diagnosePhase.ts";
import type { PhaseName } from "./phaseEvidence.ts";

export interface Readings {
  main: Phase;
  paper: Phase;
  raw: Phase;
}

/** chosen: shares of the squared rows that deserve a sentence. */
const notable = 0.05;

/** Sentences; empty where all conventions give one label. */
export function readingsInWords(layer: LayerMoments, convention: Convention, { main, paper, raw }: Readings): string[] {
  const lines: string[] = [];
  const name = convention === "covariance" ? "covariances" : "plain second moments";
  if (paper.label !== main.label)
    lines.push(
      `By ${name} the layer is ${labelInWords(main.label)}, by the paper's convention ${labelInWords(paper.label)}: ${normWords(layer)}.`,
    );
  if (convention === "covariance" && raw.label !== main.label)
    lines.push(`By plain second moments it is ${labelInWords(raw.label)}: ${meanWords(layer)}.`);
  return lines;
}

/** "in phase 5", "undecided", "in no phase". */
export function labelInWords(label: PhaseName): string {
  return label === "none" ? "in no phase" : label === "undecided" ? "undecided" : `in phase ${label}`;
}

function normWords({ a, b, n }: LayerMoments): string {
  const spread = (side: SideMoments | undefined, which: "h" | "g"): number => {
    const [two, four] = which === "h" ? [side?.h2 ?? 0, side?.h4 ?? 0] : [side?.g2 ?? 0, side?.g4 ?? 0];
    return two > 0 ? Math.sqrt(Math.max(0, (four * n) / two ** 2 - 1)) : 0;
  };
  const percent = (value: number): string => `${Math.round(100 * value)} %`;
  return (
    "rows divided by their norms lose the fluctuation of the norm, which covariances keep " +
    `(|h_a|² varies by ${percent(spread(a, "h"))} of its mean, |g_b|² by ${percent(spread(b, "g"))})`
  );
}

function meanWords({ a, b, n }: LayerMoments): string {
  const share = (side: SideMoments | undefined): number => {
    if (!side?.hSum || side.h2 === 0) return 0;
    return side.hSum.reduce((sum, value) => sum + (value / n) ** 2, 0) / (side.h2 / n);
  };
  const [inA, inB] = [share(a), share(b)];
  const largest = Math.max(inA, inB);
  if (largest < notable) return "there the mean is not subtracted";
  const side = inA >= inB ? "a" : "b";
  return `there the mean, one direction that a bias can take, is ${Math.round(100 * largest)} % of E|h_${side}|²`;
}
