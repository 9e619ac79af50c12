/**
 * @file Findings on one layer, in plain words: which relations hold and by which comparison, which phase and which
 * laws, from which numbers, with which doubts. Everything is taken from the snapshot.
 */

import { formatCount, formatDecimals } from "../../formats/quantities.ts";
import { ruleInWords } from "../../measure/alignment/judge.ts";
import type { Exponent, LayerSnapshot, SideExponents } from "../../measure/snapshot.ts";
import { lawConvention, lawExponents, phaseInWords, sharesInWords } from "../laws.ts";
import { fixed } from "../numbers.ts";
import { type Finding, holds, layerFindings } from "../relationFindings.ts";
import { deadSentence, relationSentence } from "../sentences.ts";
import { percent } from "../stationarity.ts";
import { statusWords } from "../statusWords.ts";
import { conventionWord, relationWord, sideWord } from "../vocabulary.ts";
import { isSmallDecay } from "../weightDecay.ts";
import { ansatzInWords, baselinesInWords, collapseInWords, irrelevantInWords } from "./explainFeatures.ts";

export interface Explanation {
  layer: string;
  /** One sentence. */
  summary: string;
  relations: string[];
  laws: string[];
  phase: string[];
  /** An attention head compared with the other heads of its layer and its own start. */
  baselines: string[];
  collapse: string[];
  ansatz: string[];
  training: string[];
  doubts: string[];
}

const pairNames = { hg: "H ~ G^s", hz: "H ~ Z^s", gz: "G ~ Z^s" } as const;

/**
 * @param initial the same layer before training, if it was measured
 * @param decay weight decay in training, if known
 */
export function explainLayer(layer: LayerSnapshot, initial?: LayerSnapshot, decay?: unknown): Explanation {
  const found = layerFindings(layer, initial, "paper");
  const covariance = layerFindings(layer, initial, "covariance");
  return {
    layer: layer.name,
    summary: summaryOf(layer, found),
    relations: [...found, ...covariance].map(relationSentence),
    laws: lawsOf(layer),
    phase: phaseOf(layer),
    baselines: baselinesInWords(layer),
    collapse: collapseInWords(layer, initial),
    ansatz: ansatzInWords(layer),
    training: trainingOf(layer, decay),
    doubts: doubtsOf(layer, initial),
  };
}

function summaryOf(layer: LayerSnapshot, found: readonly Finding[]): string {
  const { name, kind, dIn, dOut, samples, phase } = layer;
  const shape =
    kind === "head"
      ? `an attention head of ${dOut} values`
      : kind === "block"
        ? `the output of a block of ${dOut} channels`
        : `a ${kind} map from ${dIn} to ${dOut} values`;
  if (layer.dead) return `${name} is ${shape}, measured on ${formatCount(samples)} rows. ${deadSentence([layer])}`;
  const holding = found.filter(holds).map(({ side, relation }) => relationWord(side, relation));
  const relations =
    holding.length === 0
      ? "none of its relations holds by the paper's convention"
      : holding.length === found.length && found.length === 6
        ? "all six relations hold by the paper's convention, as the hypothesis has it"
        : `of its ${found.length} relations ${holding.join(", ")} ${holding.length === 1 ? "holds" : "hold"} by the paper's convention`;
  const inPhase = phase ? `; ${phaseInWords(phase)}` : "";
  return `${name} is ${shape}, measured on ${formatCount(samples)} rows: ${relations}${inPhase}.`;
}

function phaseOf({ phase }: LayerSnapshot): string[] {
  if (!phase) return [];
  const { weights, paperWeights, ranges = [], live, differs, evidence } = phase;
  const within = live
    ? [
        `Read on the ${live.rank} leading directions of W that carry ${100 * live.share} % of the traces of H and G; Z spans ${fixed(live.decades, 1)} decades there${live.decades < 1 ? ", too few to distinguish rows with different exponents of Z" : ""}.`,
      ]
    : [];
  return [
    ...evidence,
    ...differs,
    ...within,
    ...(weights ? [`Shares of the rows by covariances: ${sharesInWords(weights)}.`] : []),
    ...(paperWeights ? [`Shares of the rows by the paper's convention: ${sharesInWords(paperWeights)}.`] : []),
    ...ranges.map(
      ({ share, dimension, decades, weights: ofRange }) =>
        `On the ${dimension} directions that carry ${100 * share} % (${fixed(decades, 1)} decades of Z): ${sharesInWords(ofRange)}.`,
    ),
  ];
}

function lawsOf(layer: LayerSnapshot): string[] {
  const exponents = lawExponents(layer);
  if (exponents === undefined) return [];
  return (["a", "b"] as const).flatMap((side) => {
    const measured: SideExponents | null = exponents[side];
    if (measured === null) return [];
    return (["hg", "hz", "gz"] as const).map(
      (pair) =>
        `${sideWord[side]} ${pairNames[pair]} by ${conventionWord[lawConvention(layer)]}: ${exponentWords(measured[pair])}.`,
    );
  });
}

