/**
 * @file What was found about one layer, in plain words: which relations hold and against what, which phase and which laws, from which
 * numbers, with which doubts. It adds nothing to the snapshot; it reads it aloud.
 */

import type { AlignmentValue, Exponent, LayerSnapshot, SideExponents } from "../measure/snapshot.ts";
import { isMap } from "../moments/moments.ts";
import { statusWords } from "../report/reportData.ts";
import { holds, holdsFrom, judge, leastMargin, type Verdict } from "../report/verdict.ts";
import { ansatzInWords, baselinesInWords, collapseInWords, irrelevantInWords } from "./explainFeatures.ts";
import { formatCount, formatDecimals } from "./format.ts";

export interface Explanation {
  layer: string;
  /** One sentence. */
  summary: string;
  relations: string[];
  laws: string[];
  phase: string[];
  /** An attention head beside the other heads of its layer and its own start. */
  baselines: string[];
  collapse: string[];
  ansatz: string[];
  training: string[];
  doubts: string[];
}

const relationNames = {
  rga: ["RGA", "H ∝ G"],
  rwa: ["RWA", "H ∝ Z"],
  gwa: ["GWA", "G ∝ Z"],
} as const;
const sideNames = { a: "backward", b: "forward" } as const;
const pairNames = { hg: "H ~ G^s", hz: "H ~ Z^s", gz: "G ~ Z^s" } as const;

const verdictWords: Readonly<Record<Verdict, string>> = {
  formed: "holds, and formed in training",
  kept: "holds, but did so from the start",
  holds: "holds",
  rising: "is above chance and rose in training, but is too weak to hold",
  falling: "is above chance and fell in training",
  flat: "is above chance, but too weak to hold and no stronger than at the start",
  weak: "is above chance, but too weak to hold",
  absent: "is not above chance",
  undefined: "has no value",
};

/** @param initial the same layer before training, where there is a measurement of it */
export function explainLayer(layer: LayerSnapshot, initial?: LayerSnapshot): Explanation {
  const found = relationsOf(layer, initial);
  return {
    layer: layer.name,
    summary: summaryOf(layer, found),
    relations: found.map(({ words }) => words),
    laws: lawsOf(layer),
    phase: layer.phase ? layer.phase.evidence : [],
    baselines: baselinesInWords(layer),
    collapse: collapseInWords(layer, initial),
    ansatz: ansatzInWords(layer),
    training: trainingOf(layer),
    doubts: doubtsOf(layer, initial),
  };
}

interface Judged {
  name: string;
  verdict: Verdict;
  words: string;
}

function relationsOf({ alignment, kind }: LayerSnapshot, initial: LayerSnapshot | undefined): Judged[] {
  return (["a", "b"] as const).flatMap((side) =>
    (["rga", "rwa", "gwa"] as const).flatMap((relation): Judged[] => {
      const value = alignment.paper[side]?.[relation];
      if (value === undefined || (!isMap({ kind }) && relation !== "rga")) return [];
      const start = initial?.alignment.paper[side]?.[relation];
      const verdict = judge(value, start);
      const [short, formula] = relationNames[relation];
      const name = `${sideNames[side]} ${short}`;
      return [{ name, verdict, words: `${name} (${formula}) ${verdictWords[verdict]}${numbers(value, start)}.` }];
    }),
  );
}

function numbers({ value, null: chance, noise, n, status }: AlignmentValue, start: AlignmentValue | undefined): string {
  if (value === null) return `: ${statusWords(status)}`;
  const parts = [
    ...(noise === null ? [] : [`± ${formatDecimals(noise, 3)}`]),
    ...(chance === null ? [] : [`unrelated matrices of these spectra would show ${formatDecimals(chance, 2)}`]),
    ...(start?.value == null ? [] : [`it began at ${formatDecimals(start.value, 2)}`]),
    `${formatCount(n)} rows`,
  ];
  return `: ${formatDecimals(value, 3)} (${parts.join("; ")})`;
}

function summaryOf({ name, kind, dIn, dOut, samples, phase }: LayerSnapshot, found: readonly Judged[]): string {
  const shape =
    kind === "head"
      ? `an attention head of ${dOut} values`
      : kind === "block"
        ? `the output of a block of ${dOut} channels`
        : `a ${kind} map from ${dIn} to ${dOut} values`;
  const holding = found.filter(({ verdict }) => holds(verdict)).map((one) => one.name);
  const relations =
    holding.length === 0
      ? "none of its relations holds"
      : holding.length === found.length && found.length === 6
        ? "all six relations hold, as the hypothesis has it"
        : `${holding.join(", ")} ${holding.length === 1 ? "holds" : "hold"} of its ${found.length}`;
  const inPhase =
    !phase || phase.label === "undecided"
      ? ""
      : phase.label === "none"
        ? "; it is in none of the phases"
        : `; it is in phase ${phase.label}`;
  return `${name} is ${shape}, measured on ${formatCount(samples)} rows: ${relations}${inPhase}.`;
}

