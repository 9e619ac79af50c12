/**
 * @file Table of the six alignments of every layer in one convention: value with standard error, null and start.
 */

import { sides } from "../figures/alignmentSeries.ts";
import { toCsv } from "../figures/csv.ts";
import { escapeText, shorten } from "../figures/escape.ts";
import { relationFormula, relations } from "../figures/palette.ts";
import { fixed, grouped } from "../findings/numbers.ts";
import { type Finding, findings, holds } from "../findings/relationFindings.ts";
import { errorText, relationSentence } from "../findings/sentences.ts";
import { statusWords } from "../findings/statusWords.ts";
import { layerNames } from "../measure/network/layerNames.ts";
import type { Convention, LayerSnapshot } from "../measure/snapshot.ts";
import { conventions, isMap } from "../moments/moments.ts";
import { layerAnchor } from "./layerAnchor.ts";
import { isAnalysis, type ReportData, withStart } from "./reportData.ts";

/**
 * chosen: with more layers, only the table of the paper's convention has bars and sentences; they take three quarters
 * of the bytes.
 */
const mostWithBars = 48;

/** The table as escaped HTML, "" where no layer was measured. */
export function renderAlignmentTable(data: ReportData, convention: Convention): string {
  const all = findings(withStart(data), convention);
  if (all.length === 0) return "";
  const layers = [...new Set(all.map(({ layer }) => layer))].filter(isMap);
  if (layers.length === 0) return "";
  const groups = `<tr><th rowspan="2" scope="col">layer</th><th colspan="3" scope="colgroup">backward (a)</th><th colspan="3" scope="colgroup">forward (b)</th></tr>`;
  const columns = sides
    .flatMap(() => relations)
    .map(
      (relation) =>
        `<th scope="col" class="${relation}">${relation.toUpperCase()} <span>${relationFormula[relation]}</span></th>`,
    )
    .join("");
  const body = layers
    .map((layer) =>
      row(
        layer,
        all.filter((finding) => finding.layer === layer),
        convention === "paper" || layers.length <= mostWithBars,
      ),
    )
    .join("");
  return `<table class="alignments"><thead>${groups}<tr>${columns}</tr></thead><tbody>${body}</tbody></table>`;
}

/**
 * Table of attention heads and blocks, which have only the RGA of their output, one row each; "" where there are none.
 */
export function renderOutputTable(data: ReportData, convention: Convention): string {
  const all = findings(withStart(data), convention).filter(({ layer }) => !isMap(layer));
  if (all.length === 0) return "";
  const names = layerNames(data.snapshots.flatMap(({ layers }) => layers));
  const compared = all.some(({ layer }) => layer.baselines?.otherHeads[convention] != null);
  const body = all.map((finding) => {
    const { name, dOut, kind } = finding.layer;
    const others = finding.layer.baselines?.otherHeads[convention]?.median ?? null;
    return (
      `<tr><th scope="row"><a href="#${layerAnchor(name)}" title="${escapeText(name)}">${escapeText(shorten(names.get(name) ?? name, 40))}</a><small>${kind}, ${dOut}</small></th>${cell("forward", "rga", finding)}` +
      `${compared ? `<td data-label="with other heads" class="none">${others === null ? "–" : fixed(others, 2)}</td>` : ""}</tr>`
    );
  });
  const head = `<tr><th scope="col">output of</th><th scope="col" class="rga">RGA <span>${relationFormula.rga}</span></th>${compared ? `<th scope="col">H with H of the other heads</th>` : ""}</tr>`;
  return `<table class="alignments outputs"><thead>${head}</thead><tbody>${body.join("")}</tbody></table>`;
}

function row(layer: LayerSnapshot, own: readonly Finding[], withBars: boolean): string {
  const shape = `${layer.kind}, ${layer.dIn} → ${layer.dOut}`;
  const dropped = droppedWords(layer);
  const name = `<th scope="row"><code title="${escapeText(layer.name)}">${escapeText(shorten(layer.name, 40))}</code><small>${escapeText(shape)}, n = ${grouped(layer.samples)}${dropped}</small></th>`;
  const cells = sides.flatMap((side) =>
    relations.map((relation) =>
      cell(
        side === "a" ? "backward" : "forward",
        relation,
        own.find((finding) => finding.side === side && finding.relation === relation),
        withBars,
      ),
    ),
  );
  return `<tr>${name}${cells.join("")}</tr>`;
}

/** The paper's convention leaves out rows of norm zero; the reader is told how many there were. */
function droppedWords({ droppedRows, droppedActivationRows }: LayerSnapshot): string {
  const [g, h] = [Math.max(droppedRows.a, droppedRows.b), Math.max(droppedActivationRows.a, droppedActivationRows.b)];
  return `${g > 0 ? `, ${grouped(g)} zero gradients` : ""}${h > 0 ? `, ${grouped(h)} zero activations` : ""}`;
}

function cell(side: string, relation: string, finding: Finding | undefined, withBars = true): string {
  const label = `data-label="${side} ${relation.toUpperCase()}"`;
  if (!finding) return `<td ${label} class="none">–</td>`;
  const { last, first } = finding;
  if (last.value === null) return `<td ${label} class="none">${escapeText(statusWords(last.status))}</td>`;
  const noise = last.noise === null ? "" : `<span class="pm"> ± ${errorText(last.noise)}</span>`;
  const details = [
    ...(last.null === null ? [] : [`null ${fixed(last.null, 2)}`]),
    ...(first?.value == null ? [] : [`start ${fixed(first.value, 2)}`]),
  ];
  const title = withBars ? ` title="${escapeText(relationSentence(finding))}"` : "";
  const bar = `<span class="bar">${mark("fill", last.value)}${mark("null", last.null)}${mark("start", first?.value ?? null)}</span>`;
  return (
    `<td ${label} class="${relation}${holds(finding) ? " holds" : ""}"${title}><span class="value">${fixed(last.value)}</span>${noise}` +
    `${withBars ? bar : ""}<small>${details.join(" · ")}</small></td>`
  );
}

/** One mark of the small bar, at a position from 0 to 1. */
function mark(kind: "fill" | "null" | "start", value: number | null): string {
  if (value === null) return "";
  const place = `${fixed(Math.max(0, Math.min(1, value)) * 100, 1)}%`;
  return `<i class="${kind}" style="${kind === "fill" ? "width" : "left"}:${place}"></i>`;
}

/** The same numbers as CSV, in all conventions, with cosine and number of samples. */
export function alignmentCsv(data: ReportData): string {
  const once = isAnalysis(data) && !data.initial;
  const header = [
    "layer",
    "side",
    "relation",
    "convention",
    "alignment",
    "noise",
    "corrected",
    "null",
    "cosine",
    "samples",
    ...(once ? [] : ["initial"]),
    "verdict",
    "status",
  ];
  const rows = conventions.flatMap((convention) =>
    findings(withStart(data), convention).map(({ layer, side, relation, last, first, verdict }) => [
      layer.name,
      side,
      relation,
      convention,
      last.value,
      last.noise,
      last.corrected,
      last.null,
      last.cosine,
      last.n,
      ...(once ? [] : [first?.value]),
      verdict,
      last.status,
    ]),
  );
  return toCsv(header, rows);
}