function exponentWords({ value, interval, r2, decades, sorted, directions, status }: Exponent): string {
  if (value === null) {
    const reading = sorted === null ? "" : `; pairing sorted eigenvalues would give ${formatDecimals(sorted, 2)}`;
    return `no exponent can be stated (${statusWords(status)})${reading}`;
  }
  const within =
    interval === null ? "" : `, 95 % within ${formatDecimals(interval[0], 2)} and ${formatDecimals(interval[1], 2)}`;
  const fit = `over ${directions} directions and ${(decades ?? 0).toFixed(1)} decades, R² ${(r2 ?? 0).toFixed(2)}`;
  return `s = ${formatDecimals(value, 2)}${within}, ${fit}`;
}

function trainingOf(layer: LayerSnapshot, decay: unknown): string[] {
  const { strongest, change, changeSinceHalf, residuals, irrelevant, dead } = layer;
  const lines: string[] = [];
  for (const side of ["a", "b"] as const) {
    const found = strongest?.paper[side];
    if (!found || dead) continue;
    const short = found.relation.toUpperCase();
    const start = found.initial === null ? "" : `, from ${formatDecimals(found.initial, 2)} at the start`;
    const rose = found.rose === null ? "" : `; ${found.rose.toUpperCase()} rose most`;
    const expected = isSmallDecay(decay)
      ? `; the paper's Eq. 10 expects ${side === "a" ? "GWA" : "RWA"} at so small a weight decay`
      : "";
    lines.push(
      `Strongest on the ${sideWord[side]} side, by the paper's convention, is ${short} with ${formatDecimals(found.value, 3)}${start}${rose}${expected}.`,
    );
  }
  const since = changeSinceHalf ?? change;
  const moved = since?.paper.b.H.value;
  if (since && moved != null)
    lines.push(
      `Its output cov(h_b, h_b) changed by ${percent(moved)} % since step ${formatCount(since.since)}, by the paper's convention.`,
    );
  const balance = residuals?.stationarity;
  if (balance?.value != null)
    lines.push(
      `Stationarity E[g hᵀ] = γ W is off by ${balance.value.toPrecision(2)} times γ|W|${balance.floor === null ? "" : `; with this many samples it cannot fall below ${balance.floor.toPrecision(2)}`}.`,
    );
  if (irrelevant) lines.push(...irrelevantInWords(irrelevant));
  return lines;
}

function doubtsOf(layer: LayerSnapshot, initial: LayerSnapshot | undefined): string[] {
  const { samples, dIn, dOut, droppedRows, meanRatio, sampled, phase, alignment } = layer;
  const widest = Math.max(dIn, dOut);
  const lines: string[] = [];
  if (initial === undefined)
    lines.push("Its values before training are unknown, so it is open whether training made the relations that hold.");
  if (samples < 10 * widest)
    lines.push(
      `${formatCount(samples)} rows are few for ${widest} dimensions: noise pulls alignments towards chance, and the corrected values are uncertain.`,
    );
  if (layer.heavyGroups)
    lines.push(
      `Few rows dominate ${layer.heavyGroups} of ${layer.groups ?? "the"} groups of samples (heavy tails): these count less for exponents and phase, and the standard errors are rough.`,
    );
  lines.push(...fewLongRows(layer));
  const dropped = Math.max(droppedRows.a, droppedRows.b);
  if (dropped > 0.01 * samples)
    lines.push(`${formatCount(dropped)} rows have a gradient of zero and are left out of the paper's convention.`);
  const mean = Math.max(meanRatio.a?.h.value ?? 0, meanRatio.b.h.value ?? 0);
  if (mean > 0.5)
    lines.push(
      `${Math.round(100 * mean)} % of the squared activations are their mean: plain second moments mostly show the mean, covariances the rest.`,
    );
  if (layer.groups !== undefined && layer.groups > 1 && layer.groups < 8)
    lines.push(`The standard errors come from ${layer.groups} groups of samples and may be off by half.`);
  if (sampled) lines.push("Only a random sample of its coordinates was measured.");
  if (!(layer.groups && layer.groups > 1) && Object.values(alignment.paper.b).every(({ noise }) => noise === null))
    lines.push("There is one group of samples, so the standard error is unknown.");
  if (phase?.label === "undecided") lines.push("The numbers do not decide on a phase.");
  return lines;
}

/** There are enough rows, but few of them dominate a second moment (Eq. 92). */
function fewLongRows({ samples, dIn, dOut, effectiveRows }: LayerSnapshot): string[] {
  if (!effectiveRows) return [];
  const sides = [
    { rows: effectiveRows.h ?? 0, d: dIn, of: "activations" },
    { rows: effectiveRows.g ?? 0, d: dOut, of: "gradients" },
  ];
  return sides
    .filter(({ rows, d }) => rows > 0 && rows < 10 * d && samples >= 10 * d)
    .map(
      ({ rows, d, of }) =>
        `Its ${of} are so unequal in norm that ${formatCount(samples)} rows carry about as much information as ${formatCount(Math.max(1, Math.round(rows)))} equal ones would, few for ${d} dimensions: plain and covariance values are uncertain; the paper's convention divides by the norm.`,
    );
}

/** What the words mean, said once for all layers. */
export const thresholds = ruleInWords;
