/**
 * @file The report of a run or of one measurement: one self-contained HTML file. The same data give the same bytes.
 * Everything that comes from the data is escaped. A content security policy allows the page's own script only, and no
 * loading.
 */

import { escapeText } from "../figures/escape.ts";
import { grouped } from "../findings/numbers.ts";
import { byStep } from "../findings/relationFindings.ts";
import { isMap } from "../moments/moments.ts";
import { alignmentCsv, renderAlignmentTable, renderOutputTable } from "./alignmentTable.ts";
import { citedEquations, equationAnchor, linkEquations, renderEquations } from "./citations.ts";
import { renderClaims } from "./claimsList.ts";
import { renderCollapse } from "./collapseTable.ts";
import { type PageSection, renderContents } from "./contents.ts";
import { type FigureSection, fileName, type NamedFigure, packedCsv, renderFigure } from "./figureBlock.ts";
import { figureSections } from "./figureSections.ts";
import { firstFigure, renderFirstScreen } from "./firstScreen.ts";
import { folded } from "./foldedTable.ts";
import { explainedEquations, renderGlossary } from "./glossary.ts";
import { renderFacts, renderHeader, renderParameters } from "./header.ts";
import { headSections, renderHeads } from "./headSections.ts";
import { renderLaws } from "./lawsTable.ts";
import { layerBlocks } from "./layerFigures.ts";
import { numberedKinds, renderLayers } from "./layerSection.ts";
import { renderNotes, renderReproduce, renderSkipped } from "./pageEnd.ts";
import { pageScript } from "./pageScript.ts";
import { pageStyle } from "./pageStyle.ts";
import { followsAlone, isAnalysis, layersInWords, type ReportData, trained } from "./reportData.ts";
import { scriptHash } from "./scriptHash.ts";
import { renderSummary } from "./summary.ts";
import { renderSymmetry, symmetrySections } from "./symmetrySection.ts";
import { twopointFigures } from "./twopointFigures.ts";
import { renderTwopoint } from "./twopointSection.ts";

export type { AnalysisInfo, AnalysisReport, ReportData, RunReport } from "./reportData.ts";

/**
 * Renders the report of a run (`info`, `metrics`) or of one measurement (`analysis`).
 *
 * @param data.info what was run; data.metrics the rows of metrics.jsonl
 * @param data.analysis what was measured, where nothing was trained
 * @param data.config every parameter or option; data.notes sources and chosen values
 * @param data.snapshots all measurements, in any order
 * @param data.moments the last moments kept; without them the page says that matrices and entries are missing
 * @returns a whole HTML document
 *
 * Where data are missing (no metrics, at most one snapshot, statuses instead of values), a sentence replaces the
 * figure.
 */
export function renderReport(data: ReportData): string {
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src '${scriptHash}'; base-uri 'none'; form-action 'none'`;
  const [title, id] = isAnalysis(data)
    ? [data.analysis.title, data.analysis.title]
    : [data.series?.title ?? `${data.info.setting}, seed ${data.info.seed}`, data.info.id];
  const sections = withEquations(pageSections(data), data).filter(({ html }) => html !== "");
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">`,
    `<title>${escapeText(title)} · crh-lab</title><style>${pageStyle}</style></head><body data-run="${fileName(id)}">`,
    renderContents(sections),
    renderHeader(data),
    `<main>${sections.map(({ html }) => html).join("\n")}</main>`,
    `<script>${pageScript}</script></body></html>`,
  ].join("\n");
}

/** The sections with their citations as links, and after the glossary the cited equations that it does not show. */
function withEquations(sections: readonly PageSection[], data: ReportData): PageSection[] {
  const explained = explainedEquations(sections.some(({ id }) => id === "glossary") ? data : undefined);
  const numbers = citedEquations(sections.map(({ html }) => html).join("\n")).filter(
    (number) => !explained.has(number),
  );
  const anchorOf = (number: number) =>
    explained.get(number) ?? (numbers.includes(number) ? equationAnchor(number) : undefined);
  const linked = [...sections];
  const before = sections.findIndex(({ id }) => id === "parameters");
  linked.splice(before, 0, { id: "equations", title: "Equations", html: renderEquations(numbers) });
  return linked.map((one) => ({ ...one, html: linkEquations(one.html, anchorOf) }));
}

/** The sections in order, from the finding to how it was obtained. */
function pageSections(data: ReportData): PageSection[] {
  const followed = twopointFigures(data);
  const pairs = symmetrySections(data);
  const heads = headSections(data);
  const sections = [...followed, ...figureSections(data), ...heads, ...pairs];
  const figures = sections.map((one, index) => renderFigure(one, index + 1));
  const [ofNetwork, ofHeads, ofPairs] = [
    figures.slice(followed.length, figures.length - pairs.length - heads.length),
    figures.slice(figures.length - pairs.length - heads.length, figures.length - pairs.length),
    figures.slice(figures.length - pairs.length),
  ];
  const measured = !followsAlone(data);
  const about = isAnalysis(data) ? "This measurement" : data.series ? "These measurements" : "This run";
  const parts: (PageSection | false)[] = [
    { id: "twopoint", title: "Two points", html: renderTwopoint(data, figures.slice(0, followed.length)) },
    { id: "finding", title: "Finding", html: measured ? renderFirstScreen(data) : "" },
    section("summary", "Summary", renderSummary(data)),
    { id: "claims", title: "Claims", html: renderClaims(data) },
    section("figures", "The whole network", ofNetwork.join("\n"), "Network"),
    { id: "heads", title: "Heads", html: renderHeads(data, ofHeads) },
    { id: "symmetry", title: "Symmetry", html: renderSymmetry(data, ofPairs) },
    measured && section("layers", "Layer by layer", renderLayers(data, sections.length + 1), "Layers"),
    measured && section("alignments", "Alignments in numbers", renderTables(data), "Numbers"),
    { id: "laws", title: "Laws", html: renderLaws(data) },
    { id: "collapse", title: "Collapse", html: renderCollapse(data) },
    measured && section("glossary", "Glossary", renderGlossary(data)),
    section(
      "parameters",
      about,
      `${renderFacts(data)}<h3>${trained(data) ? "Parameters" : "Options"}</h3>${renderParameters(data)}${renderNotes(data)}${renderSkipped(data)}`,
    ),
    section("reproduce", "Reproduce", renderReproduce(data)),
  ];
  return parts.filter((part) => part !== false);
}

