/**
 * @file The tables of laws: for each layer its phase and exponents with intervals, the residuals of stationarity with
 * the level that sampling alone would leave, and one sentence on which relations are strongest (theory.md Eqs. 37, 52
 * to 62, 76).
 */

import { sides } from "../figures/alignmentSeries.ts";
import { escapeText, shorten } from "../figures/escape.ts";
import { isDecided, lawConvention, lawExponents, phasesSentence, sharesInWords } from "../findings/laws.ts";
import { counted, fixed, scientific } from "../findings/numbers.ts";
import { byStep } from "../findings/relationFindings.ts";
import { statusWords } from "../findings/statusWords.ts";
import { conventionWord } from "../findings/vocabulary.ts";
import { isSmallDecay } from "../findings/weightDecay.ts";
import type { Exponent, LayerSnapshot, SideExponents } from "../measure/snapshot.ts";
import type { Residual, Residuals } from "../measure/training/residual.ts";
import { isMap } from "../moments/moments.ts";
import { folded } from "./foldedTable.ts";
import { renderIrrelevant } from "./irrelevantTable.ts";
import { isAnalysis, type ReportData } from "./reportData.ts";

const pairs = ["hg", "hz", "gz"] as const satisfies readonly (keyof SideExponents)[];
const pairTitle = { hg: "H ~ G<sup>s</sup>", hz: "H ~ Z<sup>s</sup>", gz: "G ~ Z<sup>s</sup>" } as const;

/** The same without markup, for narrow screens. */
const pairText = { hg: "H ~ Gˢ", hz: "H ~ Zˢ", gz: "G ~ Zˢ" } as const;

/** Whether the section has content. */
export function hasLaws({ snapshots }: ReportData): boolean {
  return byStep(snapshots).at(-1)?.layers.some(isLawful) ?? false;
}

function isLawful({ exponents, phase }: LayerSnapshot): boolean {
  return exponents !== undefined || phase != null;
}

/** The section; "" where none of it was measured. */
export function renderLaws(data: ReportData): string {
  if (!hasLaws(data)) return "";
  const ordered = byStep(data.snapshots);
  const layers = ordered.at(-1)?.layers ?? [];
  const first = ordered.length > 1 ? ordered[0]!.layers : [];
  const withLaws = layers.filter(isLawful);
  return (
    `<section id="laws"><h2>Laws and phases</h2>${strongestSentence(layers, isAnalysis(data) ? undefined : data.config.decay)}${phaseSentence(withLaws)}${onceSentence(data)}` +
    exponentTables(withLaws) +
    `<p class="soft note">Slopes along common eigenvectors by ${conventionWord[lawConvention(withLaws[0]!)]}, on the live directions of W, with 95 % intervals (Eqs. 33 to 37, 86); or the reason why there is no slope. The phase is the row of the table of phases (Eq. 50) on which relations and exponents agree, by the same and below it by the paper's convention; the shares say how resampled groups and directions divide among the rows (Eq. 87). Point at a phase for the evidence.</p>` +
    `${residualTable(layers)}${renderIrrelevant(layers, first)}</section>`
  );
}

/**
 * Eq. 10 of the paper expects forward RWA and backward GWA at small decay, and makes no statement about larger decay.
 */
function strongestSentence(all: readonly LayerSnapshot[], decay: unknown): string {
  const layers = all.filter(({ dead }) => dead === undefined);
  const told = (side: "a" | "b") => {
    const found = layers.flatMap(({ kind, strongest }) => (!isMap({ kind }) ? [] : (strongest?.paper[side] ?? [])));
    if (found.length === 0) return "";
    const counts = new Map<string, number>();
    for (const { relation } of found) counts.set(relation, (counts.get(relation) ?? 0) + 1);
    const parts = [...counts].sort((x, y) => y[1] - x[1]).map(([name, count]) => `${name.toUpperCase()} in ${count}`);
    const rises = found.flatMap(({ rise }) => (rise === null ? [] : [rise]));
    const risen = rises.filter((rise) => rise >= 0.1).length;
    const start =
      rises.length === 0
        ? " (values before training are not known)"
        : `, in ${risen} of them by 0.1 or more above its value at the start`;
    return `${side === "a" ? "backward" : "forward"} ${parts.join(", ")} of ${counted(found.length, "layer")}${start}`;
  };
  const [a, b] = [told("a"), told("b")];
  if (a === "" && b === "") return "";
  const known = layers.filter(({ strongest }) => strongest?.paper.asExpected.a != null);
  const both = known.filter(({ strongest }) => strongest!.paper.asExpected.a && strongest!.paper.asExpected.b).length;
  const expectation =
    known.length === 0 || !isSmallDecay(decay)
      ? ""
      : ` The paper's Eq. 10 expects forward RWA and backward GWA to be strongest at a weight decay as small as ${String(decay)}: both are in ${both} of ${counted(known.length, "layer")}.`;
  return `<p>Strongest relations by the paper's convention: ${[a, b].filter(Boolean).join("; ")}.${expectation}</p>`;
}

