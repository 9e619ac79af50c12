/**
 * @file The first screen: the finding in one sentence, every relation of every layer at a glance, and the course of the
 * hidden representations. The rest of the page gives the details.
 */
import { alignmentSummary } from "../figures/alignmentSummary.ts";
import { escapeText, shorten } from "../figures/escape.ts";
import { counted, grouped, listed } from "../findings/numbers.ts";
import { byStep, type Finding, findings, holds } from "../findings/relationFindings.ts";
import { deadSentence } from "../findings/sentences.ts";
import { isMap } from "../moments/moments.ts";
import { type NamedFigure, renderPicture } from "./figureBlock.ts";
import { fewLayers, isBare, renderMapStrips, renderOtherStrips } from "./relationStrip.ts";
import { isAnalysis, type ReportData, withStart } from "./reportData.ts";

/** chosen: most layers named in the sentence. */
const maxNamed = 3;

/** The section as escaped HTML. */
export function renderFirstScreen(data: ReportData): string {
  const found = findings(withStart(data), "paper");
  const sentence = `<p class="finding">${findingSentence(data, found)}</p>`;
  if (found.length === 0)
    return `<section id="finding">${sentence}${isAnalysis(data) ? "" : `<p class="missing">${fewSnapshots(data)}</p>`}</section>`;
  const [figure] = firstFigure(data);
  const course = figure
    ? `<figure class="course" id="course">${renderPicture(figure, "<h2>Hidden layers over training</h2>")}<figcaption>Median and range over the hidden representations: inputs of maps 1 to D, outputs of maps 0 to D − 1. Dashed: chance.</figcaption></figure>`
    : isAnalysis(data)
      ? ""
      : `<p class="missing">${fewSnapshots(data)}</p>`;
  const maps = new Set(found.filter(({ layer }) => isMap(layer)).map(({ layer }) => layer)).size;
  const layout = figure !== undefined && maps <= fewLayers ? "beside" : "stacked";
  return (
    `<section id="finding">${sentence}<div class="overview ${layout}">` +
    `<div class="now"><h2>Every relation of every layer${stepWords(data)}</h2>${renderMapStrips(found)}${stripKey(found, isBare(maps))}</div>${course}${renderOtherStrips(found)}</div></section>`
  );
}

/** The course of the hidden layers over training, if there is one. */
export function firstFigure(data: ReportData): NamedFigure[] {
  const figure = isAnalysis(data) ? undefined : alignmentSummary(data.snapshots);
  return figure ? [{ name: "hidden-layers", figure }] : [];
}

/** Why the course over training is missing. */
function fewSnapshots({ snapshots }: ReportData): string {
  const steps = new Set(snapshots.map(({ step }) => step));
  if (steps.size === 0) return "The run holds no measurement yet.";
  if (steps.size === 1)
    return `There is one measurement, at step ${grouped([...steps][0]!)}, so there is no course over time and no start to compare with.`;
  return "There is no hidden layer with an alignment at two steps.";
}

function stepWords(data: ReportData): string {
  const last = byStep(data.snapshots).at(-1);
  return isAnalysis(data) || !last ? "" : `, step ${grouped(last.step)}`;
}

/** How many relations hold, in which layers all of them do, and whether they formed in training; HTML. */
export function findingSentence(data: ReportData, found: readonly Finding[]): string {
  const dead = deadSentence([...new Set(found.map(({ layer }) => layer))]);
  const defined = found.filter(({ last, verdict }) => last.value !== null && verdict !== "dead");
  if (defined.length === 0) return dead ? `<b>${escapeText(dead)}</b>` : "No relation could be measured.";
  const holding = defined.filter(holds);
  const after = isAnalysis(data) ? "" : ` after ${counted(byStep(data.snapshots).at(-1)!.step, "step")}`;
  const count =
    holding.length === 0
      ? `None of ${counted(defined.length, "relation")} holds${after}`
      : `${grouped(holding.length)} of ${counted(defined.length, "relation")} ${holding.length === 1 ? "holds" : "hold"}${after}`;
  return `<b>${count}</b>${fullWords(defined)}${besidesWords(defined)}.${dead ? ` ${escapeText(dead)}` : ""}`;
}

/** The layers in which all six hold. */
function fullWords(defined: readonly Finding[]): string {
  const maps = [...new Set(defined.filter(({ layer }) => isMap(layer)).map(({ layer }) => layer.name))];
  const full = maps.filter((name) => defined.filter((one) => one.layer.name === name && holds(one)).length === 6);
  if (maps.length === 0) return "";
  if (full.length === 0) return ", all six in no layer";
  if (full.length === maps.length && maps.length > 1) return ", all six in every layer";
  if (full.length > maxNamed) return `, all six in ${full.length} of ${counted(maps.length, "layer")}`;
  return `, all six in ${listed(full.map((name) => `<code>${escapeText(shorten(name, 40))}</code>`))}`;
}

/**
 * Relations that are strong and do not count, because they were as strong before training or are so by chance; and
 * relations that were lost.
 */
function besidesWords(defined: readonly Finding[]): string {
  const count = (...wanted: Finding["verdict"][]) => defined.filter(({ verdict }) => wanted.includes(verdict)).length;
  const [before, byChance, lost] = [count("kept", "weakened"), count("by-chance"), count("lost")];
  const parts = [
    ...(before > 0 ? [`${grouped(before)} as strong before training`] : []),
    ...(byChance > 0 ? [`${grouped(byChance)} that chance alone would give`] : []),
    ...(lost > 0 ? [`${grouped(lost)} lost in training`] : []),
  ];
  return parts.length > 0 ? `; besides, ${listed(parts)}` : "";
}

/** The key to a cell, with an example cell. */
export function stripKey(found: readonly Finding[], bare: boolean): string {
  const rule = `<a href="#term-holds">holds</a> by the paper’s convention`;
  return (
    `<p class="key"><span><span class="swatch" aria-hidden="true"><i style="--v:10"></i><i style="--v:40"></i><i style="--v:70"></i><i style="--v:100"></i></span>alignment from 0 to 1</span>` +
    (bare
      ? `<span><span class="bare"><span class="cell holds rga sample" style="--v:80" aria-hidden="true">&nbsp;</span></span>dot: ${rule}</span></p>`
      : `<span><span class="cell holds rga sample" style="--v:80" aria-hidden="true">✓</span>framed: ${rule}</span>${scaleKey(found)}</p>`)
  );
}

function scaleKey(found: readonly Finding[]): string {
  const start = found.some(({ first }) => first?.value != null);
  return (
    `<span><span class="scale sample" aria-hidden="true"><i class="null" style="left:50%"></i></span><a href="#term-null">chance</a></span>` +
    `${start ? `<span><span class="scale sample" aria-hidden="true"><i class="start" style="left:50%"></i></span><a href="#term-start">start</a></span>` : ""}`
  );
}