function lawsOf({ exponents }: LayerSnapshot): string[] {
  if (exponents === undefined) return [];
  return (["a", "b"] as const).flatMap((side) => {
    const measured: SideExponents | null = exponents.raw[side];
    if (measured === null) return [];
    return (["hg", "hz", "gz"] as const).map(
      (pair) => `${sideNames[side]} ${pairNames[pair]}: ${exponentWords(measured[pair])}.`,
    );
  });
}

function exponentWords({ value, interval, r2, decades, sorted, directions, status }: Exponent): string {
  if (value === null) {
    const reading = sorted === null ? "" : `; pairing sorted eigenvalues would read ${formatDecimals(sorted, 2)}`;
    return `no exponent can be stated (${statusWords(status)})${reading}`;
  }
  const within =
    interval === null ? "" : `, 95 % within ${formatDecimals(interval[0], 2)} and ${formatDecimals(interval[1], 2)}`;
  const fit = `over ${directions} directions and ${(decades ?? 0).toFixed(1)} decades, R² ${(r2 ?? 0).toFixed(2)}`;
  return `s = ${formatDecimals(value, 2)}${within}, ${fit}`;
}

function trainingOf({ strongest, change, residuals, irrelevant }: LayerSnapshot): string[] {
  const lines: string[] = [];
  for (const side of ["a", "b"] as const) {
    const found = strongest?.paper[side];
    if (!found) continue;
    const [short] = relationNames[found.relation];
    const start = found.initial === null ? "" : `, from ${formatDecimals(found.initial, 2)} at the start`;
    const rose = found.rose === null ? "" : `; ${relationNames[found.rose][0]} rose most`;
    const expected = side === "a" ? "GWA" : "RWA";
    lines.push(
      `Strongest on the ${sideNames[side]} side is ${short} with ${formatDecimals(found.value, 3)}${start}${rose}; small weight decay lets one expect ${expected}.`,
    );
  }
  const moved = change?.paper.a?.H.value ?? change?.paper.b.H.value;
  if (change && moved != null)
    lines.push(`Its representation changed by ${(100 * moved).toFixed(1)} % since step ${formatCount(change.since)}.`);
  const balance = residuals?.stationarity;
  if (balance?.value != null)
    lines.push(
      `Stationarity E[g hᵀ] = γ W is off by ${balance.value.toPrecision(2)} times γ|W|${balance.floor === null ? "" : `; so many samples could not show less than ${balance.floor.toPrecision(2)}`}.`,
    );
  if (irrelevant) lines.push(...irrelevantInWords(irrelevant));
  return lines;
}

function doubtsOf(layer: LayerSnapshot, initial: LayerSnapshot | undefined): string[] {
  const { samples, dIn, dOut, droppedRows, meanRatio, sampled, phase, alignment } = layer;
  const widest = Math.max(dIn, dOut);
  const lines: string[] = [];
  if (initial === undefined)
    lines.push(
      "Its values before training are not known: forward RWA and backward GWA are high in untrained layers too.",
    );
  if (samples < 10 * widest)
    lines.push(`${formatCount(samples)} rows are few for ${widest} dimensions: noise pulls alignments towards chance.`);
  const dropped = Math.max(droppedRows.a, droppedRows.b);
  if (dropped > 0.01 * samples)
    lines.push(`${formatCount(dropped)} rows have a gradient of zero and are left out of the paper's convention.`);
  const mean = Math.max(meanRatio.a?.h.value ?? 0, meanRatio.b.h.value ?? 0);
  if (mean > 0.5)
    lines.push(
      `${Math.round(100 * mean)} % of the squared activations are their mean: plain second moments tell of the mean, covariances of the rest.`,
    );
  if (sampled) lines.push("Only a random sample of its coordinates was measured.");
  if (Object.values(alignment.paper.b).every(({ noise }) => noise === null))
    lines.push("There is one group of samples, so the noise is not known.");
  if (phase?.label === "undecided") lines.push("The numbers do not decide on a phase.");
  return lines;
}

/** What the words mean, once for all layers. */
export const thresholds = `"holds" means at least ${holdsFrom} and above chance by ${leastMargin} or three times the noise: chosen, the paper has no threshold`;
