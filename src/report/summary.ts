/**
 * @file The summary in words. Every sentence is computed from the last measurement and says what it is compared with.
 */

import { sides } from "../figures/alignmentSeries.ts";
import { escapeText, shorten } from "../figures/escape.ts";
import { relations } from "../figures/palette.ts";
import { brief, counted, fixed, grouped, listed } from "../findings/numbers.ts";
import { byStep, type Finding, findings, holds } from "../findings/relationFindings.ts";
import { countSentence, deadSentence } from "../findings/sentences.ts";
import { stationaritySentence } from "../findings/stationarity.ts";
import { statusWords } from "../findings/statusWords.ts";
import { withoutAlignments } from "../findings/twopoint/sentences.ts";
import { conventionMeaning, verdictShort } from "../findings/vocabulary.ts";
import { watchedCourse, watchedNumber } from "../findings/watchedRecord.ts";
import { ruleInWords } from "../measure/alignment/judge.ts";
import { median } from "../measure/median.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { isMap } from "../moments/moments.ts";
import {
  type AnalysisInfo,
  courseOf,
  followedOf,
  followsAlone,
  isAnalysis,
  layersInWords,
  type ReportData,
  type RunReport,
  trained,
  withStart,
} from "./reportData.ts";

/** chosen: most layers named in a sentence; the table has the rest. */
const maxNamed = 6;

/** chosen: networks with more layers are summarised relation by relation. */
const manyLayers = 12;

const sideWord = { a: "backward", b: "forward" } as const;