/** All numbered figures: those of followed points first, those of symmetric pairs last. */
function allSections(data: ReportData): FigureSection[] {
  return [...twopointFigures(data), ...figureSections(data), ...headSections(data), ...symmetrySections(data)];
}

function section(id: string, heading: string, html: string, title = heading): PageSection {
  return { id, title, html: `<section id="${id}"><h2>${heading}</h2>${html}</section>` };
}

/**
 * All figures of the page and of every layer by file name: "08-laws-4-layers.4"; the figure of the first screen is 00.
 */
export function reportFigures(data: ReportData): NamedFigure[] {
  const sections = allSections(data);
  const numbered = (one: NamedFigure, number: number) => ({
    ...one,
    name: `${String(number).padStart(2, "0")}-${fileName(one.name)}`,
  });
  const ofNetwork = sections.flatMap(({ shown, more = [] }, index) =>
    [...(shown ? [shown] : []), ...more].map((one) => numbered(one, index + 1)),
  );
  const blocks = layerBlocks(data);
  const kinds = numberedKinds(blocks, sections.length + 1);
  const ofLayers = blocks.flatMap(({ course, details }) =>
    [...(course ? [course] : []), ...details()].map((one) => numbered(one, kinds.get(one.kind)!)),
  );
  return [...firstFigure(data).map((one) => numbered(one, 0)), ...ofNetwork, ...ofLayers];
}

function renderTables(data: ReportData): string {
  const [paper, outputs] = [renderAlignmentTable(data, "paper"), renderOutputTable(data, "raw")];
  if (paper === "" && outputs === "") return `<p class="missing">No layer was measured, so there is no table.</p>`;
  const raw = renderAlignmentTable(data, "raw");
  const last = byStep(data.snapshots).at(-1)!;
  const key =
    `<p class="key"><span><span class="bar"><i class="fill" style="width:70%"></i></span>alignment ± standard error, from 0 to 1; bold where it <a href="#term-holds">holds</a></span>` +
    `<span><span class="bar"><i class="null" style="left:50%"></i></span>null</span>${startKey(data)}</p>`;
  const at = isAnalysis(data) ? layersInWords(last.layers) : `At step ${grouped(last.step)}`;
  const table = (rows: string, kind: "maps" | "others", atOnce: number | undefined) => {
    const layers = last.layers.filter((layer) => isMap(layer) === (kind === "maps"));
    return rows === ""
      ? ""
      : folded(layers, `<div class="wide">${rows}</div>`, atOnce === undefined ? {} : { atOnce, printed: false });
  };
  const several = (title: string, note: string, maps: string, others: string, atOnce?: number) =>
    maps + others === ""
      ? ""
      : `<h3>${title}</h3><p class="soft note">${note}${others === "" ? "" : ` ${outputNote}`}</p>${table(maps, "maps", atOnce)}${table(others, "others", atOnce)}`;
  return (
    `<div data-name="table" data-columns="1"><div class="head"><p class="soft" style="margin:0">${at}.</p><div class="tools"><button type="button" data-save="csv" hidden>CSV</button></div></div>${key}` +
    several(
      "As in the paper: rows normalised and centred",
      isAnalysis(data) && !data.initial ? sharedNote : startNote,
      paper,
      "",
    ) +
    several(
      "Covariances: centred, not normalised",
      covarianceNote,
      renderAlignmentTable(data, "covariance"),
      renderOutputTable(data, "covariance"),
      0,
    ) +
    several("Plain second moments (raw)", rawNote, raw, outputs, 0) +
    `${packedCsv(alignmentCsv(data))}</div>`
  );
}

/** What the ring on a bar means, where there are rings. */
function startKey(data: ReportData): string {
  if (isAnalysis(data) && !data.initial) return "";
  const steps = byStep(data.snapshots).map((snapshot) => snapshot.step);
  const start = isAnalysis(data)
    ? `start: ${escapeText(data.analysis.initial ?? "before training")}`
    : steps.length > 1
      ? `start: at step ${grouped(steps[0]!)}`
      : "there is no earlier measurement to compare with";
  return `<span><span class="bar"><i class="start" style="left:50%"></i></span>${start}</span>`;
}

const startNote =
  "The null of forward RWA and backward GWA accounts for W in both matrices (Eq. 84); the null of the others takes the two matrices as unrelated (Eq. 13). The cosine of each pair is in the CSV.";
const sharedNote = `${startNote} Values before training are unknown.`;
const covarianceNote =
  "The laws of the table of phases are exact for covariances with any bias, since cov(h<sub>b</sub>) = W cov(h<sub>a</sub>) Wᵀ (Eq. 83). Exponents and phases are computed from them.";
const outputNote = "Heads and blocks have no weights of their own, so they have RGA only.";
const rawNote =
  "Without centring, the mean direction can dominate a matrix, and the null is too low for unrelated matrices; compare the cosine.";
