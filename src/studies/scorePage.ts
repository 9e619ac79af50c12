/**
 * @file The page of a study: one HTML file with title, statement, figures, score card and runs. It has no script, and
 * its content security policy lets it load nothing. The files of its figures lie beside it.
 */
import { escapeText } from "../figures/escape.ts";
import { duration } from "../findings/numbers.ts";
import { pageStyle } from "../report/pageStyle.ts";
import { countWords, type ScoredRun, type ScoreRecord } from "./scoreRecord.ts";
import type { ScoreRow, StudyFigure } from "./study.ts";
import { verdictClasses } from "./verdictClasses.ts";

const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/** One column of text; panels keep their own size. */
const OWN_STYLE = `
body{display:block}
.panels svg{width:auto}
.panels:not(.one):not(.two):not(.three){grid-template-columns:repeat(auto-fit,minmax(0,max-content))}
.panels.two{grid-template-columns:repeat(2,minmax(0,max-content))}`;
/** A run with the time that it took, if known. */
export interface TimedRun extends ScoredRun {
  readonly durationMs?: number | undefined;
}

export function scorePage(record: ScoreRecord, figures: readonly StudyFigure[], runs: readonly TimedRun[]): string {
  const { title, study, source, statement, claims, notes, size } = record;
  const list = notes.map((text) => `<li>${escapeText(text)}</li>`).join("");
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8">`,
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    `<meta name="viewport" content="width=device-width,initial-scale=1">`,
    `<meta name="color-scheme" content="light dark">`,
    `<title>${escapeText(title)} · crh-lab</title><style>${pageStyle}${OWN_STYLE}</style></head><body>`,
    `<header><p class="eyebrow">${escapeText(study)}, size ${size}</p><h1>${escapeText(title)}</h1>`,
    `<p class="finding">${countWords(claims)}.</p></header><main>`,
    section("Figures", figures.map(figureBlock).join("")),
    section("What is claimed", `<p>${escapeText(statement)}</p><p class="soft">${escapeText(source)}.</p>`),
    section("Score card", scoreTable(claims)),
    list === "" ? "" : section("Notes", `<ul>${list}</ul>`),
    section("Runs", runTable(runs)),
    section("Reproduce", `<pre>crh reproduce ${escapeText(study)} --size ${size}</pre>`),
    "</main></body></html>",
  ].join("\n");
}

function section(heading: string, html: string): string {
  return `<section><h2>${heading}</h2>${html}</section>`;
}

function table(columns: readonly string[], rows: readonly string[]): string {
  const head = columns.map((name) => `<th scope="col">${name}</th>`).join("");
  return `<table class="claims"><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function scoreTable(claims: readonly ScoreRow[]): string {
  if (claims.length === 0) return `<p class="missing">No claim could be judged.</p>`;
  const small = (text: string) => `<small>${escapeText(text)}</small>`;
  const rows = claims.map(({ figure, statement, measured, threshold, verdict, numbers, because }) => {
    const reason = because === undefined ? "" : ` ${small(because)}`;
    return (
      `<tr><th scope="row">${escapeText(figure)}</th>` +
      `<td>${escapeText(statement)} ${small(`measured: ${measured}`)}</td>` +
      `<td><span class="verdict ${verdictClasses[verdict]}">${verdict}</span>${reason}</td>` +
      `<td>${escapeText(numbers)} ${small(`wanted: ${threshold}`)}</td></tr>`
    );
  });
  return (
    `<p class="soft">Thresholds are this project's. Numbers are means over seeds, with their 95 % interval where ` +
    `there are three or more.</p>${table(["figure", "claim", "here", "from"], rows)}`
  );
}

function figureBlock({ name, caption, figure }: StudyFigure, index: number): string {
  const legend = figure.legend === undefined ? "" : `<div class="legend">${figure.legendParts.join("")}</div>`;
  const column = { 1: " one", 2: " two", 3: " three" }[figure.columns] ?? "";
  const links = ["svg", "csv"].map((kind) => `<a href="${name}.${kind}">${name}.${kind}</a>`).join(" · ");
  return (
    `<figure><h3>Figure ${index + 1}</h3>${legend}<div class="panels${column}">${figure.panels.join("")}</div>` +
    `<figcaption><p>${escapeText(caption)}</p><p>${links}</p></figcaption></figure>`
  );
}

function runTable(runs: readonly TimedRun[]): string {
  if (runs.length === 0) return `<p class="soft">None: everything was computed for this page.</p>`;
  const code = (text: string) => `<code>${escapeText(text)}</code>`;
  const rows = runs.map(({ label, id, captured, failure, command, durationMs }) => {
    const by = captured === undefined ? "" : ` captured in ${escapeText(captured)}`;
    const folder = id === null ? escapeText(failure ?? "not done") : `${code(id)}${by}`;
    const time = durationMs === undefined ? "" : duration(durationMs);
    const cells = [folder, time, code(command)].map((cell) => `<td>${cell}</td>`);
    return `<tr><th scope="row">${escapeText(label)}</th>${cells.join("")}</tr>`;
  });
  const total = duration(runs.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0));
  const count = `${runs.length} ${runs.length === 1 ? "run" : "runs"}`;
  return (
    `<p class="soft">${count}, ${total} of training and measuring together.</p>` +
    `<div class="wide">${table(["run", "folder", "time", "command"], rows)}</div>`
  );
}