/** Why the course of phases is missing, where laws were only measured at the last step. */
function onceSentence({ snapshots }: ReportData): string {
  const steps = snapshots.filter(({ layers }) => layers.some(({ phase }) => phase)).length;
  if (steps !== 1 || snapshots.every(({ leftOut }) => leftOut === undefined)) return "";
  return `<p>Exponents and phases were measured at the last step only; crh run --cost standard measures them at every step.</p>`;
}

function phaseSentence(layers: readonly LayerSnapshot[]): string {
  const sentence = phasesSentence(layers);
  return sentence === "" ? "" : `<p>${escapeText(sentence)}</p>`;
}

/** Maps in one table; in another, heads and blocks, which have only H and G of their output. */
function exponentTables(layers: readonly LayerSnapshot[]): string {
  const [maps, outputs] = [layers.filter(isMap), layers.filter((layer) => !isMap(layer))];
  const table = (of: readonly LayerSnapshot[], html: string) =>
    of.length === 0 ? "" : folded(of, `<div class="wide">${html}</div>`);
  return table(maps, exponentTable(maps)) + table(outputs, outputTable(outputs));
}

function outputTable(layers: readonly LayerSnapshot[]): string {
  const body = layers.map(
    (layer) => `<tr>${nameCell(layer)}${exponentCell(pairText.hg, lawExponents(layer)?.b.hg)}</tr>`,
  );
  return `<table class="alignments outputs"><thead><tr><th scope="col">output of</th><th scope="col">${pairTitle.hg}</th></tr></thead><tbody>${body.join("")}</tbody></table>`;
}

function nameCell({ name }: LayerSnapshot): string {
  return `<th scope="row"><code title="${escapeText(name)}">${escapeText(shorten(name, 40))}</code></th>`;
}

