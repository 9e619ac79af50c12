/**
 * @file The page's section on followed points: the finding in one sentence, the course of the points compared with the
 * theory, a summary in words, the other figures, a table of every layer's fit and the meaning of its statuses.
 */
import { escapeText, shorten } from "../figures/escape.ts";
import { brief, counted } from "../findings/numbers.ts";
import {
  driftSentence,
  headline,
  headlineLayer,
  layersSentence,
  leftOutSentence,
  lossSentence,
  percent,
  ratesSentence,
  richnessSentence,
  share,
  statusMeaning,
} from "../findings/twopoint/sentences.ts";
import type { FollowedLayer, FollowedRun } from "../findings/twopoint/twopointRecord.ts";
import type { FittedRate } from "../twopoint/fittedRates.ts";
import { followedOf, type ReportData } from "./reportData.ts";
import { pairWords } from "./twopointFigures.ts";
import { withIndices } from "./withIndices.ts";

/** The section as HTML; "" for a run that follows no points. @param figures HTML, the course first */
export function renderTwopoint(data: ReportData, figures: readonly string[]): string {
  const run = followedOf(data);
  if (run === undefined) return "";
  const { claim, details } = headline(run.fits);
  const [course = "", ...others] = figures;
  return (
    `<section id="twopoint"><h2>The two-point theory</h2>` +
    `<p class="finding"><b>${escapeText(claim)}</b>. ${escapeText(details)}</p>${course}` +
    `<h3>In words</h3><ul class="summary">${sentences(run)
      .map((text) => `<li>${withIndices(text)}</li>`)
      .join("")}</ul>` +
    `${others.join("\n")}${table(run)}</section>`
  );
}

function sentences({ fits }: FollowedRun): string[] {
  const fit = headlineLayer(fits);
  const ofLayer =
    fit === undefined ? [] : [ratesSentence(fit), richnessSentence(fit), driftSentence(fit), lossSentence(fit)];
  const doubt = fit?.doubt == null ? [] : [`Hidden layer ${fit.layer}: ${fit.doubt}`];
  return [...ofLayer, ...doubt, layersSentence(fits), leftOutSentence(fits), theory].filter((text) => text !== "");
}

const theory =
  "The theory treats encoder and decoder of a hidden layer as arbitrary linear maps around the pair of points. Two rates remain: η_h of the layers below it, η_y of the layers above it (Eq. 93).";

const columns = [
  "layer",
  "η<sub>h</sub> per step",
  "η<sub>y</sub> per step",
  "R² H",
  "R² Y",
  "R² w",
  "H at the end",
  "by the theory",
  "C moves by",
  "regime",
  "status",
];

/** chosen: tables of more layers are folded. */
const mostRows = 12;

function table(run: FollowedRun): string {
  const { pair, layers } = run.fits;
  if (pair === null || layers.length === 0) return "";
  const head = columns.map((title) => `<th scope="col">${title}</th>`).join("");
  const html = `<div class="wide"><table class="alignments compact"><thead><tr>${head}</tr></thead><tbody>${layers.map(row).join("")}</tbody></table></div>`;
  const shown =
    layers.length > mostRows
      ? `<details class="table"><summary>Table of ${counted(layers.length, "hidden layer")}</summary>${html}</details>`
      : html;
  const statuses = [...new Set(layers.map(({ status }) => status))];
  const meanings = statuses
    .map((status) => `<b>${escapeText(status)}</b>: ${escapeText(statusMeaning[status] ?? status)}`)
    .join("; ");
  return (
    `<h3>Every hidden layer</h3><p class="soft note">${escapeText(pairWords(run, pair))}. Below each rate: its joint 95 % interval.</p>` +
    `${shown}<p class="soft note">${meanings}.</p>`
  );
}

function row(fit: FollowedLayer): string {
  const { layer, etaH, etaY, r2, finalDistance, conservedDrift, regime, status, doubt } = fit;
  const cell = (title: string, value: string, below = "") =>
    `<td data-label="${title}"${value === "–" ? ' class="none"' : ""}><span class="value">${escapeText(value)}</span>${below}</td>`;
  const rate = (title: string, found: FittedRate) =>
    cell(
      title,
      number(found.value),
      found.interval === null ? "" : `<small>${number(found.interval[0])} to ${number(found.interval[1])}</small>`,
    );
  const hint = doubt === null ? "" : ` title="${escapeText(doubt)}"`;
  return (
    `<tr${hint}><th scope="row"><code>${escapeText(shorten(String(layer), 40))}</code></th>` +
    rate("η_h per step", etaH) +
    rate("η_y per step", etaY) +
    cell("R² H", share(r2.dh2)) +
    cell("R² Y", share(r2.dy2)) +
    cell("R² w", share(r2.w)) +
    cell("H at the end", number(finalDistance.measured)) +
    cell("by the theory", number(finalDistance.predicted)) +
    cell("C moves by", conservedDrift === null ? "–" : percent(conservedDrift)) +
    cell("regime", regime ?? "–") +
    cell("status", status) +
    "</tr>"
  );
}

function number(value: number | null): string {
  return value === null ? "–" : brief(value);
}