/** The summary as escaped HTML: a list of sentences. */
export function renderSummary(data: ReportData): string {
  const opening = isAnalysis(data)
    ? [measuredSentence(data, data.analysis)]
    : data.series
      ? [...restSentence(data), measuredSentence(data, data.series)]
      : [
          ...(followsAlone(data) ? [] : restSentence(data)),
          statusSentence(data),
          ...probeSentence(data),
          ...watchedSentence(data),
        ];
  const alone = followsAlone(data) ? followedOf(data) : undefined;
  const alignments = alone ? [withoutAlignments(alone.followed.points.length)] : alignmentSentences(data);
  const items = [...opening, ...alignments, ...(trained(data) ? [] : skippedSentence(data))];
  return `<ul class="summary">${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;
}

/**
 * Distance from the stationary state that the theory assumes. It comes first, because the other sentences depend on it.
 */
function restSentence(data: RunReport): string[] {
  const sentence = stationaritySentence(courseOf(data));
  return sentence === "" ? [] : [escapeText(sentence)];
}

function measuredSentence({ snapshots }: ReportData, { plannedSamples }: AnalysisInfo): string {
  const last = byStep(snapshots).at(-1);
  if (!last) return "Nothing was measured.";
  const steps = new Set(snapshots.map(({ step }) => step)).size;
  const on =
    plannedSamples === undefined
      ? counted(last.samples, "sample")
      : `${grouped(last.samples)} of ${counted(plannedSamples, "sample")} (<b>stopped</b> before the end)`;
  const reached = reachedWords(last.loss.mean ?? undefined, last.accuracy);
  const when = steps > 1 ? ` at ${counted(steps, "checkpoint")}, the last at step ${grouped(last.step)}` : "";
  return `${layersInWords(last.layers)} measured on ${on}${when}${reached ? `: ${reached}` : ""}.`;
}

/** What was not measured, so that nothing is left out silently. */
function skippedSentence({ snapshots }: ReportData): string[] {
  const count = byStep(snapshots).at(-1)?.skipped.length ?? 0;
  if (count === 0) return [];
  return [`${counted(count, "node")} could not be measured: see <a href="#not-measured">the reasons</a>.`];
}

function reachedWords(loss: number | undefined, accuracy: number | undefined): string {
  return listed([
    ...(loss === undefined ? [] : [`a loss of ${brief(loss)}`]),
    ...(accuracy === undefined ? [] : [`an accuracy of ${fixed(accuracy * 100, 2)} %`]),
  ]);
}

function statusSentence({ info, snapshots, metrics }: RunReport): string {
  const took = `${grouped(info.step)} of ${counted(info.steps, "step")}`;
  const how: Record<string, string> = {
    finished: `The run finished all ${counted(info.steps, "step")}`,
    failed: `The run <b>failed</b> after ${took}${info.error ? ` (${escapeText(info.error)})` : ""}`,
    interrupted: `The run was <b>interrupted</b> after ${took}`,
    running: `The run was <b>still running</b> after ${took}`,
  };
  const last = byStep(snapshots).at(-1);
  const loss = last?.loss.mean ?? metrics.findLast((row) => row.name === "eval/loss")?.value;
  const accuracy = last?.accuracy ?? metrics.findLast((row) => row.name === "eval/accuracy")?.value;
  const reached = reachedWords(loss, accuracy);
  const rest = reached ? `; evaluation gave ${reached}` : "";
  return `${how[info.status] ?? escapeText(info.status)}${rest}${last ? ` at step ${grouped(last.step)}` : ""}.`;
}

/** Accuracy of a linear classifier on the features, compared with its accuracy before training. */
function probeSentence({ metrics }: RunReport): string[] {
  const values = metrics.filter(({ name }) => name === "eval/linear-probe");
  const [first, last] = [values[0], values.at(-1)];
  if (first === undefined || last === undefined) return [];
  const before = last.step > first.step ? `, ${fixed(100 * first.value, 1)} % at step ${grouped(first.step)}` : "";
  return [`A linear probe of the features (Eq. 79) classifies ${fixed(100 * last.value, 1)} % correctly${before}.`];
}

/** chosen: most quantities named in a sentence; their figures show the rest. */
const maxWatched = 8;

/** First and last values of the watched quantities. */
function watchedSentence({ watched, metrics }: RunReport): string[] {
  const all = (watched?.groups ?? []).flatMap(({ quantities }) =>
    quantities.flatMap(({ name }) => {
      const course = watchedCourse(metrics, name);
      const [first, last] = [course[0], course.at(-1)];
      if (first === undefined || last === undefined) return [];
      const start = last.step > first.step ? ` (was ${watchedNumber(first.value)})` : "";
      return [`<b>${escapeText(name)}</b> ${watchedNumber(last.value)}${start}`];
    }),
  );
  if (all.length === 0) return [];
  const more = all.length > maxWatched ? `, and ${all.length - maxWatched} more` : "";
  return [`Watched: ${all.slice(0, maxWatched).join(", ")}${more}; see <a href="#figures">their figures</a>.`];
}

function alignmentSentences(data: ReportData): string[] {
  const snapshots = withStart(data);
  const all = findings(snapshots, "paper");
  const defined = all.filter((finding) => finding.last.value !== null);
  if (all.length === 0) return ["No layer was measured, so there are no alignments to summarise."];
  if (defined.length === 0) return ["No alignment could be computed; the table below says why."];
  const ofMaps = defined.filter(({ layer }) => isMap(layer));
  return [
    `<b>${escapeText(countSentence(all))}</b>. ${escapeText(`${ruleInWords[0]!.toUpperCase()}${ruleInWords.slice(1)}`)}.`,
    ...deadSentences(all),
    ...layerSentence(ofMaps),
    ...medianSentence(ofMaps),
    ...headSentence(defined),
    ...exceptionSentence(ofMaps),
    ...undefinedSentence(all),
    ...otherConventions(snapshots),
  ];
}

function deadSentences(all: readonly Finding[]): string[] {
  const found = deadSentence([...new Set(all.map(({ layer }) => layer))]);
  return found === "" ? [] : [escapeText(found)];
}

function layerSentence(defined: readonly Finding[]): string[] {
  if (defined.length === 0) return [];
  const names = [...new Set(defined.map(({ layer }) => layer.name))];
  const of = (name: string) => defined.filter(({ layer }) => layer.name === name);
  const holding = (name: string, side?: string) =>
    of(name).filter((finding) => holds(finding) && (!side || finding.side === side));
  const full = names.filter((name) => of(name).length === 6 && holding(name).length === 6);
  const pair = names.filter((name) => holding(name, "a").length > 0 && holding(name, "b").length > 0);
  const complete = full.length === 0 ? "No layer has all six" : `All six hold in ${named(full)}`;
  return [
    `${complete}; at least one backward and one forward relation hold in ${pair.length} of ${counted(names.length, "layer")}.`,
  ];
}

/** Attention heads have one relation each. */
function headSentence(defined: readonly Finding[]): string[] {
  const heads = defined.filter(({ layer }) => layer.kind === "head");
  if (heads.length === 0) return [];
  const holding = heads.filter((finding) => holds(finding)).length;
  const [now, unrelated] = [median(heads.map(({ last }) => last.value)), median(heads.map(({ last }) => last.null))];
  const start = median(heads.map(({ first }) => first?.value ?? null));
  const compared = [
    ...(unrelated === null ? [] : [`null ${fixed(unrelated, 2)}`]),
    ...(start === null ? [] : [`was ${fixed(start, 2)}`]),
  ].join(", ");
  return [
    `Attention heads: <b class="rga">RGA</b> holds in ${holding} of ${grouped(heads.length)}; median ${fixed(now!, 2)}${compared ? ` (${compared})` : ""}.`,
  ];
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

/** chosen: most relations listed one by one; beyond that, the number of each verdict is given. */
const mostToldWeak = 6;

/** Relations that do not hold: listed one by one if few, else counted by verdict. Cells and table show each. */
function exceptionSentence(defined: readonly Finding[]): string[] {
  const weak = defined.filter((finding) => !holds(finding));
  if (weak.length === 0) return [];
  if (weak.length <= mostToldWeak) return [`Not holding: ${weak.map(weakRelation).join("; ")}.`];
  const where =
    new Set(defined.map(({ layer }) => layer.name)).size > manyLayers ? [weakByRelation(defined, weak)] : [];
  const verdicts = [...new Set(weak.map(({ verdict }) => verdict))];
  const counts = verdicts
    .map((verdict) => ({ verdict, count: weak.filter((one) => one.verdict === verdict).length }))
    .toSorted((x, y) => y.count - x.count);
  const words = counts.map(({ verdict, count }) => `${escapeText(verdictShort[verdict])}: ${grouped(count)}`);
  return [
    `Of the ${grouped(weak.length)} that do not hold (${words.join("; ")}) each is a cell <a href="#finding">above</a> and listed <a href="#alignments">in numbers</a> below.`,
    ...where,
  ];
}

/** Many layers: how often each relation does not hold; the figure by depth shows where. */
function weakByRelation(defined: readonly Finding[], weak: readonly Finding[]): string {
  const parts = sides.flatMap((side) => {
    const counts = relations.flatMap((relation) => {
      const own = (all: readonly Finding[]) =>
        all.filter((finding) => finding.side === side && finding.relation === relation).length;
      return own(weak) > 0
        ? [`<b class="${relation}">${relation.toUpperCase()}</b> in ${own(weak)} of ${own(defined)}`]
        : [];
    });
    return counts.length > 0 ? [`${sideWord[side]} ${counts.join(", ")}`] : [];
  });
  return `Not holding: ${parts.join("; ")} layers. The figure by depth shows where.`;
}

function weakRelation({ layer, side, relation, last, first, verdict }: Finding): string {
  const start = first?.value ?? null;
  const reason = verdictShort[verdict];
  const compared = start === null ? "" : `, was ${fixed(start, 2)}`;
  return `${code(layer.name)} ${sideWord[side]} ${relation.toUpperCase()} ${fixed(last.value!)} (${reason}${compared})`;
}

function undefinedSentence(all: readonly Finding[]): string[] {
  const missing = all.filter((finding) => finding.last.value === null);
  if (missing.length === 0) return [];
  const reasons = [...new Set(missing.map((finding) => escapeText(statusWords(finding.last.status))))];
  return [
    `${counted(missing.length, "alignment")} ${missing.length === 1 ? "has" : "have"} no value: ${listed(reasons)}.`,
  ];
}

/** The same rule applied to the other two conventions. */
function otherConventions(snapshots: readonly Snapshot[]): string[] {
  return (["covariance", "raw"] as const).flatMap((convention) => {
    const all = findings(snapshots, convention);
    if (!all.some(({ last }) => last.value !== null)) return [];
    return [`${escapeText(countSentence(all))} (${escapeText(conventionMeaning[convention])}).`];
  });
}