function exponentTable(layers: readonly LayerSnapshot[]): string {
  const groups = `<tr><th rowspan="2" scope="col">layer</th><th rowspan="2" scope="col">phase</th><th colspan="3" scope="colgroup">backward (a)</th><th colspan="3" scope="colgroup">forward (b)</th></tr>`;
  const columns = sides.flatMap(() => pairs.map((pair) => `<th scope="col">${pairTitle[pair]}</th>`)).join("");
  const body = layers.map((layer) => {
    const cells = sides.flatMap((side) =>
      pairs.map((pair) =>
        exponentCell(`${side === "a" ? "backward" : "forward"} ${pairText[pair]}`, lawExponents(layer)?.[side]?.[pair]),
      ),
    );
    return `<tr>${nameCell(layer)}${phaseCell(layer)}${cells.join("")}</tr>`;
  });
  return `<table class="alignments"><thead>${groups}<tr>${columns}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

function phaseCell({ phase }: LayerSnapshot): string {
  if (!phase) return `<td data-label="phase" class="none">–</td>`;
  const decided = isDecided(phase.label);
  return `<td data-label="phase" class="${decided ? "holds" : ""}" title="${escapeText([...phase.evidence, ...(phase.differs ?? [])].join("\n"))}"><span class="value">${escapeText(phase.label)}</span><small>paper: ${escapeText(phase.paper.label)}</small>${phase.weights ? `<small>${escapeText(sharesInWords(phase.weights))}</small>` : ""}</td>`;
}

function exponentCell(label: string, exponent: Exponent | undefined): string {
  const open = `<td data-label="${label}"`;
  if (!exponent) return `${open} class="none">–</td>`;
  const { value, interval, r2, decades, sorted, status } = exponent;
  if (value === null) return `${open} class="none">${escapeText(statusWords(status))}</td>`;
  const title = [
    ...(r2 === null ? [] : [`R² ${fixed(r2, 2)}`]),
    ...(decades === null ? [] : [`${fixed(decades, 1)} decades`]),
    ...(sorted === null ? [] : [`sorted eigenvalues would give ${fixed(sorted, 2)}`]),
  ].join(", ");
  const within = interval === null ? "" : `<small>[${fixed(interval[0], 2)}, ${fixed(interval[1], 2)}]</small>`;
  return `${open} title="${escapeText(title)}"><span class="value">${fixed(value, 2)}</span>${within}</td>`;
}

/** The residuals shown, in groups, with their meaning. */
const residualColumns: readonly {
  title: string;
  equation: string;
  columns: readonly [title: string, pick: (found: Residuals) => Residual][];
}[] = [
  { title: "weights rest", equation: "Eq. 53", columns: [["W", (r) => r.stationarity]] },
  {
    title: "gradient balances decay",
    equation: "Eq. 54",
    columns: [
      ["output (b)", (r) => r.balance.forward],
      ["input (a)", (r) => r.balance.backward],
    ],
  },
  { title: "a step leaves H", equation: "Eq. 55", columns: [["H<sub>b</sub>", (r) => r.sameSample.forward]] },
  {
    title: "gradient noise is like W",
    equation: "Eq. 58",
    columns: [
      ["G<sub>b</sub> ∝ Z<sub>b</sub>", (r) => r.gradientNoise.forward],
      ["H<sub>a</sub> ∝ Z<sub>a</sub>", (r) => r.gradientNoise.backward],
    ],
  },
  {
    title: "H and G are like W",
    equation: "Eq. 59",
    columns: [
      ["H<sub>b</sub> ∝ Z<sub>b</sub>", (r) => r.proportional.forward],
      ["G<sub>a</sub> ∝ Z<sub>a</sub>", (r) => r.proportional.backward],
    ],
  },
];

function residualTable(layers: readonly LayerSnapshot[]): string {
  const known = layers.filter(({ residuals }) => residuals !== undefined);
  if (known.length === 0) return "";
  const groups = residualColumns
    .map(
      ({ title, equation, columns }) =>
        `<th colspan="${columns.length}" scope="colgroup">${title} <span>${equation}</span></th>`,
    )
    .join("");
  const columns = residualColumns
    .flatMap((group) => group.columns.map(([title]) => `<th scope="col">${title}</th>`))
    .join("");
  const body = known.map(({ name, residuals }) => {
    const cells = residualColumns.flatMap(({ title, columns: own }) =>
      own.map(([column, pick]) => residualCell(`${title}: ${column.replace(/<.*?>/g, "")}`, pick(residuals!))),
    );
    const rho = residuals!.rho;
    return `<tr><th scope="row"><code title="${escapeText(name)}">${escapeText(shorten(name, 40))}</code></th>${cells.join("")}<td data-label="ρ"><span class="value">${rho === null ? "–" : significant(rho)}</span></td></tr>`;
  });
  const head = `<tr><th rowspan="2" scope="col">layer</th>${groups}<th rowspan="2" scope="col">noise over mean, ρ <span>Eq. 58</span></th></tr><tr>${columns}</tr>`;
  return (
    `<h3>How far from stationary</h3>${folded(known, `<div class="wide"><table class="alignments compact"><thead>${head}</thead><tbody>${body.join("")}</tbody></table></div>`)}` +
    `<p class="soft note">Relative residual of each of the theory's equations: 0 if it holds, 1 if the residual is as large as the expected value. Below each, the residual that this number of independent samples would leave if it holds. ρ is 1 without gradient noise; where it is large only directions can agree, not sizes.${rateNote(known)}</p>`
  );
}

/** The learning rate in Eqs. 55 and 57; undefined for files that do not have it. */
function rateNote(layers: readonly LayerSnapshot[]): string {
  const rate = layers.find(({ residuals }) => residuals?.rate !== undefined)?.residuals?.rate;
  return rate === undefined
    ? ""
    : ` The learning rate in them is ${significant(rate)}: for a schedule, that of the steps which the weights remember (Eq. 90).`;
}

function residualCell(label: string, { value, floor, status }: Residual): string {
  const open = `<td data-label="${label}"`;
  if (value === null) return `${open} class="none">${escapeText(statusWords(status))}</td>`;
  const below = floor === null ? "" : `<small>sampling ${significant(floor)}</small>`;
  return `${open}><span class="value">${significant(value)}</span>${below}</td>`;
}

function significant(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(Number(value.toPrecision(2)));
  if (size >= 1e4 || size < 1e-3) return scientific(value);
  return size < 100 ? value.toPrecision(2) : String(Number(value.toPrecision(2)));
}
