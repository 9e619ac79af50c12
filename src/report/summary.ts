/**
 * @file The summary in words. Every sentence is computed from the numbers of the last measurement and says what it compares with.
 */
import { sides } from "../figures/alignmentSeries.ts";
import { escapeText, shorten } from "../figures/escape.ts";
import { relations } from "../figures/palette.ts";
import type { Convention } from "../measure/snapshot.ts";
import { brief, counted, fixed, grouped, listed } from "./numbers.ts";
import { byStep, type Finding, findings, type ReportData, statusWords } from "./reportData.ts";
import { holds, holdsFrom, leastMargin } from "./verdict.ts";

/** chosen: layers named in a sentence; more are left to the table. */
const maxNamed = 6;

const sideWord = { a: "backward", b: "forward" } as const;

/** The summary as escaped HTML: a list of sentences. */
export function renderSummary(data: ReportData): string {
  const items = [statusSentence(data), ...alignmentSentences(data)];
  return `<ul class="summary">${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;
}

function statusSentence({ info, snapshots, metrics }: ReportData): string {
  const took = `${grouped(info.step)} of ${counted(info.steps, "step")}`;
  const how: Record<string, string> = {
    finished: `The run finished all ${counted(info.steps, "step")}`,
    failed: `The run <b>failed</b> after ${took}${info.error ? ` (${escapeText(info.error)})` : ""}`,
    interrupted: `The run was <b>interrupted</b> after ${took}`,
    running: `The run was <b>still going on</b> after ${took}`,
  };
  const last = byStep(snapshots).at(-1);
  const loss = last?.loss.mean ?? metrics.findLast((row) => row.name === "eval/loss")?.value;
  const accuracy = last?.accuracy ?? metrics.findLast((row) => row.name === "eval/accuracy")?.value;
  const reached = [
    ...(loss === undefined ? [] : [`a loss of ${brief(loss)}`]),
    ...(accuracy === undefined ? [] : [`an accuracy of ${fixed(accuracy * 100, 2)} %`]),
  ];
  const rest = reached.length > 0 ? `; evaluation gave ${reached.join(" and ")}` : "";
  return `${how[info.status] ?? escapeText(info.status)}${rest}${last ? ` at step ${grouped(last.step)}` : ""}.`;
}

function alignmentSentences({ snapshots }: ReportData): string[] {
  const all = findings(snapshots, "paper");
  const defined = all.filter((finding) => finding.last.value !== null);
  if (all.length === 0) return ["No layer was measured, so nothing can be said about the alignments."];
  if (defined.length === 0) return ["No alignment could be computed; the table below says why."];
  return [
    countSentence(defined),
    layerSentence(defined),
    ...medianSentence(defined),
    ...exceptionSentence(defined),
    ...undefinedSentence(all),
    ...rawSentence(snapshots),
  ];
}

function countSentence(defined: readonly Finding[]): string {
  const count = (verdict: string) => defined.filter((finding) => finding.verdict === verdict).length;
  const holding = defined.filter((finding) => holds(finding.verdict)).length;
  const rule = `alignment at least ${holdsFrom}, and above its null by ${leastMargin} or three times the noise`;
  const [formed, kept] = [count("formed"), count("kept")];
  const since =
    formed + kept === 0
      ? ""
      : kept === 0
        ? `; ${holding === 1 ? "it" : "all of these"} rose during training`
        : `; ${formed} of these rose during training, ${kept} ${kept === 1 ? "was" : "were"} about as strong or stronger at the first measurement`;
  return `<b>${holding} of ${counted(defined.length, "relation")} hold</b> (${rule}; rows normalised and centred)${holding > 0 ? since : ""}.`;
}

function layerSentence(defined: readonly Finding[]): string {
  const names = [...new Set(defined.map(({ layer }) => layer.name))];
  const of = (name: string) => defined.filter(({ layer }) => layer.name === name);
  const holding = (name: string, side?: string) =>
    of(name).filter((finding) => holds(finding.verdict) && (!side || finding.side === side));
  const full = names.filter((name) => of(name).length === 6 && holding(name).length === 6);
  const pair = names.filter((name) => holding(name, "a").length > 0 && holding(name, "b").length > 0);
  const complete = full.length === 0 ? "No layer has all six" : `All six hold in ${named(full)}`;
  return `${complete}; at least one backward and one forward relation hold in ${pair.length} of ${counted(names.length, "layer")}.`;
}

function named(names: readonly string[]): string {
  const shown = names.slice(0, maxNamed).map((name) => code(name));
  return names.length > maxNamed ? `${shown.join(", ")} and ${names.length - maxNamed} more` : listed(shown);
}

function code(name: string): string {
  return `<code>${escapeText(shorten(name, 48))}</code>`;
}

function medianSentence(defined: readonly Finding[]): string[] {
  if (new Set(defined.map(({ layer }) => layer.name)).size < 2) return [];
  const parts = sides.map((side) => {
    const inside = relations.flatMap((relation) => {
      const own = defined.filter((finding) => finding.side === side && finding.relation === relation);
      const now = median(own.map((finding) => finding.last.value));
      const start = median(own.map((finding) => finding.first?.value ?? null));
      if (now === null) return [];
      return [
        `<b class="${relation}">${relation.toUpperCase()}</b> ${fixed(now, 2)}${start === null ? "" : ` (was ${fixed(start, 2)})`}`,
      ];
    });
    return inside.length > 0 ? [`${sideWord[side]} ${inside.join(", ")}`] : [];
  });
  return [`Median over layers: ${parts.flat().join("; ")}.`];
}

function median(values: readonly (number | null)[]): number | null {
  const sorted = values.filter((value) => value !== null).sort((x, y) => x - y);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return null;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const weakness: Record<string, string> = {
  rising: "rose",
  falling: "fell",
  flat: "no clear change",
  absent: "not clearly above its null",
};

/** What does not hold, layer by layer: value, value at the start, and how it stands to both that and its null. */
function exceptionSentence(defined: readonly Finding[]): string[] {
  const weak = defined.filter((finding) => !holds(finding.verdict));
  if (weak.length === 0) return [];
  const names = [...new Set(weak.map(({ layer }) => layer.name))];
  const lines = names.slice(0, maxNamed).map((name) => {
    const parts = weak.filter(({ layer }) => layer.name === name).map(weakRelation);
    return `<li>${code(name)}: ${parts.join("; ")}</li>`;
  });
  if (names.length > maxNamed)
    lines.push(`<li>and in ${counted(names.length - maxNamed, "more layer")}, see the table</li>`);
  return [`Not holding:<ul>${lines.join("")}</ul>`];
}

function weakRelation({ side, relation, last, first, verdict }: Finding): string {
  const start = first?.value ?? null;
  const reason = verdict === "flat" && start === null ? "too weak" : (weakness[verdict] ?? verdict);
  const compared = start === null ? "" : `, was ${fixed(start, 2)}`;
  return `${sideWord[side]} ${relation.toUpperCase()} ${fixed(last.value!)} (${reason}${compared})`;
}

function undefinedSentence(all: readonly Finding[]): string[] {
  const missing = all.filter((finding) => finding.last.value === null);
  if (missing.length === 0) return [];
  const reasons = [...new Set(missing.map((finding) => escapeText(statusWords(finding.last.status))))];
  return [
    `${counted(missing.length, "alignment")} ${missing.length === 1 ? "has" : "have"} no value: ${listed(reasons)}.`,
  ];
}

function rawSentence(snapshots: ReportData["snapshots"]): string[] {
  const convention: Convention = "raw";
  const defined = findings(snapshots, convention).filter((finding) => finding.last.value !== null);
  if (defined.length === 0) return [];
  const holding = defined.filter((finding) => holds(finding.verdict)).length;
  return [
    `With plain second moments (raw), the objects of the theorems, ${holding} of ${counted(defined.length, "relation")} hold by the same rule.`,
  ];
}
